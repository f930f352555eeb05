import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What is measured before a node starts and in its sequence, as timelines. Nodes take five minutes each, one at a time.
struct GateTests {
    private static func gate(
        failures: Int = 1, timeout: Duration = .minutes(10), onUnknown: HealthGate.OnUnknown = .fail
    ) -> HealthGate {
        HealthGate(
            name: "errors-low", probe: .command(["/check"]), interval: .minutes(1), timeout: timeout,
            failureLimit: failures, onUnknown: onUnknown)
    }

    private func timeline(
        _ minutes: Int64, _ script: LeverTests.Script, before gate: HealthGate? = gate(), in steps: [Step] = []
    ) -> ScriptedRehearsal {
        let sequence = StepSequence(name: "s", steps: steps + ScriptedRehearsal.fiveMinutes.steps)
        let policies = ScriptedRehearsal.rollout(
            Strategy(), sequence: sequence, names: ["a1", "a2"], gates: gate.map { [$0] } ?? [])
        var rehearsal = ScriptedRehearsal(policies, isLoaded: false)
        // What is measured from the beginning on is known before the policies are.
        let first = script.prefix { if case (0, .measures) = $0 { true } else { false } }
        for (_, deed) in first { rehearsal.perform(deed) }
        rehearsal.perform(.loads(policies))
        rehearsal.run(minutes: minutes, Array(script.dropFirst(first.count)))
        #expect(rehearsal.isFolded)
        return rehearsal
    }

    private func measurements(of node: String, in rehearsal: ScriptedRehearsal) -> Int {
        rehearsal.effects.count { if case .measure(let one) = $0 { one.node.name == node } else { false } }
    }

