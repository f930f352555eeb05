import Primitives

/// Why a node is as it is, what comes next, and what can be typed.
package struct NodeExplanation: Hashable, Sendable {
    package var at: Timestamp
    package var node: NodeID
    package var status: NodeStatus
    /// The run that waits for it, or has it in work.
    package var run: RunID?
    package var hold: Hold?
    /// Where it is called, if no policy names it: the lists of its cluster do.
    package var foundAt: String?
    /// When policies that take the node may next act, the first one first.
    package var next: [NextOpening]
    /// Verbs that would change something now, as they are typed.
    package var levers: [String]

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
    package var levers: [String]
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
    case stop(StopAnswer)

    /// Of the past: nothing can be typed there any more.
    package mutating func forgetLevers() {
        switch self {
        case .node(var explanation):
            explanation.levers = []
            self = .node(explanation)
        case .run(var explanation):
            explanation.levers = []
            self = .run(explanation)
        case .stop: break
        }
    }
}
