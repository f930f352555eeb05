import ModeCore
import Primitives

/// What nagi wants of a node's mode.
package struct ModeWish: Hashable, Sendable {
    package enum Strength: Hashable, Sendable {
        /// A run's part, or a person's hold: a lost mode is put back.
        case firm
        /// A node that failed and stays: put back after a restart; a person who opens it has it.
        case yielding
    }

    /// The strictest claim; nil: there is none.
    package var mode: RequestableMode?
    package var strength: Strength = .firm
    /// New blocks may be placed: not while the clock is not trusted.
    package var mayRaise: Bool = true
}

/// What is known about a node when its mode is reconciled.
package struct ModeView: Hashable, Sendable {
    /// Freshly read; nil otherwise.
    package var mode: ObservedMode?
    /// A majority of the cluster's regular nodes lists it as connected; true where not clustered.
    package var isConnected: Bool = true
    /// Whether the node is in the life in which the written mode was last seen; nil: not known yet.
    package var isSameIncarnation: Bool? = true
    /// Somebody loosens the claimed mode again and again, and nothing disruptive runs.
    package var isContested: Bool = false
}

/// What is to be done about a node's mode now.
package enum Reconciliation: Hashable, Sendable {
    case inDesiredMode
    /// No claim, and nothing of nagi's to take back.
    case unmanaged
    case send(RequestableMode, ModeChange.Cause)
    case waiting(Wait)
    /// The written mode is gone: nothing is owed any more.
    case drop(OwnershipLoss)
    /// Somebody else's stricter mode appeared, changed or went.
    case setFloor(RequestableMode?)
    /// A write of nagi's own that it had given up: the mode is its own after all.
    case adopt(RequestableMode)

    package enum Wait: Hashable, Sendable {
        case unreadable, initial, unknownMode, isolated, contested, openChange, clock, incarnation
    }
}

/// Why a mode that nagi wrote is not nagi's any more.
package enum OwnershipLoss: String, Hashable, Sendable, Codable {
    /// The node is `normal` although nagi did not make it so: loosened by hand, or restarted.
    case alreadyNormal
    /// Somebody else set another mode.
    case foreign
    /// An operator wrote the debt off.
    case writtenOff
}

/// Compares what is wanted with what is, for one node.
///
/// - Returns: one step towards agreement. `drop`, `setFloor` and `adopt` are to be recorded and the question asked again.
package func reconcile(_ wish: ModeWish, view: ModeView, ledger: NodeLedger, at now: Timestamp) -> Reconciliation {
    guard ledger.open == nil else { return .waiting(.openChange) }
    guard let mode = view.mode else { return .waiting(.unreadable) }
    guard let observed = mode.requestable else {
        return .waiting(mode == .known(.initial) ? .initial : .unknownMode)
    }

    if observed > (ledger.written?.mode ?? .normal) {
        // Down to a floor it was somebody else's before it was written, and stays theirs.
        if ledger.floor != observed {
            return ledger.mayStillArrive(observed, at: now) ? .adopt(observed) : .setFloor(observed)
        }
    } else if let floor = ledger.floor, observed < floor {
        return .setFloor(nil)
    }

    guard let desired = wish.mode else { return release(observed, view: view, ledger: ledger) }
    let wanted = max(desired, ledger.floor ?? .normal)
    if observed < desired {
        // A mode that was there and is not any more was lost; one that never was is only claimed.
        guard let written = ledger.written?.mode, written > observed else {
            return wish.mayRaise ? .send(desired, .claim) : .waiting(.clock)
        }
        // A late write of nagi's own is nobody's hand: sent again.
        if ledger.mayStillArrive(observed, at: now) { return .send(desired, .restarted) }
        switch (view.isSameIncarnation, wish.strength) {
        case (nil, .yielding): return .waiting(.incarnation)
        case (true?, .yielding): return .drop(observed == .normal ? .alreadyNormal : .foreign)
        case (true?, .firm): return view.isContested ? .waiting(.contested) : .send(desired, .drift)
        case (nil, .firm): return view.isContested ? .waiting(.contested) : .send(desired, .restarted)
        case (false?, _): return .send(desired, .restarted)
        }
    }
    if observed > wanted, observed == ledger.written?.mode {
        if wanted == .normal, !view.isConnected { return .waiting(.isolated) }
        return .send(wanted, .claim)
    }
    return .inDesiredMode
}

/// Without claims the only write is to take back what nagi itself wrote, down to what somebody else wants.
private func release(_ observed: RequestableMode, view: ModeView, ledger: NodeLedger) -> Reconciliation {
    guard let written = ledger.written?.mode else { return .unmanaged }
    guard observed == written else { return .drop(observed == .normal ? .alreadyNormal : .foreign) }
    let target = ledger.floor ?? .normal
    guard target < observed else { return .drop(.foreign) }
    // A node that the others do not see may be serving channels that live elsewhere by now.
    guard target != .normal || view.isConnected else { return .waiting(.isolated) }
    return .send(target, .release)
}
