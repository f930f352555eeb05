import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The steps that wait for the node alone: what each makes of what it sees.
struct StepMoveTests {
    static let drains = Row.table(
        """
        at deadline  sees                                 move
        skip         -                                    done
        skip         left=3                               wait: drain 3 3
        skip         left=-                               wait: drain ? ?
        skip         mode=session claim=connection        wait: drain 0 0
        skip         mode=- left=-                        wait: drain ? ?
        skip         mode=connection claim=session        done
        skip         late                                 done
        skip         left=3 late                          leave out
        abort        left=3 late                          leave out, end the run
        proceed      left=3                               wait: drain 3 3
        proceed      left=3 late                          proceed
        proceed      left=3 late mode=normal              fail: its drain deadline passed before it was blocked
        terminate    left=3 late                          fail: `onDeadline: terminate` is not carried out by this version of nagi
        skip         left=3 late mode=-                   fail: could not be read when its drain deadline passed
        proceed      left=3 late mode=initial             fail: could not be read when its drain deadline passed
        abort        left=3 late mode=draining            fail: could not be read when its drain deadline passed
        """)

    @Test(arguments: drains) func `drain`(row: Row) throws {
        let onDeadline = try #require(DrainStep.OnDeadline(rawValue: try row.text("at deadline")))
        try check(row, .drain(DrainStep(onDeadline: onDeadline)))
    }

    static let blocks = Row.table(
        """
        sees               move
        -                  done
        late               done
        mode=session       wait: block
        mode=session late  fail: the block was not confirmed in time
        mode=-             wait: block
        mode=initial       wait: block
        left=4             done
        """)

    @Test(arguments: blocks) func `block`(row: Row) throws { try check(row, .block) }

    static let waits = Row.table(
        """
        for     sees         move
        20m     -            wait: time
        20m     late         done
        20m     closed       wait: time
        window  -            wait: the window's end
        window  late         wait: the window's end
        window  closed       done
        """)

    @Test(arguments: waits) func `wait`(row: Row) throws {
        try check(row, .wait(Word.duration(try row.text("for")).map(WaitStep.duration) ?? .windowEnd))
    }

    static let soaks = Row.table(
        """
        sees             move
        -                wait: service
        serves=9m59s     wait: service
        serves=10m       done
        serves=10m late  done
        serves=2m late   fail: not in service for 10m without a break
        late             fail: not in service for 10m without a break
        """)

    @Test(arguments: soaks) func `soak`(row: Row) throws { try check(row, .soak(.minutes(10))) }

    static let gate = HealthGate(name: "errors-low", probe: .command(["/check"]))
    static let others: [Step] = [
        .http(HTTPStep(request: HTTPRequest(url: "http://a.example/"))), .approval(ApprovalStep()),
        .terminate(TerminateStep(reason: "maintenance")), .gate(gate),
        .notify(NotifyStep(notification: "n", text: "t")),
    ]

    @Test(arguments: others) func `a step that this version does not carry out fails, it is never left out`(
        step: Step
    ) throws {
        let move = step.move(in: try StepContext(words: []))
        #expect(move.word == "fail: `\(step.word)` is not carried out by this version of nagi")
    }

    /// What each step claims, when it gives up, and what kind it is.
    static let kinds = Row.table(
        """
        step                     claim       gives up  takes out  disrupts  ordered  always runs
        drain 1h                 session     1h        yes        no        no       no
        drain 1h by connections  connection  1h        yes        no        no       no
        block                    connection  10m       yes        no        no       no
        run                      -           1h        no         no        no       no
        disruptive run           -           1h        no         yes       no       no
        verify                   -           10m       no         no        no       no
        restore                  -           -         no         no        no       no
        wait 20m                 -           20m       no         no        yes      no
        wait for the window      -           -         no         no        yes      no
        soak 10m                 -           30m       no         no        yes      yes
        """)

    @Test(arguments: kinds) func `what a step claims and how long it lasts`(row: Row) throws {
        let steps: [String: Step] = [
            "drain 1h": .drain(DrainStep()), "drain 1h by connections": .drain(DrainStep(mode: .blockNewConnection)),
            "block": .block, "run": .run(RunStep(name: "r", command: [])),
            "disruptive run": .run(RunStep(name: "r", command: [], isDisruptive: true)),
            "verify": .verify(VerifyStep()), "restore": .restore, "wait 20m": .wait(.duration(.minutes(20))),
            "wait for the window": .wait(.windowEnd), "soak 10m": .soak(.minutes(10)),
        ]
        let step = try #require(steps[try row.text("step")])
        #expect(step.claim == (try row.mode("claim")))
        #expect(step.deadline == (try row.duration("gives up")))
        #expect(step.takesOut == (try row.flag("takes out")))
        #expect(step.isDisruptive == (try row.flag("disrupts")))
        #expect(step.isOrderedWait == (try row.flag("ordered")))
        #expect(step.alwaysRuns == (try row.flag("always runs")))
    }

    /// By the words of the steps: the first that takes the node out of service, and the drain before each step.
    @Test func `a sequence knows its drain`() {
        let drain = DrainStep(deadline: .minutes(7))
        let sequence = StepSequence(
            name: "s",
            steps: [.run(.standard), .drain(drain), .block, .verify(.standard), .restore, .soak(.minutes(1))])
        #expect(sequence.drain(before: 0) == nil)
        for step in 1...9 { #expect(sequence.drain(before: step)?.step == drain, "\(step)") }
        #expect(!sequence.hasDisruptiveStep && !StepSequence.drainThenBlock.hasDisruptiveStep)
    }
}
