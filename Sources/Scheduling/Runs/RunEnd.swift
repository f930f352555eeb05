import Primitives

package enum RunPhase: Hashable, Sendable, Codable {
    case active
    /// Gives back what it may and ends.
    case ending(EndReason)

}

/// Why a run ends before all its nodes are done.
package enum EndReason: Hashable, Sendable, Codable, CustomStringConvertible {
    case windowEnded
    case suspended
    case policyRemoved
    /// Of one node's part: the node is not in the policies any more.
    case nodeRemoved
    /// A newer revision has its own run.
    case superseded
    /// Its policy was edited before a node was touched: another run does what it says now. What was edited.
    case edited([String])
    /// A drain's deadline with `onDeadline: abort`, or an operator.
    case aborted(String)

    /// The revision may run again: not what the run did ended it.
    package var leavesRevisionOpen: Bool {
        switch self {
        case .suspended, .policyRemoved, .superseded, .edited: true
        case .windowEnded, .nodeRemoved, .aborted: false
        }
    }

    package var description: String {
        switch self {
        case .windowEnded: "the window ended"
        case .suspended: "the policy is suspended"
        case .policyRemoved: "the policy is gone"
        case .nodeRemoved: "the node is not in the policies any more"
        case .superseded: "a newer revision took over"
        case .edited(let what): "the policy was edited before it began: \(NameList.text(what))"
        case .aborted(let reason): reason
        }
    }
}

package enum RunOutcome: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Every node is done or was already there.
    case completed
    /// It ended in order, and some nodes were not done.
    case partial(EndReason?)
    /// At least one node failed.
    case failed
    /// It was only decided, and nothing was done.
    case observed

    package var word: String {
        switch self {
        case .completed: "completed"
        case .partial: "partial"
        case .failed: "failed"
        case .observed: "observed"
        }
    }

    package var description: String {
        switch self {
        case .completed, .failed, .observed: word
        case .partial(let reason): "partial" + (reason.map { ": \($0)" } ?? "")
        }
    }
}
