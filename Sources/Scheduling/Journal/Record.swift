import ModeCore
import Primitives

/// One durable fact. The journal is a list of them; the ledger is their fold.
public struct Record: Hashable, Sendable, Codable {
    public var at: Moment
    public var fact: Fact

    public init(at: Moment, fact: Fact) {
        self.at = at
        self.fact = fact
    }
}

extension Record {
    public var isPoliciesLoaded: Bool { if case .policiesLoaded = fact { true } else { false } }
}

public enum Fact: Hashable, Sendable, Codable {
    /// A process of the daemon began: uptimes recorded before mean nothing from here on.
    case daemonStarted
    case policiesLoaded(PolicySet)
    /// What a node shows, where it differs from what it showed before.
    case nodeObserved(NodeID, NodeFacts)
    case runStarted(Run)
    case runChanged(RunID, RunPhase)
    case runEnded(RunID, RunOutcome)
    /// Its canary nodes were good for long enough: the others may follow.
    case runPromoted(RunID)
    /// Its progress deadline begins to count, or stops.
    case progressChanged(RunID, ProgressClock)
    /// The node's part in a run, whole.
    case nodeRunChanged(RunID, NodeRun)
    case holdPlaced(NodeID, Hold)
    case holdEnded(NodeID, owner: String)
    case modeIntended(ModeChange)
    case modeAnswered(NodeID, id: Int, ModeChangeAnswer)
    /// The intent is over: the node shows its target, or it shows something else and nothing is under way any more.
    case modeSettled(NodeID, id: Int, isReached: Bool)
    /// A write of nagi's that was given up arrived after all.
    case modeAdopted(NodeID, RequestableMode)
    /// The mode that nagi wrote is no longer there, and not to be taken back.
    case ownershipDropped(NodeID, reason: OwnershipLoss)
    /// Somebody else's stricter mode; nil: it is gone.
    case floorChanged(NodeID, RequestableMode?)
    case commandIntended(CommandStart)
    case commandEnded(CommandID, NodeID, CommandOutcome)
}

public enum OwnershipLoss: String, Hashable, Sendable, Codable {
    /// The node is `normal` although nagi did not make it so: loosened by hand, or restarted.
    case alreadyNormal
    /// Somebody else set another mode.
    case foreign
    /// The node left the policies.
    case removed
}

/// What is journaled of an observation: the slow facts, not the counters.
public struct NodeFacts: Hashable, Sendable, Codable {
    /// Nil: the node cannot be read.
    public var mode: ObservedMode?
    public var version: String?
    public var ready: Bool?
    public var isConnected: Bool?
    /// Why it cannot be read.
    public var failure: ReadFailure?

    public init(
        mode: ObservedMode?, version: String? = nil, ready: Bool? = nil, isConnected: Bool? = nil,
        failure: ReadFailure? = nil
    ) {
        self.mode = mode
        self.version = version
        self.ready = ready
        self.isConnected = isConnected
        self.failure = failure
    }
}
