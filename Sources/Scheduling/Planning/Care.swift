import ModeCore
import Primitives

/// How careful a policy is, whatever the time: how many nodes at once, and by what it spares calls. Of each thing more is
/// bolder.
struct Care: Hashable, Sendable {
    struct Bound: Hashable, Sendable {
        /// What it is about, as a text for people begins.
        var what: String
        /// Nil: nobody can say which of two is bolder, so that a change of it is both.
        var boldness: Double?
        /// As people read it.
        var text: String
    }

    /// In the order in which they are told.
    let bounds: [Bound]
    /// By their names.
    private let gates: Set<String>

    init(_ planned: PlannedPolicy, of set: PolicySet) {
        let policy = planned.policy
        var bounds: [Bound] = []
        func add(_ what: String, _ boldness: Double?, _ text: String) {
            bounds.append(Bound(what: what, boldness: boldness, text: text))
        }
        func add(shorter what: String, _ length: Duration) { add(what, -length.inSeconds, length.spoken) }
        func add(more what: String, _ count: Int) { add(what, Double(count), "\(count)") }
        func add(_ what: String, isKept: Bool) { add(what, isKept ? 0 : 1, isKept ? "yes" : "no") }

        add(more: "nodes at once", planned.atOnce)
        if let cluster = set.cluster(named: policy.cluster) {
            let total = cluster.nodes.count
            add(
                more: "the cluster's budget, out of service at most",
                cluster.budget.maxUnavailable.asMaxUnavailable(of: total))
            // Of a cluster that grows with it as many more may be out of service.
            let least = cluster.budget.minAvailable.map { $0.asMinAvailable(of: total) }
            add(
                "the cluster's budget, in service at least", least.map { Double(total - $0) } ?? .infinity,
                least.map { "\($0) of \(total)" } ?? "none")
            let networks = cluster.discovery?.allow.joined(separator: ", ") ?? "none"
            add("addresses that discovery may call", nil, networks.isEmpty ? "any" : networks)
        }
        add(shorter: "cutoff", policy.schedule.cutoff)
        add("only nodes whose longest course fits", isKept: policy.schedule.startOnlyIf == .fits)
        add("given back at the window's end", isKept: policy.schedule.onWindowEnd == .restore)
        add(shorter: "pause between nodes", policy.strategy.pauseBetweenNodes)
        add(more: "failures before it pauses", policy.strategy.maxFailures)
        add("a canary first", isKept: policy.strategy.canary != nil)
        add(shorter: "soak of the canary", policy.strategy.canary?.soak ?? .zero)
        add("a person promotes the canary", isKept: policy.strategy.canary?.promote == .manual)
        add("a person approves its start", isKept: policy.isApproved)
        let steps = policy.sequence.steps
        add(
            more: "steps that end sessions (terminate)", steps.count { if case .terminate = $0 { true } else { false } }
        )
        let cuts = steps.compactMap(\.cut).max() ?? .none
        add("when a drain's deadline is over", Double(cuts.rawValue), cuts.text)
        let deadline = steps.compactMap(\.cutDeadline).min()
        add(
            "time that calls have before that", deadline.map { -$0.inSeconds } ?? -.infinity,
            deadline?.spoken ?? "for ever")
        add(more: "sessions that count as drained", steps.map(\.toleratedSessions).max() ?? 0)
        add(more: "connections that count as drained", steps.map(\.toleratedConnections).max() ?? 0)
        add("kept shut where it fails after commitment", isKept: policy.sequence.onFailure != .restore)
        add(shorter: "soak", steps.reduce(.zero) { $0 + $1.soakLength })
        let gates = policy.gates + steps.compactMap { if case .gate(let gate) = $0 { gate } else { nil } }
        add("gates", -Double(gates.count), "\(gates.count)")
        for gate in gates {
            add(more: "bad measurements until the gate \(gate.name) fails", gate.failureLimit)
            add("whoever cannot be measured is held up by the gate \(gate.name)", isKept: gate.onUnknown != .pass)
            add("what the gate \(gate.name) measures", nil, gate.probe.subject)
            guard case .prometheus(let query) = gate.probe else { continue }
            add("the most that is good for the gate \(gate.name)", query.max ?? .infinity, query.max.text)
            add("the least that is good for the gate \(gate.name)", -(query.min ?? -.infinity), query.min.text)
        }
        add("approvals of each node", isKept: steps.contains { if case .approval = $0 { true } else { false } })
        add(
            more: "commands that do not wait for live calls to end", steps.compactMap(\.command).count { !$0.cutsCalls }
        )
        let verified = steps.compactMap { if case .verify(let verify) = $0 { verify.asks } else { nil } }
        if !verified.isEmpty { add("what verify asks", nil, verified.joined(separator: "; ")) }
        add("verify", isKept: steps.contains { if case .verify = $0 { true } else { false } })
        self.bounds = bounds
        self.gates = Set(gates.map(\.name))
    }

