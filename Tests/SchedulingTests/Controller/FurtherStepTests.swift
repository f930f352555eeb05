import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Steps that ask others for something, as a node goes through them.
struct FurtherStepTests {
    private func rehearsal(_ steps: [Step], _ script: LeverTests.Script = []) -> ScriptedRehearsal {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(), sequence: StepSequence(name: "s", steps: steps), names: ["a1"]))
        rehearsal.run(minutes: 60, script)
        #expect(rehearsal.isFolded)
        return rehearsal
    }

    private func starts(_ rehearsal: ScriptedRehearsal) -> [CommandStart] {
        rehearsal.effects.compactMap { if case .start(let start) = $0 { start } else { nil } }
    }

    @Test func `what is live at the deadline is ended, and the drain is proven then`() throws {
        let steps: [Step] = [
            .wait(.duration(.minutes(1))), .drain(DrainStep(deadline: .minutes(20), onDeadline: .terminate)), .block,
            .wait(.duration(.minutes(5))), .restore,
        ]
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: StepSequence(name: "s", steps: steps), names: ["a1"]))
        rehearsal.nodes["a1"]?.sessions = 3
        rehearsal.run(minutes: 19)
        #expect(starts(rehearsal).isEmpty)
        rehearsal.run(minutes: 30)
        #expect(rehearsal.isFolded)
        let start = try #require(starts(rehearsal).first)
        #expect(start.work == .termination(reason: DrainStep.terminationReason))
        #expect(starts(rehearsal).count == 1)
        #expect(rehearsal.text == "0m a1 starts\n26m a1 done\n26m completed")
    }

    /// Who comes to an open node while the ending of calls goes on there is cut off with the others.
    static let takers: [(String, ScriptedRehearsal.Deed)] = [
        ("release", LeverTests.order(.release, node: "a1", "calls")),
        ("skip", LeverTests.order(.skip, node: "a1", run: "r", "calls")),
        ("hold", LeverTests.order(.hold, node: "a1", mode: .normal, minutes: 60, "calls")),
        ("abort", LeverTests.order(.abort, run: "r", "calls")),
        ("pause", LeverTests.order(.pause, "calls") { $0.givesBack = true }),
        ("gone", .loads(ScriptedRehearsal.rollout(Strategy(), isSuspended: true))),
    ]

    @Test(arguments: takers)
    func `a node is not opened while what is live there is being ended`(
        name: String, deed: ScriptedRehearsal.Deed
    ) throws {
        let steps: [Step] = [
            .drain(DrainStep(deadline: .minutes(2), onDeadline: .terminate)), .block, .wait(.duration(.minutes(5))),
            .restore,
        ]
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: StepSequence(name: "s", steps: steps), names: ["a1"]))
        rehearsal.nodes["a1"]?.sessions = 3
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 2, [])
        rehearsal.advance(by: .seconds(20))
        let start = try #require(starts(rehearsal).first)
        rehearsal.perform(deed)
        rehearsal.advance(by: .seconds(5))
        let facts = rehearsal.journal.map(\.fact)
        let end = try #require(
            facts.firstIndex { if case .commandEnded(let id, _, _, _, _, _) = $0 { id == start.id } else { false } })
        let opening = try #require(
            facts.firstIndex { if case .modeIntended(let change) = $0 { change.target == .normal } else { false } })
        #expect(end < opening, "\(rehearsal.text)")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal) && rehearsal.isFolded)
    }

    /// Hands off would have kept the block that was to be given back.
    @Test func `a node that is given back while its calls are being ended is open also under a hold`() {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(),
                sequence: StepSequence(
                    name: "s",
                    steps: [.drain(DrainStep(deadline: .minutes(2), onDeadline: .terminate)), .block, .restore]),
                names: ["a1"]))
        rehearsal.nodes["a1"]?.sessions = 3
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 2, [])
        rehearsal.advance(by: .seconds(20))
        rehearsal.perform(LeverTests.order(.hold, node: "a1", "look"))
        rehearsal.perform(LeverTests.order(.abort, run: "r", "calls"))
        rehearsal.advance(by: .minutes(1))
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal), "\(rehearsal.text)")
        #expect(rehearsal.wait(of: "a1").hasPrefix("held"), "\(rehearsal.wait(of: "a1"))")
    }

    /// A drain that goes on with live calls has given these their time. Those who came while the node was open had none: four
    /// hundred would have been cut.
    @Test func `whoever came to a node that was opened meanwhile is not cut by what its drain allowed`() {
        let gate = HealthGate(
            name: "calm", probe: .command(["/bin/true"]), timeout: .hours(2), onUnknown: .wait)
        let steps: [Step] = [
            .drain(DrainStep(deadline: .minutes(2), onDeadline: .proceed)), .block, .gate(gate),
            .run(RunStep(name: "up", command: ["/bin/true"], isDisruptive: true)), .restore,
        ]
        for opens in [false, true] {
            var rehearsal = ScriptedRehearsal(
                ScriptedRehearsal.rollout(Strategy(), sequence: StepSequence(name: "s", steps: steps), names: ["a1"]))
            rehearsal.nodes["a1"]?.sessions = 3
            rehearsal.perform(.gatesHang(true))
            rehearsal.run(minutes: 5)
            if opens { rehearsal.perform(.sets("a1", .known(.normal))) }
            rehearsal.advance(by: .seconds(30))
            rehearsal.perform(.gatesHang(false))
            rehearsal.advance(by: .minutes(1))
            #expect(starts(rehearsal).isEmpty == opens, "\(opens) \(rehearsal.text)")
            // They are given their time.
            rehearsal.advance(by: .minutes(10))
            #expect(starts(rehearsal).count == 1, "\(opens) \(rehearsal.text)")
            #expect(rehearsal.isFolded)
        }
    }

    /// The first reads of the next daemon were there before it heard what had become of the command.
    @Test func `what became of a command while nobody watched is waited for`() throws {
        var rehearsal = ScriptedRehearsal(ScriptedRehearsal.rollout(Strategy(), sequence: .failing, names: ["a1"]))
        rehearsal.perform(.commandsRun(true))
        rehearsal.run(minutes: 1)
        let start = try #require(starts(rehearsal).first)
        rehearsal.perform(.away(minutes: 60))
        rehearsal.advance(by: .seconds(30))
        #expect(rehearsal.wait(of: "a1").hasPrefix("running-command"), "\(rehearsal.wait(of: "a1"))")
        rehearsal.hand(.commandEnded(start.id, .exited(status: 0)))
        rehearsal.advance(by: .seconds(10))
        #expect(rehearsal.wait(of: "a1").hasPrefix("verifying"), "\(rehearsal.wait(of: "a1"))")
    }

    @Test func `what ends by itself in time is not ended`() {
        let rehearsal = rehearsal([.drain(DrainStep(deadline: .minutes(20), onDeadline: .terminate)), .block, .restore])
        #expect(starts(rehearsal).isEmpty)
        #expect(rehearsal.text == "0m a1 starts\n0m a1 done\n0m completed")
    }

    @Test func `an address is called with the node's facts`() throws {
        let call = HTTPStep(
            request: HTTPRequest(
                method: .post, url: "http://deploy.example/{node}", body: #"{"to":"{revision}"}"#))
        let rehearsal = rehearsal([.drain(DrainStep()), .block, .http(call), .restore])
        let start = try #require(starts(rehearsal).first)
        #expect(
            start.work
                == .call(
                    HTTPRequest(method: .post, url: "http://deploy.example/a1", body: #"{"to":"2"}"#), HTTPExpectation()
                ))
        #expect(rehearsal.text == "0m a1 starts\n0m a1 done\n0m completed")
    }

    /// Seen: `POST /x//up` for every node of a policy whose nodes have no such label, and the run was completed.
    @Test func `nothing is sent about a node without the label that the address names`() {
        let call = HTTPStep(
            request: HTTPRequest(method: .post, url: "http://deploy.example/{label.rack}/up"), retries: 3,
            isDisruptive: true)
        let rehearsal = rehearsal([.drain(DrainStep()), .block, .http(call), .restore])
        #expect(starts(rehearsal).isEmpty)
        #expect("\(rehearsal.journal)".contains("could not be started: a1 has no label rack"))
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal))
    }

    /// Whoever is called upgrades the node and restarts it.
    private func upgrading(_ onFailure: OnFailure? = nil) -> ScriptedRehearsal {
        let call = HTTPStep(
            request: HTTPRequest(method: .post, url: "http://deploy.example/{node}"), timeout: .minutes(5),
            isDisruptive: true)
        let steps: [Step] = [
            .drain(DrainStep(deadline: .minutes(5))), .block, .wait(.duration(.minutes(1))), .http(call),
            .verify(VerifyStep(version: "{revision}", timeout: .minutes(5))), .restore,
        ]
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(
                Strategy(), sequence: StepSequence(name: "s", steps: steps, onFailure: onFailure), names: ["a1"]))
        rehearsal.perform(.commandsRun(true))
        return rehearsal
    }

    /// `out (drain)`
    private func stand(_ rehearsal: ScriptedRehearsal) -> String {
        let part = rehearsal.controller.status(at: rehearsal.now).runs.first?.parts.first
        return part.map { "\($0.phase) (\($0.step ?? "-"))" } ?? "none"
    }

    /// Goes on until the part is there, at most five minutes.
    private func reach(_ wanted: String, _ rehearsal: inout ScriptedRehearsal) {
        for _ in 0..<6_000 where stand(rehearsal) != wanted { rehearsal.advance(by: .milliseconds(50)) }
        #expect(stand(rehearsal) == wanted, "\(rehearsal.text)")
    }

    @Test func `a disruptive call is made when a read of its own has shown that nobody is live`() throws {
        var rehearsal = upgrading()
        reach("out (wait)", &rehearsal)
        // Behind the back of every read before the step begins.
        rehearsal.advance(by: .milliseconds(59_900))
        #expect(stand(rehearsal) == "out (wait)")
        rehearsal.nodes["a1"]?.sessions = 1
        rehearsal.advance(by: .minutes(1))
        #expect(stand(rehearsal) == "out (drain)" && starts(rehearsal).isEmpty, "\(rehearsal.text)")
        rehearsal.nodes["a1"]?.sessions = 0
        reach("committed (http)", &rehearsal)
        #expect(starts(rehearsal).map(\.attempt) == [1] && starts(rehearsal).first?.live == nil)
        #expect(rehearsal.isFolded)
    }

    @Test func `what a disruptive call restarts is blocked again, and opened when it is verified`() throws {
        var rehearsal = upgrading()
        reach("committed (http)", &rehearsal)
        let start = try #require(starts(rehearsal).first)
        // The answer is still to come.
        rehearsal.perform(.breaks("a1"))
        rehearsal.advance(by: .seconds(5))
        rehearsal.perform(.sets("a1", .known(.normal)))
        rehearsal.perform(.mends("a1"))
        rehearsal.advance(by: .seconds(10))
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        #expect(stand(rehearsal) == "committed (http)")
        rehearsal.hand(.commandEnded(start.id, .answered(status: 200, fault: nil)))
        rehearsal.advance(by: .minutes(1))
        #expect(stand(rehearsal) == "committed (verify)", "it still shows the version from before")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.blockNewConnection))
        rehearsal.nodes["a1"]?.version = "2"
        rehearsal.nodes["a1"]?.mode = .known(.normal)
        rehearsal.advance(by: .minutes(1))
        #expect(rehearsal.text == "0m a1 starts\n2m a1 done\n2m completed")
        #expect(rehearsal.nodes["a1"]?.mode == .known(.normal) && rehearsal.isFolded)
    }

    /// How a call ends, and whether the node is kept shut by it.
    static let badEnds: [(outcome: CommandOutcome, onFailure: OnFailure?, isKept: Bool)] = [
        (.answered(status: 503, fault: "503 is not from 200 to 299"), .stay, true),
        (.answered(status: 200, fault: "the body does not contain ok"), nil, true),
        (.noAnswer("the connection broke"), .stay, true), (.timedOut, .stay, true), (.interrupted, .stay, true),
        (.answered(status: 503, fault: "503 is not from 200 to 299"), .restore, false),
        // Nothing was sent, and nothing is disrupted.
        (.notStarted("the certificate is not trusted"), .stay, false), (.notStarted("too late"), nil, false),
    ]

    @Test(arguments: badEnds.indices)
    func `a node of which a disruptive call was answered badly is kept shut, unless its policy opens it`(row: Int)
        throws
    {
        let (outcome, onFailure, isKept) = Self.badEnds[row]
        var rehearsal = upgrading(onFailure)
        reach("committed (http)", &rehearsal)
        rehearsal.hand(.commandEnded(try #require(starts(rehearsal).first).id, outcome))
        rehearsal.advance(by: .minutes(30))
        #expect(starts(rehearsal).count == 1)
        #expect(rehearsal.nodes["a1"]?.mode == .known(isKept ? .blockNewConnection : .normal), "\(rehearsal.text)")
        let stay = rehearsal.controller.ledger.entry(NodeID(cluster: "c", name: "a1"))?.failedStay
        #expect((stay != nil) == isKept && stay?.mode ?? .blockNewConnection == .blockNewConnection)
        #expect(stay?.reason.hasSuffix("\(outcome)") ?? true, "\(stay?.reason ?? "")")
        #expect(rehearsal.text.contains("a1 failed") && rehearsal.isFolded)
        if isKept { #expect(rehearsal.verdict(of: "a1")?.code == .failed) }
    }

    @Test func `somebody is told, and nobody waits for it`() {
        let notice = NotifyStep(notification: "team", text: "drained")
        let rehearsal = rehearsal([.drain(DrainStep()), .notify(notice), .block, .restore, .notify(notice)])
        #expect(
            rehearsal.text == """
                0m a1 starts
                0m a1 tells team: drained
                0m a1 done
                0m a1 tells team: drained
                0m completed
                """)
    }
}
