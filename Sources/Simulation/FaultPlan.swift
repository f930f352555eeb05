import ModeCore
import Primitives

/// What goes wrong, and when: drawn before the run starts, as data, so that a failing plan can be read and made smaller.
public struct FaultPlan: Hashable, Sendable {
    public var faults: [PlannedFault]
    /// The daemon dies at this append to the journal, counted from 1.
    public var crashAtAppend: CrashPoint?

    public init(faults: [PlannedFault] = [], crashAtAppend: CrashPoint? = nil) {
        self.faults = faults
        self.crashAtAppend = crashAtAppend
    }
}

public struct CrashPoint: Hashable, Sendable {
    public var append: Int
    /// Before the records are durable, or after that and before any effect.
    public var isDurable: Bool

    public init(append: Int, isDurable: Bool) {
        self.append = append
        self.isDurable = isDurable
    }
}

public struct PlannedFault: Hashable, Sendable {
    /// Since the start of the run.
    public var after: Duration
    public var fault: Fault

    public init(after: Duration, fault: Fault) {
        self.after = after
        self.fault = fault
    }
}

public enum Fault: Hashable, Sendable {
    /// Restarted by hand; away for so long, joins by itself.
    case nodeRestart(node: Int, away: Duration)
    /// Nothing answers on the node's ports, while its calls go on.
    case unreachable(node: Int, lasting: Duration)
    /// Accepts and never answers.
    case silent(node: Int, lasting: Duration)
    /// Answers 500 to everything.
    case failing(node: Int, lasting: Duration)
    /// Does what it is told and the answer is lost.
    case answerLost(node: Int, lasting: Duration)
    /// Cut off from the other nodes of the cluster.
    case isolated(node: Int, lasting: Duration)
    /// Somebody sets a mode by hand, and takes it back later.
    case foreign(node: Int, mode: RequestableMode, lasting: Duration)
    case daemonCrash(away: Duration)
    /// The policies are loaded again, the same ones.
    case reload
    /// ListClusterNodes fails while everything else answers.
    case listFailing(node: Int, lasting: Duration)
    /// ChangeMode is done only after its caller has given up.
    case late(node: Int, lasting: Duration)

    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case nodeRestart, unreachable, silent, failing, answerLost, isolated, foreign, daemonCrash, reload, listFailing
        case late
    }
}

extension FaultPlan {
    /// A plan for a run of that length: a random, non-empty subset of the kinds, each with its own weight. The last hour is
    /// free of faults, so that everything can come to rest.
    public static func drawn(seed: UInt64, nodes: Int, length: Duration) -> FaultPlan {
        var random = RandomStream(seed: seed, label: "faults")
        // One seed in eight is calm: without faults everything has to work too.
        guard seed % 8 != 0 else { return FaultPlan() }
        var weights = Fault.Kind.allCases.map { _ in random.chance(0.5) ? 1 + random.below(100) : 0 }
        if weights.allSatisfy({ $0 == 0 }) { weights[random.below(weights.count)] = 1 }
        let total = weights.reduce(0, +)
        let end = length - .hours(1) - .minutes(20)
        var faults: [PlannedFault] = []
        for _ in 0..<(1 + random.below(24)) {
            var pick = random.below(total)
            let kind = zip(Fault.Kind.allCases, weights).first { pair in
                pick -= pair.1
                return pick < 0
            }
            let after = random.duration(.seconds(10)...end)
            let node = random.below(nodes)
            let lasting = random.duration(.milliseconds(200)...(random.chance(0.2) ? .minutes(20) : .seconds(40)))
            let fault: Fault =
                switch kind?.0 ?? .nodeRestart {
                case .nodeRestart: .nodeRestart(node: node, away: lasting)
                case .unreachable: .unreachable(node: node, lasting: lasting)
                case .silent: .silent(node: node, lasting: lasting)
                case .failing: .failing(node: node, lasting: lasting)
                case .answerLost: .answerLost(node: node, lasting: lasting)
                case .isolated: .isolated(node: node, lasting: lasting)
                case .foreign:
                    .foreign(
                        node: node, mode: random.chance(0.5) ? .blockNewSession : .blockNewConnection,
                        lasting: lasting)
                case .daemonCrash: .daemonCrash(away: lasting)
                case .reload: .reload
                case .listFailing: .listFailing(node: node, lasting: lasting)
                case .late: .late(node: node, lasting: lasting)
                }
            faults.append(PlannedFault(after: after, fault: fault))
        }
        faults.sort { $0.after < $1.after }
        return FaultPlan(faults: faults)
    }
}
