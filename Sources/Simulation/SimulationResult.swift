import Scheduling

/// What a simulated run came to.
public struct SimulationResult: Sendable {
    public var seed: UInt64
    /// Two runs with the same digest did the same.
    public var digest: UInt64
    public var violations: [Violation]
    /// How many appends the journal took, over all processes of the daemon.
    public var appends: Int
    public var records: [Record]
    /// Live connections cut by commands of nagi's.
    public var callsCut: Int
    public var changesReceived: Int
    public var admitted: Int
    public var rejected: Int
    public var crashes: Int
    /// Filled where the scenario asks for it.
    public var trace: [String]
    public var finalStatus: StatusReport

    public var runs: [RunStatus] { finalStatus.runs }
}

/// An invariant that did not hold.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
    public enum Invariant: String, Hashable, Sendable {
        /// More nodes out of service than the budget allows.
        case budget = "S3"
        /// Closed for good, or disrupted, with calls still live.
        case order = "S5"
        /// A mode change was received whose intent was not durable.
        case intentBeforeEffect = "S6"
        /// Two open intents on one node.
        case oneOpenIntent = "S7"
        /// A mode was taken back that nagi had not set.
        case ownership = "S8"
        /// A run started twice.
        case oneRun = "S13"
        /// A node of a group started before the group before was finished and had waited.
        case groups
        /// A node started before the canary nodes were finished, good and had soaked.
        case canary
        /// The fold of the journal is not the ledger that the process had.
        case fold
        /// After the faults stopped, something did not come to rest.
        case liveness
        /// A command was started again without having failed, or beside itself.
        case commandTwice
        /// A node that its cluster does not see was opened.
        case isolation
        /// A command cost the cluster its majority.
        case quorum
    }

    public var invariant: Invariant
    public var after: Duration
    public var text: String

    public var description: String { "\(invariant.rawValue) after \(after): \(text)" }
}
