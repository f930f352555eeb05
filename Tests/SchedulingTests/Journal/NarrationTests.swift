import ModeCore
import Primitives
import Testing

@testable import Scheduling

@Suite struct NarrationTests {
    private static let node = NodeID(cluster: "c", name: "a1")
    private static let run = RunID(policy: "up", revision: "2", ordinal: 1)

    private static func at(_ milliseconds: Int) -> Moment { Moment.start + .milliseconds(milliseconds) }

    private static func change(_ target: RequestableMode, _ cause: ModeChange.Cause, id: Int = 1) -> Fact {
        .modeIntended(
            ModeChange(id: id, node: node, target: target, cause: cause, written: nil, notAfter: at(3_000)))
    }

    private static func facts(
        _ mode: RequestableMode?, version: NodeText? = "1", ready: Bool? = true, connected: Bool? = true,
        failure: ReadFailure? = nil
    ) -> Fact {
        .nodeObserved(
            node,
            NodeLedger.NodeFacts(
                mode: mode.map { .known($0.mode) }, version: version, ready: ready, isConnected: connected,
                failure: failure), nil, skipped: 0)
    }

    private static let start = CommandStart(
        id: CommandID(number: 1), node: node, address: NodeAddress(api: "http://a.example/", ready: nil), run: run,
        step: "upgrade", attempt: 1, work: .program(["/c"]), environment: [:], timeout: .minutes(1), notAfter: .start)
    private static let output = CommandOutput(lastOf: "reading\nE: no lock\n", path: "/s/output")

    private static func part(_ phase: PartPhase, error: String? = nil) -> Fact {
        var part = Part(node: node, since: .distantPast)
        part.phase = phase
        part.error = error
        return .partChanged(run, 0, part, step: nil, nil)
    }

    private static func told(_ facts: [(Int, Fact)]) -> [String] {
        var narration = Narration()
        return facts.flatMap { narration.lines(of: Record(at: at($0), fact: $1)) }
            .map { "\($0.severity.rawValue) \($0.text)" }
    }

    /// A command may be called so: nobody can approve it.
    @Test func `what waits for a word says how to give it, and a command of that name does not`() {
        func told(attempt: Int) -> [String] {
            var part = Part(node: Self.node, since: .distantPast)
            var work = PartPhase.Work(step: 2, since: .start, claim: nil, isGranted: false, timer: nil)
            work.attempt = attempt
            part.phase = .out(work)
            return Self.told([(0, .partChanged(Self.run, 0, part, step: "approval", nil))])
        }
        #expect(told(attempt: 0) == ["error a1  waits for a person's word: nagi approve up@2#1 a1"])
        #expect(!told(attempt: 1).contains { $0.contains("approve") })
    }

    @Test(arguments: [
        (ModeChange.Cause.claim, "info a1  is block_new_session (asked and confirmed in 12 ms)"),
        (.restarted, "info a1  is block_new_session again: it was lost (asked and confirmed in 12 ms)"),
        (.drift, "info a1  is block_new_session again: somebody had loosened it (asked and confirmed in 12 ms)"),
    ])
    func `a ChangeMode that went well is one line`(cause: ModeChange.Cause, line: String) {
        let told = Self.told([
            (0, Self.facts(.normal)), (10, Self.change(.blockNewSession, cause)),
            (15, .modeAnswered(Self.node, id: 1, ModeChangeAnswer(.accepted))),
            (20, Self.facts(.blockNewSession)), (22, .modeSettled(Self.node, id: 1, isReached: true)),
            (30, Self.facts(.blockNewSession, ready: false)),
        ])
        #expect(told == ["info a1  is normal, version 1, ready", line])
    }

