import Primitives

/// What is going on with a node, why, and until when. Every node always has exactly one.
public struct Verdict: Hashable, Sendable, Codable {
    /// The closed list; later versions add none without a new API version.
    public enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        case inDesiredMode = "in-desired-mode"
        case unmanaged
        case draining
        case blocked
        case runningCommand = "running-command"
        case rejoining
        case verifying
        case restoring
        case soaking
        case waitingWindow = "waiting-window"
        case excluded
        case suspended
        case waitingBudget = "waiting-budget"
        case waitingGate = "waiting-gate"
        case waitingApproval = "waiting-approval"
        case waitingPrevious = "waiting-previous"
        case nodeBusy = "node-busy"
        case held
        case keptOpen = "kept-open"
        case paused
        case foreign
        case contested
        case faulted
        case isolated
        case initial
        case unreachable
        case stale
        case unknownMode = "unknown-mode"
        case failed
        case notCovered = "not-covered"
        case would
    }

    public var code: Code
    public var text: String
    public var until: Timestamp?

    public init(_ code: Code, _ text: String, until: Timestamp? = nil) {
        self.code = code
        self.text = text
        self.until = until
    }
}
