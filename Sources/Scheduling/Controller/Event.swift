import ModeCore
import Primitives

/// What happens to the controller. Each is a fact from outside; none is a decision.
package enum Event: Hashable, Sendable {
    /// The first event after a start, once the ledger is folded from the journal. `boot` identifies the boot of the host;
    /// nil: not known.
    /// `isObserving`: nothing is to be sent and no command run.
    case started(boot: String?, isObserving: Bool = false)
    case policiesLoaded(PolicySet)
    /// The mode of a node: read alone, or the first word of a whole read.
    case modeSeen(NodeID, ReadScope, begun: Moment, ObservedMode)
    /// The same at the address that the policies name now, while nagi keeps to the one before.
    case seenAtNewAddress(NodeID, ObservedMode)
    case observed(Observation)
    case readFailed(NodeID, ReadScope, begun: Moment, ReadFailure)
    /// What a seed of a cluster's discovery said.
    case seedAnswered(cluster: String, seed: String, SeedAnswer)
    /// The answer to a `send`; `ModeChange.id`.
    case answered(Int, ModeChangeAnswer)
    case commandEnded(CommandID, CommandOutcome, output: CommandOutput? = nil)
    /// What a measurement said; `Measurement.id`.
    case measured(Int, GateResult)
    /// Something said that the node is worth a look now (a webhook). Brings its next read forward, nothing else.
    case hinted(NodeID)
    /// An operator wants something; ends in an `answer` with the same ticket.
    case pulled(Pull, ticket: Int)
    /// Time has passed.
    case ticked
}

package enum SeedAnswer: Hashable, Sendable {
    case members([ClusterMember])
    case failed(ReadFailure)
}

/// How much of a node is read.
package enum ReadScope: Hashable, Sendable {
    /// Everything; ends in `observed` or `readFailed`.
    case whole
    /// The mode alone; ends in `modeSeen` or `readFailed`. Goes before whole reads of other nodes.
    case mode
    /// The mode at the address that the policies name now, while nagi keeps to the one before; ends in
    /// `seenAtNewAddress` or `readFailed`.
    case newAddress
}

/// What the controller wants done. `append` is always first. Sends and commands are performed in order, when it is durable; a
/// read changes nothing and waits for no disk.
package enum Effect: Hashable, Sendable {
    case append([Record])
    case read(NodeID, ReadScope, at: NodeAddress)
    /// Ask a seed of a cluster's discovery for the members of its cluster; ends in `seedAnswered`.
    case askSeed(cluster: String, seed: String)
    /// Read the mode, ask `permission(reading:)`, and write, unless it is later than `notAfter`. Ends in `answered`.
    case send(ModeChange, to: NodeAddress)
    /// Start a command, unless it is later than its `notAfter`; ends in `commandEnded`.
    case start(CommandStart)
    /// After a restart: read the command's outcome, or adopt it while it lives, or make sure that it never starts. Ends in
    /// `commandEnded`.
    case recover(CommandStart)
    /// Measure a gate; ends in `measured`. Nothing in the world changes by it, so nothing is durable before it.
    case measure(Measurement)
    /// End a command that runs; what it came to is still told by `commandEnded`.
    case stop(CommandID)
    /// To whoever holds the ticket: what the lever did, durable by then, or why it did nothing.
    case answer(Int, Result<LeverAnswer, LeverRefusal>)
}