    @Test func `a gate is measured before each node`() {
        let rehearsal = timeline(12, [])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                5m a2 starts
                10m a2 done
                10m completed
                """)
        #expect(measurements(of: "a1", in: rehearsal) == 1)
        #expect(measurements(of: "a2", in: rehearsal) == 1)
    }

    @Test func `a gate that has failed pauses the run, and is measured anew when that goes on`() {
        let rehearsal = timeline(
            20,
            [
                (1, .measures("a2", .fail("5"))), (8, .measures("a2", .pass("1"))),
                (9, LeverTests.order(.resume, run: "r")),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                5m paused: gate errors-low: bad: 5, before a2
                9m goes on (gate)
                9m a2 starts
                9m ann: goes on: r@2#1
                14m a2 done
                14m completed
                """)
        // Not while it was paused.
        #expect(measurements(of: "a2", in: rehearsal) == 2)
    }

    @Test func `what cannot be asked for want of a label is unknown`() {
        let gate = HealthGate(
            name: "rack-calm", probe: .http(HTTPRequest(url: "http://a.example/{label.rack}"), HTTPExpectation()),
            interval: .minutes(1), onUnknown: .wait)
        let rehearsal = timeline(3, [], before: gate)
        #expect(rehearsal.wait(of: "a1") == "waiting-gate: gate rack-calm: unknown: a1 has no label rack")
        #expect(measurements(of: "a1", in: rehearsal) == 0)
    }

    @Test func `bad measurements below the limit are waited out`() {
        var rehearsal = timeline(7, [(1, .measures("a2", .fail("5")))], before: Self.gate(failures: 5))
        #expect(rehearsal.wait(of: "a2") == "waiting-gate: gate errors-low: bad: 5")
        rehearsal.run(minutes: 14, [(7, .measures("a2", .pass("1")))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                7m a2 starts
                12m a2 done
                12m completed
                """)
    }

    @Test func `what nobody knows is waited for until the gate's time is over`() {
        let rehearsal = timeline(
            30, [(1, .measures("a2", nil))], before: Self.gate(timeout: .minutes(6), onUnknown: .wait))
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                11m paused: gate errors-low did not pass in 6m: unknown: lost, before a2
                """)
    }

    @Test func `a restart of the daemon forgets no bad measurement`() {
        let rehearsal = timeline(
            20, [(1, .measures("a2", .fail("5"))), (6, .restarts)], before: Self.gate(failures: 3))
        #expect(rehearsal.text.contains("7m paused: gate errors-low: bad: 5, before a2"))
    }

    @Test func `an operator has the next node start past a gate, and only that one`() {
        let rehearsal = timeline(
            12,
            [
                (0, .measures("a1", .fail("5"))), (0, .measures("a2", .fail("7"))),
                (1, LeverTests.order(.force, run: "r", "known") { $0.ignored = .gate }),
            ], before: Self.gate(failures: 3))
        #expect(
            rehearsal.text == """
                1m a1 starts
                1m ann: the next node that r@2#1 starts ignores gate, through its whole sequence. Budget and quorum still count
                6m a1 done
                8m paused: gate errors-low: bad: 7, before a2
                """)
    }

    @Test func `a gate as a step holds its node up, and fails it`() {
        let step = Step.gate(Self.gate(failures: 3))
        let rehearsal = timeline(
            20, [(1, .measures("a2", .fail("5")))], before: nil,
            in: [step])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                5m a2 starts
                7m a2 failed
                7m failed
                """)
        #expect(rehearsal.nodes["a2"]?.mode == .known(.normal))
    }

    @Test func `a forced node passes the gates of its sequence too`() {
        let rehearsal = timeline(
            9,
            [
                (0, .measures("a1", .fail("5"))), (0, .measures("a2", .fail("5"))),
                (1, LeverTests.order(.force, run: "r", "known") { $0.ignored = .gate }),
            ], before: Self.gate(failures: 9), in: [.gate(Self.gate())])
        #expect(rehearsal.text.contains("6m a1 done"), "\(rehearsal.text)")
        #expect(!rehearsal.text.contains("a2 starts"), "\(rehearsal.text)")
    }

    @Test func `a word for the next node is for one that stands at a gate before it is taken out of service`() {
        let rehearsal = timeline(
            12,
            [
                (0, .measures("a1", .fail("5"))), (0, .measures("a2", .fail("5"))),
                (2, LeverTests.order(.force, run: "r", "known") { $0.ignored = .gate }),
            ], before: nil, in: [.gate(Self.gate(failures: 9))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                2m ann: the next node that r@2#1 starts ignores gate, through its whole sequence. Budget and quorum still count
                7m a1 done
                7m a2 starts
                """)
    }

    @Test func `a gate is measured before the node is taken out of service, however long it waited for that`() {
        let rehearsal = timeline(
            20,
            [
                (3, .measures("a1", .fail("5"))), (4, LeverTests.order(.approve, run: "r", "go")),
                (9, .measures("a1", .pass("1"))), (10, LeverTests.order(.resume, run: "r")),
            ], in: [.approval(Approval())])
        #expect(
            rehearsal.text == """
                0m a1 starts
                4m paused: gate errors-low: bad: 5, before a1
                4m ann: approved in r@2#1: a1
                10m goes on (gate)
                10m ann: goes on: r@2#1
                15m a1 done
                15m a2 starts
                """)
    }

    @Test func `where nothing holds it up a gate is measured once, steps before the first drain or not`() {
        let rehearsal = timeline(2, [], in: [.notify(NotifyStep(notification: "team", text: "soon"))])
        #expect(measurements(of: "a1", in: rehearsal) == 1)
        #expect(rehearsal.verdict(of: "a1")?.code == .blocked || rehearsal.nodes["a1"]?.mode != .known(.normal))
    }

    @Test func `the time of a gate stands while the run is paused`() {
        let rehearsal = timeline(
            60,
            [
                (1, .measures("a2", nil)), (7, LeverTests.order(.pause, run: "r", "calls")),
                (30, LeverTests.order(.resume, run: "r")),
            ], before: Self.gate(timeout: .minutes(6), onUnknown: .wait))
        #expect(rehearsal.text.contains("36m paused: gate errors-low did not pass in 6m"), "\(rehearsal.text)")
    }

    @Test func `bad measurements of last night are none of this one`() {
        let rehearsal = timeline(
            60,
            [
                (1, .measures("a2", .fail("5"))), (7, LeverTests.order(.pause, run: "r", "calls")),
                (30, LeverTests.order(.resume, run: "r")),
            ], before: Self.gate(failures: 4))
        #expect(rehearsal.text.contains("33m paused: gate errors-low: bad: 5, before a2"), "\(rehearsal.text)")
    }

    @Test func `a reboot of the daemon's machine does not put off the next measurement of a gate step`() {
        let sequence = StepSequence(
            name: "s",
            steps: [
                .drain(DrainStep()), .block,
                .run(RunStep(name: "up", command: ["/bin/true"], timeout: .minutes(5), isDisruptive: true)),
                .gate(Self.gate(failures: 9, timeout: .minutes(6))), .restore,
            ])
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1"]), isLoaded: false)
        rehearsal.perform(.measures("a1", .fail("5")))
        rehearsal.perform(.loads(ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1"])))
        rehearsal.run(minutes: 20, [(4, .measures("a1", .pass("1"))), (4, .reboots(minutes: 1))])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                5m completed
                """)
        #expect(rehearsal.isFolded)
    }

    /// The addresses or programs that were asked, in order.
    private func probes(_ rehearsal: ScriptedRehearsal) -> [(id: Int, probe: HealthGate.Probe)] {
        rehearsal.effects.compactMap { effect in
            if case .measure(let one) = effect { (one.id, one.probe) } else { nil }
        }
    }

    @Test func `what was asked for a run that is over is no answer for the run after it`() throws {
        func policies(_ command: String) -> PolicySet {
            var gate = Self.gate()
            gate.probe = .command([command])
            return ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"], gates: [gate])
        }
        var rehearsal = ScriptedRehearsal(policies("/old"), isLoaded: false)
        rehearsal.perform(.gatesHang(true))
        rehearsal.perform(.loads(policies("/old")))
        let old = try #require(probes(rehearsal).first)
        rehearsal.perform(.loads(policies("/new")))
        let new = try #require(probes(rehearsal).last)
        #expect(new.probe == .command(["/new"]))
        rehearsal.hand(.measured(old.id, .pass("1")))
        #expect(!rehearsal.text.contains("a1 starts"))
        rehearsal.hand(.measured(new.id, .pass("1")))
        #expect(rehearsal.text.contains("a1 starts"))
    }

    @Test func `a measurement of which nothing is heard is unknown, and none begins beside one that is being ended`() {
        let hung = Self.gate(timeout: .minutes(6), onUnknown: .wait)
        let rehearsal = timeline(20, [(1, .gatesHang(true))], before: hung)
        #expect(
            rehearsal.text.contains(
                "paused: gate errors-low did not pass in 6m: unknown: nothing was heard of it, before a2"),
            "\(rehearsal.text)")
        let begun = rehearsal.effects.count { if case .measure = $0 { true } else { false } }
        // Half a minute, a quarter for its end, and not more often than each minute.
        #expect((2...9).contains(begun), "\(begun)")
        let step = timeline(20, [(1, .gatesHang(true))], before: nil, in: [.gate(Self.gate())])
        #expect(step.text.contains("5m a2 starts\n5m a2 failed") || step.text.contains("a2 failed"), "\(step.text)")
        #expect(step.controller.ledger.endedRuns.last?.run.parts.last?.error?.contains("nothing was heard") == true)
    }

    @Test func `a gate that is measured often does not starve a run in a cluster that is slow to read`() {
        var gate = Self.gate()
        gate.interval = .seconds(10)
        let policies = ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2"], gates: [gate])
        var rehearsal = ScriptedRehearsal(policies, isLoaded: false)
        rehearsal.perform(.hangs("a2", seconds: 12))
        rehearsal.perform(.loads(policies))
        rehearsal.run(minutes: 10)
        #expect(rehearsal.text.contains("a1 done"), "\(rehearsal.text)")
    }

    @Test(arguments: [LeverOrder.Action.skip, .hold])
    func `a run that a gate paused goes on where somebody says that it is to go on without that node`(
        _ action: LeverOrder.Action
    ) {
        let policies = ScriptedRehearsal.rollout(Strategy(), names: ["a1", "a2", "a3"], gates: [Self.gate()])
        var rehearsal = ScriptedRehearsal(policies)
        rehearsal.run(
            minutes: 12,
            [
                (1, .measures("a2", .fail("5"))),
                (7, LeverTests.order(action, node: "a2", run: action == .skip ? "r" : nil, "it is sick")),
            ])
        #expect(rehearsal.text.contains("5m paused: gate errors-low: bad: 5, before a2"), "\(rehearsal.text)")
        // A hold says hands off, of one node.
        #expect(rehearsal.text.contains("7m a3 starts") == (action == .skip), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    @Test func `no program of a gate is run under a pause, and its time stands`() {
        let sequence = StepSequence(
            name: "s",
            steps: [
                .drain(DrainStep()), .block,
                .run(RunStep(name: "up", command: ["/bin/true"], timeout: .minutes(5), isDisruptive: true)),
                .gate(Self.gate(failures: 99, timeout: .minutes(6))), .restore,
            ])
        let set = ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1"])
        var rehearsal = ScriptedRehearsal(set, isLoaded: false)
        rehearsal.perform(.measures("a1", .fail("5")))
        rehearsal.perform(.loads(set))
        rehearsal.run(minutes: 2, [(2, LeverTests.order(.pause, run: "r", "calls"))])
        rehearsal.forgetEffects()
        rehearsal.run(minutes: 30, [(29, .measures("a1", .pass("1")))])
        #expect(measurements(of: "a1", in: rehearsal) == 0)
        #expect(
            rehearsal.wait(of: "a1").hasPrefix("paused: errors-low may not start now"),
            "\(rehearsal.wait(of: "a1"))")
        rehearsal.run(minutes: 33, [(31, LeverTests.order(.resume, run: "r"))])
        #expect(rehearsal.text.contains("31m a1 done"), "\(rehearsal.text)")
    }

    @Test func `the pause that a gate has brought ends for a node that is to ignore it`() {
        let rehearsal = timeline(
            20,
            [
                (1, .measures("a2", .fail("5"))),
                (8, LeverTests.order(.force, run: "r", "known") { $0.ignored = .gate }),
            ])
        #expect(
            rehearsal.text == """
                0m a1 starts
                5m a1 done
                5m paused: gate errors-low: bad: 5, before a2
                8m goes on (gate)
                8m a2 starts
                8m ann: the next node that r@2#1 starts ignores gate, through its whole sequence. Budget and quorum still \
                count; the pause by its gate ends
                13m a2 done
                13m completed
                """)
    }
}
