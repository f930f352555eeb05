import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// When a command starts, and what its end brings about.
struct RunStepTests {
    static let upgrade = RunStep(name: "upgrade", command: ["/upgrade"], isDisruptive: true)

    /// Before a disruptive command: evidence, identity, quorum, in this order; what is missing when it is late.
    static let starts = Row.table(
        """
        sees                                    move
        -                                       start upgrade
        late                                    start upgrade
        waits                                   wait: clearance for upgrade
        waits late                              wait: clearance for upgrade
        old                                     wait: evidence for upgrade
        left=3                                  wait: evidence for upgrade
        mode=session                            wait: evidence for upgrade
        mode=-                                  wait: evidence for upgrade
        mode=initial                            wait: evidence for upgrade
        old late                                fail: upgrade: live sessions were there until the last moment
        old drops                               start upgrade
        refilled drops                          start upgrade
        mode=session drops                      wait: evidence for upgrade
        refilled                                drain again
        refilled late                           drain again
        refilled redrains=2                     drain again
        refilled redrains=3                     fail: upgrade: sessions came back 3 times
        refilled committed                      wait: evidence for upgrade
        refilled committed late                 fail: upgrade: live sessions were there until the last moment
        identity=pending                        wait: identity for upgrade
        identity=refuted                        wait: identity for upgrade
        identity=unshowable                     start upgrade
        identity=pending late                   fail: upgrade: the node was not shown in time
        quorumless                              wait: quorum for upgrade
        quorumless committed                    wait: quorum for upgrade
        quorumless late                         fail: upgrade: it would have cost the cluster its majority
        quorumless drops                        wait: quorum for upgrade
        old identity=pending quorumless         wait: evidence for upgrade
        identity=pending quorumless             wait: identity for upgrade
        """)

    @Test(arguments: starts) func `a disruptive command starts on proof only`(row: Row) throws {
        try check(row, .run(Self.upgrade))
    }

    /// One that disrupts nothing needs none of that.
    static let prefetches = Row.table(
        """
        sees                                        move
        -                                           start prefetch
        mode=- left=5 quorumless identity=pending   start prefetch
        refilled                                    start prefetch
        waits                                       wait: clearance for prefetch
        """)

    @Test(arguments: prefetches) func `a command that disrupts nothing starts at once`(row: Row) throws {
        try check(row, .run(RunStep(name: "prefetch", command: ["/prefetch"])))
    }

    static let ends = Row.table(
        """
        retries  interrupted  sees                         move
        0        fail         running attempt=1            wait: upgrade, attempt 1
        0        fail         running attempt=1 late       fail: upgrade: nothing was heard of it after its timeout
        0        fail         running attempt=1 waits      wait: upgrade, attempt 1
        0        fail         ended=0 attempt=1            done
        0        fail         ended=0 attempt=1 late       done
        0        fail         ended=1 attempt=1            fail: upgrade exited with 1
        0        fail         ended=killed attempt=1       fail: upgrade ended by signal 9
        0        fail         ended=timeout attempt=1      fail: upgrade timed out and was killed
        0        fail         ended=unstarted attempt=1    fail: upgrade could not be started: no such file
        0        fail         ended=interrupted attempt=1  fail: upgrade was interrupted
        0        fail         ended=never attempt=1        again after 0
        1        fail         ended=never attempt=2        again after 1
        1        fail         ended=1 attempt=1            again after 1
        1        fail         ended=timeout attempt=1      again after 1
        1        fail         ended=unstarted attempt=1    again after 1
        1        fail         ended=1 attempt=2            fail: upgrade exited with 1
        1        fail         ended=0 attempt=2            done
        1        fail         ended=interrupted attempt=1  fail: upgrade was interrupted
        0        rerun        ended=interrupted attempt=1  again after 1
        0        rerun        ended=interrupted attempt=2  fail: upgrade was interrupted
        1        rerun        ended=interrupted attempt=2  again after 2
        1        rerun        ended=1 attempt=2            fail: upgrade exited with 1
        0        rerun        ended=1 attempt=1            fail: upgrade exited with 1
        """)

    @Test(arguments: ends) func `retries, and what nobody knows the end of`(row: Row) throws {
        var step = Self.upgrade
        step.retries = try #require(try row.number("retries"))
        step.onInterrupted = try #require(RunStep.OnInterrupted(rawValue: try row.text("interrupted")))
        try check(row, .run(step))
    }

    /// Whether the program ran, and so may have disrupted something.
    static let outcomes = Row.table(
        """
        outcome      ran  good
        0            yes  yes
        1            yes  no
        killed       yes  no
        timeout      yes  no
        interrupted  yes  no
        unstarted    no   no
        never        no   no
        """)

    @Test(arguments: outcomes) func `a command that could not be started has disrupted nothing`(row: Row) throws {
        let outcome = try #require(CommandOutcome(word: try row.text("outcome")))
        #expect(outcome.hasRun == (try row.flag("ran")))
        #expect(outcome.isSuccess == (try row.flag("good")))
    }

    @Test func `the longest course is the timeout of every attempt`() {
        var step = Self.upgrade
        #expect(Step.run(step).longest == .minutes(15))
        step.retries = 2
        #expect(Step.run(step).longest == .minutes(45))
    }
}
