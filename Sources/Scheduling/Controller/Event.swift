import Primitives

/// What happens to the controller. Each is a fact from outside; none is a decision.
public enum Event: Hashable, Sendable {
    /// The first event after a start, once the ledger is folded from the journal.
    case started
    case policiesLoaded(PolicySet)
    case observed(Observation)
    case readFailed(NodeID, begun: Moment, ReadFailure)
    /// The answer to a `send`; `ModeChange.id`.
    case answered(Int, ModeChangeAnswer)
    case commandEnded(CommandID, CommandOutcome)
    /// Something said that the node is worth a look now (a webhook). Brings its next read forward, nothing else.
    case hinted(NodeID)
    /// Time has passed.
    case ticked
}

/// What the controller wants done. Performed in order; `append` is always first and durable before the rest starts.
public enum Effect: Hashable, Sendable {
    case append([Record])
    /// Read everything about the node; ends in `observed` or `readFailed`.
    case read(NodeID)
    /// Read the mode, ask `permission(reading:)`, and write. Ends in `answered`.
    case send(ModeChange)
    /// Start a command; ends in `commandEnded`.
    case start(CommandStart)
    /// After a restart: read the command's outcome, or adopt it while it lives, or make sure that it never starts. Ends in
    /// `commandEnded`.
    case recover(CommandStart)
}
