import ModeCore
import Primitives

/// One durable fact. The journal is a list of them; the ledger is their fold.
package struct Record: Hashable, Sendable, Codable {
    package var at: Moment
    package var fact: Fact

    /// It only says how things go.
    package var isSample: Bool { if case .drainSampled = fact { true } else { false } }
    package var isPoliciesLoaded: Bool { if case .policiesLoaded = fact { true } else { false } }
}

package enum Fact: Hashable, Sendable, Codable {
    /// A process of the daemon began. Uptimes recorded in another boot of the host mean nothing from here on.
    /// `isObserving`: it sends nothing and runs no command, and what it decides uses nothing up.
    case daemonStarted(boot: String?, isObserving: Bool = false)
    /// Something is out of service, and time has passed: what the time left is counted from after a crash.
    case heartbeat([NodeMarks])
    case policiesLoaded(PolicySet)
    case membershipChanged(cluster: String, Membership)
    /// Nodes that no policy names were found by the lists of their cluster, moved, or are gone from them.
    case nodesFound(cluster: String, FoundNodes)
    /// The cluster has been within its budget since then; nil: it is not. While a run waits for that.
    case budgetKept(cluster: String, since: Timestamp?)
    /// What a node shows, where it differs from what it showed before. `skipped`: changes since the last one that were left
    /// out because they came too fast, and decided nothing.
    case nodeObserved(NodeID, NodeLedger.NodeFacts, IncarnationMarks?, skipped: Int)
    /// Another life of the node's process.
    case nodeRestarted(NodeID, IncarnationMarks)
    /// Somebody loosened the claimed mode, so many times within the time that counts.
    case nodeLoosened(NodeID, to: ObservedMode, times: Int? = nil)
    /// The cluster's lists show the name in the mode that nagi set at this address.
    case nodeShown(NodeID, address: String)
    /// A node keeps the address at which nagi last wrote, or has been seen at the new one.
    case addressMoved(NodeID)
    /// Nothing is owed in the cluster any more: its nodes that left the policies are not asked any longer.
    case leaversForgotten(cluster: String)
    /// How many calls a draining node has, and when that drain began.
    case drainSampled(NodeID, DrainCurve.Sample, of: Timestamp)
    case runStarted(Run)
    case runChanged(RunID, RunPhase)
    case runEnded(RunID, RunOutcome)
    /// The run, or everything (nil), takes no further node and starts no command; it replaces a pause of the same cause.
    case paused(RunID?, Pause)
    /// That pause is over.
    case resumed(RunID?, Pause.Cause)
    /// Its windows and exclusions say something else.
    case clearanceChanged(RunID, Clearance)
    /// Somebody said that it may start, or the time for that runs or stands.
    case approvalChanged(RunID, RunApproval)
    /// What one of its policy's gates, by its place, measured before the next node.
    case gateMeasured(RunID, Int, GateState)
    /// A `notify` step was reached: somebody is to be told.
    case noticed(RunID, NodeID, NotifyStep)
    /// Would start now, if the daemon did more than observe: its steps, and how long they may take; nil: until the window ends.
    case would(RunID, NodeID, steps: String, longest: Duration?)
    /// Its canary nodes were good for long enough: the others may follow.
    case runPromoted(RunID)
    /// An operator exempts the next node that the run starts.
    case forced(RunID, Force)
    /// That node has started, and what by whose word it need not wait for; nil: nobody wrote that down.
    case forceUsed(RunID, NodeID, Force? = nil)
    /// What its next node waits for is something else than before; nil: nothing, or no node is left.
    case runWaits(RunID, VerdictCode?)
    /// Its progress deadline begins to count, or stops.
    case progressChanged(RunID, Countdown)
    /// The node's part in a run, whole, by its place; the word of its step, and what the decision rests on.
    case partChanged(RunID, Int, Part, step: String?, Grounds?)
    /// It failed after commitment and stays shut; with what it was at.
    case stayPlaced(NodeID, FailedStay, StayedPart)
    case stayEnded(NodeID, reason: String)
    case holdPlaced(NodeID, Hold)
    case holdEnded(NodeID, reason: String)
    /// What nagi wrote is claimed by nobody any more: the node owes its release.
    case releaseOwed(NodeID)
    /// It is claimed again.
    case releaseClaimed(NodeID)
    case modeIntended(ModeChange)
    case modeAnswered(NodeID, id: Int, ModeChangeAnswer)
    /// The intent is over: the node shows its target, or it shows something else and nothing is under way any more.
    case modeSettled(NodeID, id: Int, isReached: Bool)
    /// The claimed mode was seen in the node's present life.
    case modeSeenAgain(NodeID)
    /// A write of nagi's that was given up arrived after all.
    case modeAdopted(NodeID, RequestableMode)
    /// The mode that nagi wrote is no longer there, and not to be taken back.
    case ownershipDropped(NodeID, reason: OwnershipLoss)
    /// Somebody else's stricter mode; nil: it is gone.
    case floorChanged(NodeID, RequestableMode?)
    case commandIntended(CommandStart)
    /// `step`: its name; `output`: the last of what it printed.
    case commandEnded(
        CommandID, NodeID, CommandOutcome, step: String? = nil, output: CommandOutput? = nil, run: RunID? = nil)
    /// An operator pulled a lever, and what it came to.
    case leverPulled(PulledLever)
    case alarmRaised(Alarm)
    case alarmEnded(Alarm.Key)
}

package struct NodeMarks: Hashable, Sendable, Codable {
    package var node: NodeID
    package var marks: IncarnationMarks
}

/// What a decision about a node rests on, so that decisions are a function of the journal.
package struct Grounds: Hashable, Sendable, Codable {
    package var mode: ObservedMode?
    package var readBegun: Moment?
    package var first: DrainEvidence.Counts?
    package var latest: DrainEvidence.Counts?
    /// How many of how many regular nodes list it as connected.
    package var votes: Int?
    package var regular: Int?
    package var ready: Bool?
    package var clearance: Clearance
}
