import ModeCore
import Primitives

/// Which nodes of a cluster are taken out of service, when, how, and in what order.
///
/// Written as a MaintenanceWindow or as a Rollout: these differ in what makes a run, and in nothing else.
package struct Policy: Hashable, Sendable, Codable {
    package enum Kind: Hashable, Sendable, Codable {
        /// One run for each occurrence of its windows.
        case maintenanceWindow
        /// One run for each revision: brings the nodes to it, and leaves alone those whose version equals it already.
        /// Without an approval the run starts by itself.
        case rollout(revision: String, approval: Approval?)
    }

    /// Unique among the policies of both kinds.
    package var name: String
    package var cluster: String
    package var selector: Selector
    package var schedule: PolicySchedule
    package var strategy: Strategy
    package var sequence: StepSequence
    /// What must be good before each node starts.
    package var gates: [HealthGate]
    package var onDrift: OnDrift
    /// The policy starts nothing.
    package var isSuspended: Bool
    package var kind: Kind

    package init(
        name: String, cluster: String, selector: Selector = .all, schedule: PolicySchedule,
        strategy: Strategy = .standard, sequence: StepSequence = .drainThenBlock, gates: [HealthGate] = [],
        onDrift: OnDrift = .standard, isSuspended: Bool = false, kind: Kind = .maintenanceWindow
    ) {
        self.name = name
        self.cluster = cluster
        self.selector = selector
        self.schedule = schedule
        self.strategy = strategy
        self.sequence = sequence
        self.gates = gates
        self.onDrift = onDrift
        self.isSuspended = isSuspended
        self.kind = kind
    }

    /// Of a rollout.
    package var revision: String? {
        if case .rollout(let revision, _) = kind { revision } else { nil }
    }

    package var isRollout: Bool { revision != nil }

    /// Something is measured before a node starts or in its sequence.
    package var hasGate: Bool {
        !gates.isEmpty || sequence.steps.contains { if case .gate = $0 { true } else { false } }
    }

    /// What its runs wait for beside time and nodes, in words: people and measurements.
    ///
    /// - Parameter isApproved: its start is.
    package func asks(isApproved: Bool = false) -> [String] {
        var asks: [String] = []
        if !isApproved, case .rollout(_, let approval?) = kind {
            asks.append("an approval of its start (within \(approval.timeout.spoken) of open time)")
        }
        asks += gates.map { "gate \($0.name) before each node" }
        for step in sequence.steps {
            switch step {
            case .approval(let approval):
                asks.append("an approval of each node (within \(approval.timeout.spoken) of open time)")
            case .gate(let gate): asks.append("gate \(gate.name) of each node")
            default: break
            }
        }
        if strategy.canary?.promote == .manual { asks.append("a word to promote its canary") }
        return asks
    }

    /// In which of what a run pins another text of the policy differs, in the words of the policy; suspension and exclusions
    /// are never pinned.
    package func edits(to other: Policy) -> [String] {
        func approval(_ policy: Policy) -> Approval? {
            if case .rollout(_, let wanted) = policy.kind { wanted } else { nil }
        }
        let schedules = (schedule, other.schedule)
        let edits = [
            ("selector", selector != other.selector),
            ("windows", schedules.0.windows != schedules.1.windows),
            ("cutoff", schedules.0.cutoff != schedules.1.cutoff),
            ("startOnlyIf", schedules.0.startOnlyIf != schedules.1.startOnlyIf),
            ("onWindowEnd", schedules.0.onWindowEnd != schedules.1.onWindowEnd),
            ("strategy", strategy != other.strategy), ("sequence", sequence != other.sequence),
            ("gates", gates != other.gates), ("onDrift", onDrift != other.onDrift),
            ("approval", approval(self) != approval(other)),
        ]
        return edits.filter(\.1).map(\.0)
    }

    /// The version that a node shows when it has the revision: as the sequence verifies it, else the revision itself.
    package var wantedVersion: String? {
        guard let revision else { return nil }
        for case .verify(let verify) in sequence.steps.reversed() where verify.usesRevision {
            return verify.wantedVersion(revision: revision)
        }
        return revision
    }
}

/// What follows when a person opens a node that the run has out of service and not yet committed.
package enum OnDrift: String, Hashable, Sendable, Codable, CaseIterable {
    /// The node is closed again.
    case reassert
    /// The node is given back, and left alone in this run.
    case yield

    package static let standard = OnDrift.reassert
}

extension Policy {
    /// No node is started this close to the end of its open time: the cutoff, or more where only nodes that fit are started.
    package var startMargin: Duration {
        switch schedule.startOnlyIf {
        case .always: schedule.cutoff
        case .fits: max(schedule.cutoff, sequence.longestInWindow)
        }
    }
}
