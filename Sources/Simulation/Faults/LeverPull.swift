import Primitives
import Scheduling

/// What an operator does with the levers. Nodes and policies are places in the scenario's lists.
package struct LeverPull: Hashable, Sendable {
    package enum Kind: Hashable, Sendable, CaseIterable {
        case hold, holdMode, keepOpen, release, releaseByForce, releaseAll, reserve
        case pause, pauseRun, pauseWithRestore, resume, resumeRun, abort, approve
        case skip, retry, forceWindow, forceExclusion, forceGate, start, resumeNode
    }

    package var kind: Kind
    package var node: Int
    package var policy: Int
    /// How long it holds, where it does.
    package var length: Duration
    package var actor: String
}