    @Test func `one that is refused, lost or late is told at once, with what was asked`() {
        let asked = (10, Self.change(.blockNewSession, .claim))
        #expect(
            Self.told([asked, (15, .modeAnswered(Self.node, id: 1, ModeChangeAnswer(.rejected("INVALID-MODE"))))]) == [
                "info a1  ChangeMode block_new_session (claim)", "warn a1  ChangeMode rejected: INVALID-MODE",
            ])
        #expect(
            Self.told([
                asked, (12, .modeAnswered(Self.node, id: 1, ModeChangeAnswer(.accepted))),
                (900, .modeSettled(Self.node, id: 1, isReached: false)),
            ]) == [
                "info a1  ChangeMode block_new_session (claim)", "warn a1  ChangeMode did not take effect",
            ])
        #expect(
            Self.told([
                asked, (2_010, .heartbeat([])), (3_000, .heartbeat([])),
                (5_010, .modeSettled(Self.node, id: 1, isReached: true)),
            ]) == [
                "warn a1  ChangeMode block_new_session (claim): not confirmed yet, asked 2s ago",
                "info a1  is block_new_session (asked and confirmed in 5s)",
            ])
    }

    @Test func `what a person orders is one line: that of the lever`() {
        let hold = Hold(wish: .handsOff, actor: "mika", reason: "disk", since: .distantPast, until: nil)
        let lever = PulledLever(
            id: 1, pull: Pull(LeverOrder(.hold), by: "mika"), lever: .hold(Self.node, .handsOff, until: nil),
            answer: LeverAnswer(id: 1, action: .hold, text: "held: a1"))
        #expect(
            Self.told([(0, .holdPlaced(Self.node, hold)), (0, .leverPulled(lever))]) == ["info hold by mika: held: a1"])
        #expect(Self.told([(0, .paused(nil, Pause(.person, reason: "calls", since: Self.at(0).wall)))]).isEmpty)
        #expect(Self.told([(0, .paused(Self.run, Pause(.failures, reason: "1 of 1", since: .distantPast)))]).count == 1)
    }

    /// Each of them was two lines, of which one said nothing.
    @Test func `what a lever did is told by its line, what happened by itself by its own`() {
        let hold = Lever.hold(Self.node, .handsOff, until: nil)
        func pulled(_ action: LeverOrder.Action, _ lever: Lever) -> Fact {
            .leverPulled(
                PulledLever(
                    id: 1, pull: Pull(LeverOrder(action), by: "mika"), lever: lever,
                    answer: LeverAnswer(id: 1, action: action, text: "done")))
        }
        func told(_ facts: [(Int, Fact)]) -> [String] {
            var narration = Narration()
            return narration.lines(of: facts.map { Record(at: Self.at($0), fact: $1) }).flatMap { $0.map(\.text) }
        }
        let given = RunApproval.given(GivenApproval(actor: "mika", reason: "", at: .distantPast))
        let cases: [([Fact], LeverOrder.Action, Lever)] = [
            ([.resumed(nil, .person)], .resume, .resume(nil)),
            ([.resumed(Self.run, .failures), .resumed(Self.run, .progress)], .resume, .resume(Self.run)),
            ([.holdEnded(Self.node, reason: "released by mika")], .release, .release(Self.node)),
            ([.holdEnded(Self.node, reason: "resumed by mika")], .resume, .resumeNode(Self.node)),
            ([.stayEnded(Self.node, reason: "released by mika")], .release, .release(Self.node)),
            ([.holdEnded(Self.node, reason: "released by mika")], .hold, hold),
            ([.approvalChanged(Self.run, given), .runPromoted(Self.run)], .approve, .approve(Self.run, nil)),
            ([.runChanged(Self.run, .ending(.aborted("aborted by mika")))], .abort, .abort(Self.run)),
        ]
        for (facts, action, lever) in cases {
            let pull = pulled(action, lever)
            #expect(told(facts.map { (5, $0) } + [(5, pull)]) == ["\(action.rawValue) by mika: done"])
            #expect(told(facts.map { (4, $0) } + [(5, pull)]).count == facts.count + 1, "another moment: by itself")
            #expect(told([(5, pull)] + facts.map { (5, $0) }).count == facts.count + 1, "after it: by itself")
            #expect(told(facts.map { (5, $0) } + [(5, pulled(.start, .start(policy: "up")))]).count == facts.count + 1)
        }
    }

    @Test func `what somebody else does is told, what a step does to its node is no news`() {
        let restarted = Fact.nodeRestarted(Self.node, IncarnationMarks())
        #expect(
            Self.told([(0, restarted), (1, Self.facts(nil, failure: .unreachable("connection refused")))]) == [
                "warn a1  was restarted, and not by nagi", "warn a1  unreachable: connection refused",
            ])
        #expect(
            Self.told([
                (0, .commandIntended(Self.start)), (1, restarted),
                (2, Self.facts(nil, failure: .unreachable("connection refused"))), (3, Self.part(.finished(.done))),
                (4, restarted),
            ]) == [
                "info a1  command upgrade started, attempt 1", "info a1  was restarted, as its step means to",
                "info a1  unreachable: connection refused, as its step may make it", "info a1  done (up@2#1)",
                "warn a1  was restarted, and not by nagi",
            ])
    }

    @Test func `the last words of a command are there where it failed, and where the node failed after it`() {
        #expect(
            Self.told([
                (0, .commandEnded(Self.start.id, Self.node, .exited(status: 7), step: "upgrade", output: Self.output))
            ]) == [
                "warn a1  command upgrade exited with 7", "warn a1  upgrade printed: reading",
                "warn a1  upgrade printed: E: no lock", "warn a1  the whole output of upgrade: /s/output",
            ])
        let worked = Fact.commandEnded(
            Self.start.id, Self.node, .exited(status: 0), step: "upgrade", output: Self.output)
        #expect(
            Self.told([(0, worked), (1, Self.part(.finished(.failed), error: "verify: the version is 1, not 2"))]) == [
                "info a1  command upgrade exited with 0", "warn a1  failed: verify: the version is 1, not 2 (up@2#1)",
                "warn a1  upgrade printed: reading", "warn a1  upgrade printed: E: no lock",
                "warn a1  the whole output of upgrade: /s/output",
            ])
        #expect(Self.told([(0, worked), (1, Self.part(.finished(.done)))]).count == 2)
    }

    @Test func `a step is told by its name, with what it wants and how long it may take`() {
        func begins(_ phase: PartPhase, _ step: String, _ change: (inout Part) -> Void = { _ in }) -> String? {
            var part = Part(node: Self.node, since: .distantPast)
            part.phase = phase
            change(&part)
            return Record(at: Self.at(0), fact: .partChanged(Self.run, 0, part, step: step, nil)).text
        }
        var work = PartPhase.Work(step: 0, since: Self.at(0), claim: .blockNewSession, isGranted: true)
        work.timer = Countdown(.hours(2), from: Self.at(0))
        #expect(begins(.out(work), "drain") == "a1  drain begins: at least block_new_session, at most 2h (up@2#1)")
        #expect(begins(.out(work), "verify") == "a1  verify begins: at most 2h (up@2#1)")
        let drained = begins(.out(work), "block") { part in
            part.milestones.claimedAt = Self.at(0).wall + .seconds(-16)
            part.milestones.drainedAt = Self.at(0).wall
        }
        #expect(drained == "a1  drained in 16s; block begins: at least block_new_session, at most 2h (up@2#1)")
        #expect(begins(.soaking(work), "soak") == "a1  back in service; soak begins (up@2#1)")
        work.command = CommandID(number: 1)
        #expect(begins(.out(work), "upgrade") == nil, "its command's record says it")
    }

    @Test func `windows open and close in words`() {
        func text(_ clearance: Clearance) -> String? {
            Record(at: Self.at(0), fact: .clearanceChanged(Self.run, clearance)).text
        }
        #expect(
            text(.open(until: Self.at(0).wall + .minutes(179))) == "run up@2#1 may act: its window is open for 2h 59m")
        #expect(text(.open(until: nil)) == "run up@2#1 may act")
        #expect(text(.closed(.init(cause: .outsideWindow, reopens: true))) == "run up@2#1 is outside its windows")
        #expect(
            text(.closed(.init(cause: .excluded(by: "freezes/year-end", reason: "year-end freeze"), reopens: true)))
                == "run up@2#1 is frozen by freezes/year-end (year-end freeze)")
        let paused = Record(
            at: Self.at(0), fact: .paused(Self.run, Pause(.failures, reason: "1 failed (limit 1)", since: .distantPast))
        )
        #expect(paused.text == "run up@2#1 is paused: 1 failed (limit 1)")
    }

    @Test func `a line is an error where a person has to act`() {
        let rows: [(Fact, Severity)] = [
            (.daemonStarted(boot: nil), .info),
            (.paused(Self.run, Pause(.person, reason: "", since: .distantPast)), .info),
            (.paused(Self.run, Pause(.failures, reason: "", since: .distantPast)), .error),
            (.runEnded(Self.run, .completed), .info), (.runEnded(Self.run, .partial(.windowEnded)), .info),
            (.runEnded(Self.run, .partial(.suspended)), .warn), (.runEnded(Self.run, .failed), .error),
            (Self.part(.finished(.failed)), .warn), (Self.part(.finished(.done)), .info),
            (.floorChanged(Self.node, .blockNewSession), .warn), (.floorChanged(Self.node, nil), .info),
            (
                .stayPlaced(
                    Self.node,
                    FailedStay(
                        run: Self.run, policy: "up", mode: .blockNewConnection, reason: "", since: .distantPast),
                    .of(Self.node)),
                .error
            ),
            (.alarmRaised(Alarm(Alarm.Key(.stuck), "", since: .distantPast)), .error),
            (.alarmEnded(Alarm.Key(.stuck)), .info),
        ]
        for (fact, severity) in rows { #expect(fact.severity == severity, "\(fact)") }
    }

    @Test func `what a command printed is bounded and inert`() {
        let many = (1...100).map { "line \($0)" }.joined(separator: "\n")
        #expect(CommandOutput(lastOf: many, path: "/p").lines == (91...100).map { "line \($0)" })
        let long = CommandOutput(lastOf: String(repeating: "長", count: 100_000), path: "/p")
        #expect(long.lines.map(\.count) == [200])
        let rows = Array(repeating: String(repeating: "長", count: 300), count: 20).joined(separator: "\n")
        #expect(CommandOutput(lastOf: rows, path: "/p").lines.reduce(0) { $0 + $1.utf8.count } <= 2_048)
        #expect(CommandOutput(lastOf: "a\tb\u{1B}[31m\u{202E}\r\n \n", path: "/p").lines == ["a b?[31m?"])
    }

    @Test func `how the latest command ended is known until its part is done`() throws {
        let facts: [Fact] = [
            .policiesLoaded(LedgerTests.set("a1")), .commandIntended(Self.start),
            .commandEnded(Self.start.id, Self.node, .exited(status: 7), step: "upgrade", output: Self.output),
        ]
        var ledger = Ledger(folding: facts.map { Record(at: .start, fact: $0) })
        let latest = try #require(ledger.latestCommands?[Self.node])
        #expect(latest.step == "upgrade" && latest.output == Self.output && latest.run == Self.run)
        ledger.apply(Record(at: .start, fact: .commandIntended(Self.start)))
        #expect(ledger.latestCommands?[Self.node] == nil)
    }

    @Test func `a pause that a run has from the run before it is told, one that somebody just ordered is not`() {
        func pause(at milliseconds: Int) -> Fact {
            .paused(
                Self.run,
                Pause(.person, reason: "calls drop", actor: "mika", since: Self.at(milliseconds).wall))
        }
        #expect(Self.told([(5, pause(at: 5))]) == [])
        #expect(
            Self.told([(9, pause(at: 5))]).map { $0.hasSuffix("run up@2#1 is paused by mika: calls drop") } == [true])
    }
}
