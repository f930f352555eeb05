import Primitives
import Scheduling
import Testing

@testable import Simulation

/// The daemon dies at each append of a run, before and after the records are durable, and between two effects: the run
/// comes to the same end.
struct CrashTests {
    enum Story: String, CaseIterable {
        case rollout, window, faults
        /// Every word that policies have.
        case words
    }

    /// Three hours. In a rollout three nodes are upgraded, the canary first, then group by group.
    static func scenario(_ story: Story, _ crash: CrashPoint?) -> Scenario {
        var scenario = Scenario.plain(seed: 8, rollout: story != .window)
        if story != .window {
            scenario.policies.policies[0].strategy = Strategy(
                canary: Canary(count: 1, soak: .minutes(2)), groups: Scenario.groups(wait: .minutes(3)),
                progressDeadline: .minutes(30))
        }
        if story == .words { scenario.useEveryWord() }
        if story == .faults {
            scenario.plan.faults = [
                PlannedFault(after: .seconds(30), fault: .node(0, .trouble(.answerLost, lasting: .minutes(1)))),
                PlannedFault(
                    after: .minutes(2), occasion: .whileCommitted,
                    fault: .node(0, .trouble(.hanging(.list), lasting: .seconds(30)))),
                PlannedFault(after: .minutes(5), occasion: .whileOut, fault: .node(0, .opened(.afterRead))),
                PlannedFault(
                    after: .minutes(6), occasion: .whileOut, fault: .node(0, .trouble(.late, lasting: .seconds(20)))),
                PlannedFault(
                    after: .minutes(10), occasion: .whileOut,
                    fault: .node(0, .trouble(.refusing(status: 429), lasting: .seconds(20)))),
            ]
        }
        scenario.plan.crashAtAppend = crash
        return scenario
    }

    @Test(arguments: Story.allCases) func `each story comes to its end without a crash`(story: Story) {
        let calm = World.run(CrashTests.scenario(story, nil))
        #expect(calm.violations.isEmpty, "\(calm.violations)")
        #expect(
            calm.runs.map(\.phase) == ["completed"],
            "\(calm.runs.map(\.text)) \(calm.records.suffix(12).compactMap(\.text))")
        #expect(calm.appends > 40)
        if story == .words {
            let kinds = Set(calm.records.map(\.fact.kind))
            let wanted = [
                "approval-changed", "gate-measured", "run-promoted", "noticed", "command-ended", "nodes-found",
                "membership-changed",
            ]
            #expect(kinds.isSuperset(of: wanted), "\(kinds.sorted())")
        }
    }

    /// A tenth of the appends of a story each, so that they run side by side.
    @Test(arguments: Story.allCases, 0..<10)
    func `a crash at each journal record changes nothing but the time`(story: Story, tenth: Int) {
        let appends = World.run(CrashTests.scenario(story, nil)).appends
        for append in 1...appends where append % 10 == tenth {
            for stage in CrashPoint.Stage.allCases { check(story, CrashPoint(append: append, stage: stage)) }
        }
    }

    private func check(_ story: Story, _ crash: CrashPoint) {
        let result = World.run(CrashTests.scenario(story, crash))
        let label: Comment = "\(story.rawValue): crash at append \(crash.append), \(crash.stage.rawValue)"
        #expect(result.violations.isEmpty, "\(label): \(result.violations)")
        #expect(result.crashes == 1 || crash.stage == .amidEffects, label)
        #expect(result.callsCut == 0, label)
        #expect(result.runs.map(\.phase) == ["completed"], "\(label): \(result.runs.map(\.text))")
        if story != .window {
            let versions = result.finalStatus.clusters.flatMap(\.nodes).map { $0.version ?? "?" }
            #expect(Set(versions) == ["2.0.0"], "\(label): \(versions)")
        }
        #expect(!CrashTests.hasSetback(result.records), label)
    }

    @Test func `a reload of the same policies in the middle of a run changes nothing`() {
        var scenario = CrashTests.scenario(.rollout, nil)
        scenario.plan = FaultPlan(faults: (1...120).map { PlannedFault(after: .seconds($0 * 20), fault: .reload) })
        let result = World.run(scenario)
        #expect(result.violations.isEmpty, "\(result.violations)")
        #expect(result.runs.map(\.phase) == ["completed"])
        #expect(!CrashTests.hasSetback(result.records))
    }

    /// A node was given back early, failed, or is kept: nothing that a crash alone may lead to.
    static func hasSetback(_ records: [Record]) -> Bool {
        var wasInWork: Set<NodeID> = []
        return records.contains { record in
            switch record.fact {
            case .partChanged(_, _, let part, _, _):
                if part.phase.isQueued, wasInWork.contains(part.node) { return true }
                if part.phase.isInWork { wasInWork.insert(part.node) }
                return part.isFailed
            case .stayPlaced, .holdPlaced: return true
            default: return false
            }
        }
    }
}

extension Scenario {
    /// A cluster of which no node is named, and a rollout that asks people, measures, tells, calls and ends calls.
    fileprivate mutating func useEveryWord() {
        policies.clusters[0].discovery = Discovery(
            seeds: policies.clusters[0].nodes.map(\.api), labels: ["zone": "a"])
        policies.clusters[0].nodes = []
        let gate = HealthGate(
            name: "errors-low",
            probe: .prometheus(PrometheusQuery(url: "http://prometheus/", query: "errors", max: 1)))
        var calm = gate
        calm.name = "calm"
        var rollout = policies.policies[0]
        rollout.kind = .rollout(revision: "2.0.0", approval: .standard)
        rollout.gates = [gate]
        rollout.schedule.startOnlyIf = .fits
        rollout.strategy = Strategy(
            canary: Canary(count: 1, soak: .minutes(2), promote: .manual), progressDeadline: .minutes(45))
        rollout.sequence = StepSequence(
            name: "words",
            steps: [
                .approval(Approval()), .drain(DrainStep(deadline: .minutes(4), onDeadline: .terminate)),
                .terminate(TerminateStep(reason: "maintenance")), .block,
                .notify(NotifyStep(notification: "team", text: "{node} is shut")), .gate(gate),
                .http(HTTPStep(request: HTTPRequest(method: .put, url: "http://balancer/{node}"), retries: 1)),
                .run(RunStep(name: "upgrade", command: ["/upgrade"], retries: 1, isDisruptive: true)),
                .verify(VerifyStep(connected: true, version: "{revision}", timeout: .minutes(10))), .gate(calm),
                .wait(.duration(.seconds(30))), .restore, .soak(.minutes(2)),
            ])
        policies.policies[0] = rollout
        plan.faults = [
            PlannedFault(after: .minutes(1), fault: .node(0, .hints(every: .seconds(1), lasting: .minutes(30))))
        ]
    }
}
