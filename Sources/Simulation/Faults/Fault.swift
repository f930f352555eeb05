import ModeCore
import Primitives

/// One thing that goes wrong, or that people do. Nodes are places in the scenario's list.
package enum Fault: Hashable, Sendable {
    /// Restarted by hand; away for so long, joins by itself.
    case nodeRestart(node: Int, away: Duration)
    /// So many nodes at once, from that one on.
    case nodesRestart(first: Int, count: Int, away: Duration)
    /// Stops and never comes back.
    case gone(node: Int)
    /// Cut off from the other nodes of the cluster.
    case isolated(node: Int, lasting: Duration)
    /// So many nodes, from that one on, see only each other.
    case split(first: Int, count: Int, lasting: Duration)
    /// A file operation of the node fails: it blocks itself. Somebody opens it after so long; nil: nobody does.
    case fileFault(node: Int, lasting: Duration?)
    /// Its calls do not end any more.
    case neverDrains(node: Int)

    /// Nothing answers on the node's ports, while its calls go on.
    case unreachable(node: Int, lasting: Duration)
    /// Accepts and never answers.
    case silent(node: Int, lasting: Duration)
    /// Answers 500 to everything.
    case failing(node: Int, lasting: Duration)
    /// One call is accepted and never answered; the others work.
    case hanging(node: Int, call: Call, lasting: Duration)
    /// One call answers 500; the others work.
    case broken(node: Int, call: Call, lasting: Duration)
    /// Every call takes so much longer.
    case slow(node: Int, by: Duration, lasting: Duration)

    /// Does what it is told and the answer is lost.
    case answerLost(node: Int, lasting: Duration)
    /// ChangeMode is done only after its caller has given up, and perhaps after later ones.
    case late(node: Int, lasting: Duration)
    /// ChangeMode is done, and once more much later.
    case repeated(node: Int, lasting: Duration)
    /// ChangeMode is answered with 200, and not done.
    case ignored(node: Int, lasting: Duration)
    /// ChangeMode is refused, 403 or 429.
    case refusing(node: Int, status: Int, lasting: Duration)

    /// What its list of members says is not so.
    case lying(node: Int, lie: Lie, lasting: Duration)

    /// Somebody blocks it by hand, if it is less strict, and takes that back after so long; nil: never.
    case blocked(node: Int, mode: RequestableMode, lasting: Duration?)
    /// Somebody opens it by hand.
    case opened(node: Int, timing: Timing)
    /// Somebody sets `block_new_session` where it is `block_new_connection`.
    case loosened(node: Int)

    case daemonCrash(away: Duration)
    /// The daemon's machine: its commands die, its uptime begins anew, and its wall clock may be off by that.
    case hostReboot(away: Duration, wallOff: Duration)
    /// Nothing of the daemon's process moves for so long; then it goes on as if nothing had been.
    case stall(lasting: Duration)
    /// The journal takes so long for its next append.
    case slowAppend(lasting: Duration)
    /// The policies are loaded again, the same ones.
    case reload
    /// The directory of the policies cannot be read: a daemon that starts meanwhile has the stored ones only.
    case directoryBroken(lasting: Duration)
    case edit(Edit)
    /// The node's address becomes another one; the policies follow after so long.
    case moved(node: Int, policiesAfter: Duration)
    /// Two nodes take each other's addresses; the policies follow after so long.
    case swapped(node: Int, other: Int, policiesAfter: Duration)

    /// The daemon's wall clock is off for one event only.
    case wallSample(by: Duration)
    /// It jumps, and back after so long; nil: never back.
    case wallJump(by: Duration, lasting: Duration?)
    /// It gains so many nanoseconds a second.
    case wallDrift(nanosecondsPerSecond: Int64, lasting: Duration)
    /// Webhooks, real and forged, one every so often.
    case hints(node: Int, every: Duration, lasting: Duration)

    /// The calls of one read.
    package enum Call: String, Hashable, Sendable, CaseIterable {
        case mode, stats, list, ready
    }

    package enum Lie: String, Hashable, Sendable, CaseIterable {
        /// Members that nobody else knows.
        case others
        /// More members than a list may have, or as many.
        case thousand
        /// Nobody but itself.
        case alone
        /// Nobody at all.
        case empty
        /// Everybody, without modes.
        case withoutModes
    }

    /// When somebody acts, beside the daemon's own calls.
    package enum Timing: String, Hashable, Sendable, CaseIterable {
        case anyTime
        /// Right before or right after the node answers a read.
        case beforeRead, afterRead
        /// Between the read before a write and the write.
        case beforeWrite
        /// Right after nagi's write.
        case afterWrite
        /// Right after nagi has closed it for good.
        case afterBlock
    }

    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case nodeRestart, nodesRestart, gone, isolated, split, fileFault, neverDrains
        case unreachable, silent, failing, hanging, broken, slow
        case answerLost, late, repeated, ignored, refusing, lying
        case blocked, opened, loosened
        case daemonCrash, hostReboot, stall, slowAppend, reload, directoryBroken, edit, moved, swapped
        case wallSample, wallJump, wallDrift, hints
    }
}

