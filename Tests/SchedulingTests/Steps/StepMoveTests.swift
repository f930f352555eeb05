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
        skip         left=3 relays                        wait: drain ? 3
        skip         relays                               done
        terminate    left=3 late relays                   start terminate
        skip         mode=session claim=connection        wait: drain 0 0
        skip         mode=- left=-                        wait: drain ? ?
        skip         mode=connection claim=session        done
        skip         late                                 done
        skip         left=3 late                          leave out: not drained in time
        abort        left=3 late                          leave out, end the run: not drained in time
        proceed      left=3                               wait: drain 3 3
        proceed      left=3 late                          proceed
        proceed      left=3 late mode=normal              fail: its drain deadline passed before it was blocked
        terminate    left=3                               wait: drain 3 3
        terminate    left=3 late                          start terminate
        terminate    left=3 late waits                    wait: clearance for terminate
        terminate    left=3 running attempt=1             wait: end 3 3
        terminate    left=3 late identity=pending         fail: the node was not shown by the end of its drain
        terminate    left=3 late identity=unshowable      start terminate
        terminate    left=3 running attempt=1 late        proceed
        terminate    left=3 running attempt=1 late mode=normal  fail: it was not blocked any more when its calls were to be ended
        terminate    left=3 running attempt=1 late mode=-  fail: could not be read when its drain deadline passed
        terminate    left=3 ended=2/1 attempt=1           again after 1
        terminate    left=3 ended=never attempt=1         again after 0
        terminate    left=3 ended=interrupted attempt=1   again after 0
        terminate    left=3 ended=silence attempt=1       again after 1
        terminate    left=3 attempt=1                     wait: drain 3 3
        terminate    attempt=1                            done
        terminate    left=3 attempt=1 late                proceed
        terminate    left=3 late mode=normal              fail: its drain deadline passed before it was blocked
        skip         left=3 late mode=normal              leave out: its drain deadline passed before it was blocked
        abort        late mode=normal                     leave out, end the run: its drain deadline passed before it was blocked
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
        -                wait: no service
        serves=9m59s     wait: service
        serves=10m       done
        serves=10m late  done
        serves=2m late   fail: not in service for 10m without a break
        late             fail: not in service for 10m without a break
        """)

    @Test(arguments: soaks) func `soak`(row: Row) throws { try check(row, .soak(.minutes(10))) }

    static let terminations = Row.table(
        """
        sees                               move
        -                                  done
        left=3                             start terminate
        left=3 mode=normal                 wait: block
        left=3 mode=-                      wait: block
        left=3 mode=normal late            fail: terminate: the node was not blocked in time
        left=3 identity=pending            wait: identity for terminate
        left=3 identity=pending late       fail: terminate: the node was not shown in time
        left=3 waits                       wait: clearance for terminate
        left=3 running attempt=1           wait: terminate, attempt 1
        left=3 ended=3/0 attempt=1         done
        left=3 ended=2/1 attempt=1         again after 1
        left=3 ended=2/1 attempt=2         fail: terminate ended the connections of 2 channels, and 1 channel is live still
        left=3 ended=interrupted attempt=1  again after 1
        """)

    @Test(arguments: terminations) func `terminate`(row: Row) throws {
        try check(row, .terminate(TerminateStep(reason: "maintenance")))
    }

    static let calls = Row.table(
        """
        method  sees                           move
        POST    -                              start http POST http://a.example/
        POST    waits                          wait: clearance for http POST http://a.example/
        POST    ended=answered200 attempt=1    done
        POST    lacks=rack                     fail: http POST http://a.example/ could not be started: n has no label rack
        POST    lacks=rack waits               wait: clearance for http POST http://a.example/
        POST    running lacks=rack             wait: http POST http://a.example/, attempt 0
        POST    ended=answered503 attempt=1    fail: http POST http://a.example/ was answered 503: not wanted
        POST    ended=silence attempt=1        fail: http POST http://a.example/ had no answer: timeout
        POST    ended=interrupted attempt=1    fail: http POST http://a.example/ was interrupted
        PUT     ended=interrupted attempt=1    again after 1
        GET     ended=interrupted attempt=1    again after 1
        """)

    @Test(arguments: calls) func `http: what may be sent twice is, when nobody knows whether it was`(row: Row) throws {
        let method = try #require(HTTPStep.Method(rawValue: try row.text("method")))
        try check(row, .http(HTTPStep(request: HTTPRequest(method: method, url: "http://a.example/"))))
    }

    static let approvals = Row.table(
        """
        sees           move
        -              wait: approval
        late           wait: approval
        approved       done
        approved late  done
        """)

    @Test(arguments: approvals) func `approval`(row: Row) throws { try check(row, .approval(Approval())) }

    static let gates = Row.table(
        """
        limit  unknown  sees              move
        1      fail     -                 wait: gate errors-low: not measured yet
        1      fail     measured=g        done
        1      fail     measured=g late   done
        1      fail     measured=b        fail: gate errors-low: bad: 5
        1      fail     measured=u        fail: gate errors-low: unknown: none
        2      fail     measured=b        wait: gate errors-low: bad: 5
        2      fail     measured=bb       fail: gate errors-low: bad: 5
        2      fail     measured=bu       fail: gate errors-low: unknown: none
        2      fail     measured=bg       done
        1      wait     measured=u        wait: gate errors-low: unknown: none
        1      wait     measured=uuu      wait: gate errors-low: unknown: none
        1      wait     measured=u late   fail: gate errors-low did not pass in 10m: unknown: none
        1      wait     measured=ub       fail: gate errors-low: bad: 5
        1      pass     measured=u        done
        1      pass     measured=b        fail: gate errors-low: bad: 5
        1      fail     measured=b forced  done
        1      fail     late              fail: gate errors-low did not pass in 10m: not measured yet
        """)

    @Test(arguments: gates) func `gate: good, bad and unknown are three things`(row: Row) throws {
        let gate = HealthGate(
            name: "errors-low", probe: .command(["/check"]),
            failureLimit: try #require(try row.number("limit")),
            onUnknown: try #require(HealthGate.OnUnknown(rawValue: try row.text("unknown"))))
        var context = try StepContext(words: try row.words("sees").filter { !$0.hasPrefix("measured") })
        let measured = try row.words("sees").first { $0.hasPrefix("measured") }?.split(separator: "=").last ?? ""
        for letter in measured {
            let results: [Character: GateResult] = ["g": .pass("1"), "b": .fail("5"), "u": .unknown("none")]
            context.gate = gate.note(
                try #require(results[letter]), begun: .start, in: context.gate, of: NodeID(cluster: "c", name: "n"))
        }
        #expect(gate.move(in: context).word == (try row.text("move")))
    }

    @Test func `notify goes on`() throws {
        let notice = NotifyStep(notification: "team", text: "t")
        #expect(Step.notify(notice).move(in: try StepContext(words: [])) == .tell(notice))
    }

    /// What each step claims, when it gives up, and what kind it is.
    static let kinds = Row.table(
        """
        step                     claim       relaying    gives up  takes out  disrupts  ordered  always runs
        drain 1h                 session     connection  1h        yes        no        no       no
        drain 1h by sessions     session     session     1h        yes        no        no       no
        drain 1h by connections  connection  connection  1h        yes        no        no       no
        block                    connection  connection  10m       yes        no        no       no
        run                      -           -           1h        no         no        no       no
        disruptive run           -           -           1h        no         yes       no       no
        verify                   -           -           10m       no         no        no       no
        restore                  -           -           -         no         no        no       no
        wait 20m                 -           -           20m       no         no        yes      no
        wait for the window      -           -           -         no         no        yes      no
        soak 10m                 -           -           30m       no         no        yes      yes
        http                     -           -           1h        no         no        no       no
        disruptive http          -           -           1h        no         yes       no       no
        approval                 -           -           12h       no         no        yes      no
        terminate                -           -           1h        no         no        no       no
        gate                     -           -           10m       no         no        no       no
        notify                   -           -           -         no         no        no       no
        """)

    @Test(arguments: kinds) func `what a step claims and how long it lasts`(row: Row) throws {
        let steps: [String: Step] = [
            "drain 1h": .drain(DrainStep()), "drain 1h by sessions": .drain(DrainStep(mode: .blockNewSession)),
            "drain 1h by connections": .drain(DrainStep(mode: .blockNewConnection)),
            "block": .block, "run": .run(RunStep(name: "r", command: [])),
            "disruptive run": .run(RunStep(name: "r", command: [], isDisruptive: true)),
            "verify": .verify(VerifyStep()), "restore": .restore, "wait 20m": .wait(.duration(.minutes(20))),
            "wait for the window": .wait(.windowEnd), "soak 10m": .soak(.minutes(10)),
            "http": .http(HTTPStep(request: HTTPRequest(url: "http://a.example/"))),
            "disruptive http": .http(HTTPStep(request: HTTPRequest(url: "http://a.example/"), isDisruptive: true)),
            "approval": .approval(Approval()), "terminate": .terminate(TerminateStep(reason: "r")),
            "gate": .gate(HealthGate(name: "g", probe: .command(["/g"]))),
            "notify": .notify(NotifyStep(notification: "n", text: "t")),
        ]
        let step = try #require(steps[try row.text("step")])
        #expect(step.claim(relaying: false) == (try row.mode("claim")))
        #expect(step.claim(relaying: true) == (try row.mode("relaying")))
        #expect(step.deadline() == (try row.duration("gives up")))
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
