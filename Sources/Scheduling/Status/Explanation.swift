import ModeCore
import Primitives

/// Why a node is as it is, what comes next, and what can be typed.
package struct NodeExplanation: Hashable, Sendable {
    package var at: Timestamp
    package var node: NodeID
    package var status: NodeStatus
    /// The run that has it in work, or of those that wait for it the one that may take it soonest.
    package var run: RunID?
    /// What each run that waits for it waits for, the one that may take it soonest first.
    package var waits: [Wait] = []
    package var hold: Hold?
    /// Where it is called, if no policy names it: the lists of its cluster do.
    package var foundAt: String?
    /// When policies that take the node may next act, the first one first.
    package var next: [NextOpening]
    /// Verbs that would change something now, as they are typed.
    package var levers: [String]

    package struct Wait: Hashable, Sendable {
        package var run: RunID
        package var blockers: [Blocker]
    }

    package struct NextOpening: Hashable, Sendable {
        package var policy: String
        /// Nil: it may act now.
        package var opens: Timestamp?
        /// How long it may; nil: no end in sight.
        package var until: Timestamp?
    }
}

/// Why a run is where it is.
package struct RunExplanation: Hashable, Sendable {
    package var at: Timestamp
    package var id: RunID
    package var run: RunStatus
    package var pauses: [Pause]
    /// `Policy.asks`, while it goes on: what its nodes will wait for, also where that is not in the way yet.
    package var asks: [String] = []
    package var levers: [String]
}

/// Why a policy has no run now.
package struct PolicyExplanation: Hashable, Sendable {
    package var at: Timestamp
    package var policy: PolicyStatus
    package var cluster: String
    /// Its latest run, with its outcome, if one is remembered.
    package var latest: RunID?
    package var levers: [String] = []
}

/// What can be asked of the controller beside its status.
package enum Question: Hashable, Sendable {
    /// A node or a run, as it is written.
    case explain(String)
    case okToStop([String], most: Int, by: String)
}

package enum QuestionAnswer: Hashable, Sendable {
    case node(NodeExplanation)
    case run(RunExplanation)
    case policy(PolicyExplanation)
    case stop(StopAnswer)

    /// Of the past: nothing can be typed there any more, and what the journal does not know is not said.
    package mutating func becomePast() {
        switch self {
        case .node(var explanation):
            explanation.levers = []
            // Whether a blocked node was ready decides nothing, and is not written down when it changes.
            if explanation.status.observed != .known(.normal) { explanation.status.ready = nil }
            self = .node(explanation)
        case .run(var explanation):
            explanation.levers = []
            self = .run(explanation)
        case .policy(var explanation):
            explanation.levers = []
            self = .policy(explanation)
        case .stop: break
        }
    }
}