    /// What is bolder here than there.
    func beyond(_ other: Care) -> [(what: String, here: String, there: String)] {
        let bolder: [(what: String, here: String, there: String)] = bounds.compactMap { bound in
            guard let former = other.bounds.first(where: { $0.what == bound.what }) else { return nil }
            let isBolder =
                if let here = bound.boldness, let there = former.boldness { here > there } else {
                    bound.text != former.text
                }
            return isBolder ? (bound.what, bound.text, former.text) : nil
        }
        // What a gate of another name asks nobody can hold against the one that it stands for.
        guard gates.count >= other.gates.count, !other.gates.isSubset(of: gates) else { return bolder }
        return bolder + [("gates", NameList.text(gates.sorted()), NameList.text(other.gates.sorted()))]
    }
}

extension Policy {
    fileprivate var isApproved: Bool { if case .rollout(_, .some) = kind { true } else { false } }
}

/// What becomes of calls that a drain's deadline finds.
private enum Cut: Int, Comparable {
    case none, proceeds, terminates

    var text: String {
        switch self {
        case .none: "calls are spared"
        case .proceeds: "it proceeds with live calls"
        case .terminates: "calls are ended"
        }
    }

    static func < (a: Cut, b: Cut) -> Bool { a.rawValue < b.rawValue }
}

extension Step {
    fileprivate var cut: Cut? {
        guard case .drain(let drain) = self else { return nil }
        return switch drain.onDeadline {
        case .skip, .abort: Cut.none
        case .proceed: .proceeds
        case .terminate: .terminates
        }
    }

    fileprivate var cutDeadline: Duration? {
        guard case .drain(let drain) = self, cut != Cut.none else { return nil }
        return drain.deadline
    }

    fileprivate var toleratedSessions: Int { if case .drain(let drain) = self { drain.maxSessions } else { 0 } }
    fileprivate var toleratedConnections: Int { if case .drain(let drain) = self { drain.maxConnections } else { 0 } }
    fileprivate var soakLength: Duration { if case .soak(let length) = self { length } else { .zero } }
}

extension HealthGate.Probe {
    /// Whom it asks for what.
    fileprivate var subject: String {
        switch self {
        case .command(let words): words.joined(separator: " ")
        case .http(let request, let expected):
            [
                "\(request.method.rawValue) \(request.url)", request.body, expected.status.map { "\($0)" },
                expected.contains,
            ]
            .compactMap { $0 }.joined(separator: " ")
        case .prometheus(let query): "\(query.query) at \(query.url)"
        }
    }
}

extension VerifyStep {
    fileprivate var asks: String {
        [connected ? "connected" : nil, ready ? "ready" : nil, version, restarts ? "restarted" : nil]
            .compactMap(\.self).joined(separator: ", ")
    }
}

extension Double? {
    fileprivate var text: String { map { bound in Int(exactly: bound).map { "\($0)" } ?? "\(bound)" } ?? "no bound" }
}
