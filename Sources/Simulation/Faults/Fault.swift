import Primitives

/// One thing that goes wrong, or that people do. Nodes are places in the scenario's list.
package enum Fault: Hashable, Sendable {
    /// Something about one node.
    case node(Int, NodeFault)
    /// So many nodes at once, from that one on.
    case nodesRestart(first: Int, count: Int, away: Duration)
    /// So many nodes, from that one on, see only each other.
    case split(first: Int, count: Int, lasting: Duration)
    /// Two nodes take each other's addresses; the policies follow after so long.
    case swapped(node: Int, other: Int, policiesAfter: Duration)

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
    /// An operator pulls a lever, in whatever moment.
    case lever(LeverPull)

    /// The daemon's wall clock is off for one event only.
    case wallSample(by: Duration)
    /// It jumps, and back after so long; nil: never back.
    case wallJump(by: Duration, lasting: Duration?)
    /// It gains so many nanoseconds a second.
    case wallDrift(nanosecondsPerSecond: Int64, lasting: Duration)

    /// The names of all that are drawn one by one, in the order in which they are; edits are drawn apart.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case nodeRestart, nodesRestart, gone, isolated, split, fileFault, neverDrains
        case unreachable, silent, failing, hanging, broken, slow
        case answerLost, late, repeated, ignored, refusing, lying
        case blocked, opened, loosened
        case daemonCrash, hostReboot, stall, slowAppend, reload, directoryBroken, moved, swapped
        case wallSample, wallJump, wallDrift, hints
    }

    /// That of its kind.
    var name: String {
        switch self {
        case .node(_, .trouble(let trouble, _)): caseName(of: trouble)
        case .node(_, let fault): caseName(of: fault)
        case .lever(let pull): "lever-\(pull.kind)"
        default: caseName(of: self)
        }
    }

    /// The node that it is about, where it is about one.
    var node: Int? {
        switch self {
        case .node(let node, _): node
        case .lever(let pull): pull.node
        default: nil
        }
    }

    /// The same about another node.
    func about(_ node: Int) -> Fault {
        switch self {
        case .node(_, let fault): return .node(node, fault)
        case .lever(var pull):
            pull.node = node
            return .lever(pull)
        default: return self
        }
    }
}

/// The name of the case that a value is, without what it carries.
func caseName<Value>(of value: Value) -> String { String("\(value)".prefix { $0 != "(" }) }