extension Fault {
    package var kind: Kind {
        switch self {
        case .nodeRestart: .nodeRestart
        case .nodesRestart: .nodesRestart
        case .gone: .gone
        case .isolated: .isolated
        case .split: .split
        case .fileFault: .fileFault
        case .neverDrains: .neverDrains
        case .unreachable: .unreachable
        case .silent: .silent
        case .failing: .failing
        case .hanging: .hanging
        case .broken: .broken
        case .slow: .slow
        case .answerLost: .answerLost
        case .late: .late
        case .repeated: .repeated
        case .ignored: .ignored
        case .refusing: .refusing
        case .lying: .lying
        case .blocked: .blocked
        case .opened: .opened
        case .loosened: .loosened
        case .daemonCrash: .daemonCrash
        case .hostReboot: .hostReboot
        case .stall: .stall
        case .slowAppend: .slowAppend
        case .reload: .reload
        case .directoryBroken: .directoryBroken
        case .edit: .edit
        case .moved: .moved
        case .swapped: .swapped
        case .wallSample: .wallSample
        case .wallJump: .wallJump
        case .wallDrift: .wallDrift
        case .hints: .hints
        }
    }

    /// The node that it is about, where it is about one.
    package var node: Int? {
        switch self {
        case .nodeRestart(let node, _), .gone(let node), .isolated(let node, _), .fileFault(let node, _),
            .neverDrains(let node), .unreachable(let node, _), .silent(let node, _), .failing(let node, _),
            .hanging(let node, _, _), .broken(let node, _, _), .slow(let node, _, _), .answerLost(let node, _),
            .late(let node, _), .repeated(let node, _), .ignored(let node, _), .refusing(let node, _, _),
            .lying(let node, _, _), .blocked(let node, _, _), .opened(let node, _), .loosened(let node),
            .moved(let node, _), .hints(let node, _, _):
            node
        case .nodesRestart, .split, .swapped, .daemonCrash, .hostReboot, .stall, .slowAppend, .reload,
            .directoryBroken, .edit, .wallSample, .wallJump, .wallDrift:
            nil
        }
    }

    /// The same about another node.
    package func about(_ node: Int) -> Fault {
        switch self {
        case .nodeRestart(_, let away): .nodeRestart(node: node, away: away)
        case .gone: .gone(node: node)
        case .isolated(_, let lasting): .isolated(node: node, lasting: lasting)
        case .fileFault(_, let lasting): .fileFault(node: node, lasting: lasting)
        case .neverDrains: .neverDrains(node: node)
        case .unreachable(_, let lasting): .unreachable(node: node, lasting: lasting)
        case .silent(_, let lasting): .silent(node: node, lasting: lasting)
        case .failing(_, let lasting): .failing(node: node, lasting: lasting)
        case .hanging(_, let call, let lasting): .hanging(node: node, call: call, lasting: lasting)
        case .broken(_, let call, let lasting): .broken(node: node, call: call, lasting: lasting)
        case .slow(_, let by, let lasting): .slow(node: node, by: by, lasting: lasting)
        case .answerLost(_, let lasting): .answerLost(node: node, lasting: lasting)
        case .late(_, let lasting): .late(node: node, lasting: lasting)
        case .repeated(_, let lasting): .repeated(node: node, lasting: lasting)
        case .ignored(_, let lasting): .ignored(node: node, lasting: lasting)
        case .refusing(_, let status, let lasting): .refusing(node: node, status: status, lasting: lasting)
        case .lying(_, let lie, let lasting): .lying(node: node, lie: lie, lasting: lasting)
        case .blocked(_, let mode, let lasting): .blocked(node: node, mode: mode, lasting: lasting)
        case .opened(_, let timing): .opened(node: node, timing: timing)
        case .loosened: .loosened(node: node)
        case .moved(_, let after): .moved(node: node, policiesAfter: after)
        case .hints(_, let every, let lasting): .hints(node: node, every: every, lasting: lasting)
        case .nodesRestart, .split, .swapped, .daemonCrash, .hostReboot, .stall, .slowAppend, .reload,
            .directoryBroken, .edit, .wallSample, .wallJump, .wallDrift:
            self
        }
    }
}
