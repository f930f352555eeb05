import ModeCore

/// What is known about a node when its mode is reconciled.
public struct NodeView: Hashable, Sendable {
    /// The latest read succeeded and is recent enough.
    public var isReadable: Bool
    public var mode: ObservedMode?
    /// A majority of the cluster's regular nodes lists it as connected; true where not clustered.
    public var isConnected: Bool
    /// It was restarted, or was away, since the written mode was last seen on it.
    public var isRestarted: Bool
    /// Targets of recent writes that may still arrive.
    public var doubts: [RequestableMode]

    public init(
        isReadable: Bool, mode: ObservedMode?, isConnected: Bool, isRestarted: Bool, doubts: [RequestableMode] = []
    ) {
        self.doubts = doubts
        self.isReadable = isReadable
        self.mode = mode
        self.isConnected = isConnected
        self.isRestarted = isRestarted
    }
}

/// What is to be done about a node's mode now.
public enum Reconciliation: Hashable, Sendable {
    case inDesiredMode
    /// No claim, and nothing of nagi's to take back.
    case unmanaged
    case send(RequestableMode, ModeChange.Cause)
    case waiting(WaitReason)
    /// The written mode is gone: forget it.
    case drop(OwnershipLoss)
    /// Somebody else's stricter mode appeared, changed or went.
    case setFloor(RequestableMode?)
    /// A write of nagi's own that it had given up: the mode is its own after all.
    case adopt(RequestableMode)

    public enum WaitReason: Hashable, Sendable {
        case unreadable, initial, unknownMode, isolated, contested, openChange
    }
}

/// How often somebody else may loosen a claimed mode within ten minutes before nagi stops and raises an alarm.
public let contestedAfter = 3

/// Compares what is wanted with what is, for one node.
///
/// - Parameters:
///   - desired: the strictest claim; nil without claims.
///   - ledger: what nagi wrote, what is under way, what somebody else set.
/// - Returns: one step towards agreement. `drop`, `setFloor` and `adopt` are to be recorded and the question asked again.
public func reconcile(desired: RequestableMode?, view: NodeView, ledger: NodeLedger) -> Reconciliation {
    guard ledger.open == nil else { return .waiting(.openChange) }
    guard view.isReadable, let mode = view.mode else { return .waiting(.unreadable) }
    guard let observed = mode.requestable else {
        return .waiting(mode == .known(.initial) ? .initial : .unknownMode)
    }

    if observed > (ledger.written ?? .normal) {
        if view.doubts.contains(observed) { return .adopt(observed) }
        if ledger.floor != observed { return .setFloor(observed) }
    } else if let floor = ledger.floor, observed < floor {
        return .setFloor(nil)
    }

    guard let desired else { return release(observed, view: view, ledger: ledger) }
    let wanted = max(desired, ledger.floor ?? .normal)
    if observed < desired {
        // A mode that was there and is not any more was lost; one that never was is only claimed.
        guard let written = ledger.written, written > observed else { return .send(desired, .claim) }
        if view.isRestarted { return .send(desired, .restarted) }
        return ledger.drifts.count >= contestedAfter ? .waiting(.contested) : .send(desired, .drift)
    }
    if observed > wanted, observed == ledger.written {
        if wanted == .normal, !view.isConnected { return .waiting(.isolated) }
        return .send(wanted, .claim)
    }
    return .inDesiredMode
}

/// Without claims the only write is to take back what nagi itself wrote, down to what somebody else wants.
private func release(_ observed: RequestableMode, view: NodeView, ledger: NodeLedger) -> Reconciliation {
    guard let written = ledger.written else { return .unmanaged }
    guard observed == written else { return .drop(observed == .normal ? .alreadyNormal : .foreign) }
    let target = ledger.floor ?? .normal
    guard target < observed else { return .drop(.foreign) }
    // A node that the others do not see may be serving channels that live elsewhere by now.
    guard target != .normal || view.isConnected else { return .waiting(.isolated) }
    return .send(target, .release)
}
