import ModeCore
import Primitives

/// Why something does not happen now: made where the decision is made, and read by status, clocks, wake-ups and wording.
package struct Blocker: Hashable, Sendable, Codable {
    /// What kind of thing would have to change.
    package enum Class: String, Hashable, Sendable, Codable, CaseIterable {
        /// Never without an edit.
        case config
        case human
        case clock
        case capacity
        case health
        case ours
    }

    /// In the order in which they are told: the first is the verdict.
    package enum Reason: Hashable, Sendable, Codable {
        case suspended
        /// No policy directory was read yet: nothing new starts.
        case policiesMissing
        case runPaused(Pause)
        /// Everything is.
        case allPaused(Pause)
        case runEnding(EndReason)
        case clock
        case excluded(by: String, reason: String?)
        case outsideWindow
        /// None starts in so much of a window's end.
        case cutoff(Duration)
        case wrongTopology
        /// The run's start waits for a person's word, and what that lets begin.
        case approval(String)
        case promotion
        /// Nodes in work wait for a person's word before their next step.
        case stepApproval([String])
        case canarySoak([String])
        /// Done, and not in service: its soak does not count.
        case canaryBroken(String)
        case canaryFirst([String])
        case groupFirst(String, [String])
        case groupWait(previous: String)
        case betweenNodes
        /// Given back for others' sake, and why: waits until the cluster was within budget for so long.
        case backOff(Duration, why: String?, holders: [String])
        case held(actor: String, reason: String)
        case keptOpen(actor: String, reason: String)
        case reserved(actor: String, reason: String)
        case nodeBusy(RunID)
        case failedStay(RunID)
        case owed
        case notRead
        case unreachable(ReadFailure)
        case stale
        case unknownMode(NodeText)
        case initial
        case foreign(RequestableMode)
        case faulted
        case isolated
        case notReady
        case notNormal(RequestableMode)
        /// The node says that it is normal, and the cluster's lists say otherwise of that name.
        case listedOtherwise(ObservedMode)
        case quorum(missing: [String])
        case runFull(have: Int, limit: Int, holders: [String])
        case budget(have: Int, limit: Int, holders: [String])
        /// Another node of the cluster has not yet been shown to be the one that the policies name.
        case identity(String)
        /// Something that the policy has measured before a node starts is not good, and why.
        case gate(name: String, String)
        /// Every node of the cluster is read once more before one is taken.
        case sweep
    }

    package var reason: Reason
    /// Nil: no end is known.
    package var until: Timestamp?
    /// Whose own state it is, where it stands in a run's way; nil: nobody's in particular, or it is said of a node anyway.
    package var node: NodeID?

    package init(_ reason: Reason, until: Timestamp? = nil, node: NodeID? = nil) {
        self.reason = reason
        self.until = until
        self.node = node
    }

    package var `class`: Class {
        switch reason {
        case .suspended, .wrongTopology, .unreachable(.notSent): .config
        case .policiesMissing, .runPaused, .allPaused, .approval, .promotion, .stepApproval, .held, .keptOpen,
            .reserved, .failedStay,
            .foreign:
            .human
        case .excluded, .outsideWindow, .cutoff, .canarySoak, .groupWait, .betweenNodes, .backOff: .clock
        case .canaryFirst, .groupFirst, .nodeBusy, .runFull, .budget, .quorum: .capacity
        case .canaryBroken, .notRead, .unreachable, .stale, .unknownMode, .initial, .faulted, .isolated, .notReady,
            .notNormal, .listedOtherwise, .gate:
            .health
        case .clock, .owed, .identity, .sweep, .runEnding: .ours
        }
    }

    package var code: VerdictCode {
        switch reason {
        case .suspended: .suspended
        case .policiesMissing: .waitingPolicies
        case .runPaused, .allPaused: .paused
        case .clock: .waitingClock
        case .excluded: .excluded
        case .outsideWindow, .cutoff: .waitingWindow
        case .wrongTopology: .wrongTopology
        case .approval, .promotion, .stepApproval: .waitingApproval
        case .gate: .waitingGate
        case .runEnding, .canarySoak, .canaryBroken, .canaryFirst, .groupFirst, .groupWait, .betweenNodes, .runFull,
            .identity:
            .waitingPrevious
        case .backOff, .budget, .sweep: .waitingBudget
        case .held: .held
        case .keptOpen: .keptOpen
        case .reserved: .reserved
        case .nodeBusy: .nodeBusy
        case .failedStay: .failed
        case .owed: .owed
        case .notRead: .notReadYet
        case .unreachable: .unreachable
        case .stale: .stale
        case .unknownMode: .unknownMode
        case .initial: .initial
        case .foreign, .notNormal: .foreign
        case .faulted: .faulted
        case .isolated: .isolated
        case .notReady: .stale
        case .listedOtherwise: .wrongAddress
        case .quorum: .waitingQuorum
        }
    }

    /// The policy itself orders the wait: it is no lack of progress.
    package var isOrdered: Bool {
        switch reason {
        case .approval, .promotion, .stepApproval, .canarySoak, .groupWait, .betweenNodes: true
        default: false
        }
    }
}

/// May a node of the run start now? Start it, or everything that stands in the way, the most important first.
package enum StartDecision: Hashable, Sendable {
    case start(part: Int)
    case wait([Blocker])

    /// Empty: it starts.
    package var blockers: [Blocker] { if case .wait(let blockers) = self { blockers } else { [] } }
}

/// What is going on with a node, in one word. The closed list; later versions add none without a new API version.
package enum VerdictCode: String, Hashable, Sendable, Codable, CaseIterable {
    case inDesiredMode = "in-desired-mode"
    case unmanaged
    case draining
    case blocked
    case runningCommand = "running-command"
    case rejoining
    case verifying
    case restoring
    case soaking
    case waitingStep = "waiting-step"
    case waitingWindow = "waiting-window"
    case excluded
    case suspended
    case waitingBudget = "waiting-budget"
    case waitingQuorum = "waiting-quorum"
    case waitingGate = "waiting-gate"
    case waitingApproval = "waiting-approval"
    case waitingPrevious = "waiting-previous"
    case waitingClock = "waiting-clock"
    case waitingPolicies = "waiting-policies"
    case notReadYet = "not-read-yet"
    case nodeBusy = "node-busy"
    case reserved
    case held
    case keptOpen = "kept-open"
    case paused
    case foreign
    case contested
    case faulted
    case refused
    case isolated
    case initial
    case unreachable
    case stale
    case unknownMode = "unknown-mode"
    case notListed = "not-listed"
    case wrongAddress = "wrong-address"
    case wrongTopology = "wrong-topology"
    case owed
    case failed
    case notCovered = "not-covered"
    case journalLost = "journal-lost"
    case would
}
