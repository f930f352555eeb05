import Calendars
import ModeCore
import Primitives
import Scheduling

/// One step of a sequence, as the tests write it.
enum RigStep {
    case drain(mode: RequestableMode? = nil, deadline: Duration = .hours(1), onDeadline: OnDeadline = .skip)
    case block
    /// The disruptive command of the tests: see `RigCommand.upgrade`.
    case upgrade(timeout: Duration = .minutes(15), retries: Int = 0)
    /// A command that disrupts nothing.
    case prefetch(timeout: Duration = .minutes(15))
    case verify(connected: Bool = true, version: String? = "{revision}", timeout: Duration = .minutes(10))
    case wait(Duration)
    case waitForEnd
    case restore
    case soak(Duration)

    enum OnDeadline { case skip, abort, proceed }

    static let rolling: [RigStep] = [.drain(), .block, .upgrade(), .verify(), .restore]
    /// The same where there is no revision.
    static let patching: [RigStep] = [.drain(deadline: .hours(9)), .block, .upgrade(), .verify(version: nil), .restore]
    static let drainThenBlock: [RigStep] = [.drain(), .block, .waitForEnd, .restore]
}

/// A maintenance window, or a rollout where it has a revision.
struct RigPolicy {
    enum AtEnd { case restore, finish }
    enum OnFailure { case stay, restore }
    struct Span {
        var start: String
        var day = 0
        var lasts: Duration
    }

    var name: String
    var revision: String?
    /// Every day at that time; nil: at any time, and only for rollouts.
    var starts: String?
    var lasts = Duration.hours(3)
    var freezes: [Span] = []
    var cutoff = Duration.zero
    var atEnd = AtEnd.restore
    var steps: [RigStep]
    var onFailure: OnFailure?
    /// Only these; nil: all of the cluster.
    var nodes: Set<String>?
    var maxUnavailable = 1
    var canaries = 0
    /// How long the canaries are watched before the others follow.
    var canarySoak = Duration.zero
    /// The names of each group, in order; empty: one group of all.
    var groups: [Set<String>] = []
    var pauseBetweenNodes = Duration.zero
    var maxFailures = 1
    var progressDeadline: Duration?
    /// A node that somebody opens by hand is given back and left alone, where it can still be undone.
    var yields = false
    var isSuspended = false

    /// Brings every node to a revision, by `RigStep.rolling` if nothing else is said.
    static func rollout(
        _ name: String = "sora", to revision: String = "2", _ steps: [RigStep] = RigStep.rolling
    ) -> RigPolicy {
        RigPolicy(name: name, revision: revision, atEnd: .finish, steps: steps)
    }

    /// Every day, by `RigStep.drainThenBlock` if nothing else is said.
    static func nightly(
        _ name: String = "night", at start: String = "02:00", for length: Duration = .hours(3),
        _ steps: [RigStep] = RigStep.drainThenBlock
    ) -> RigPolicy {
        RigPolicy(name: name, starts: start, lasts: length, steps: steps)
    }

    func with(_ change: (inout RigPolicy) -> Void) -> RigPolicy {
        var policy = self
        change(&policy)
        return policy
    }
}

/// One cluster and its policies, from which the model's own values are made.
struct RigPolicies {
    static let cluster = "c"
    static let zone = ZoneRules.utc

    var nodes: [String]
    /// The node that answers at the address of a name, where it is another.
    var hosts: [String: String] = [:]
    var isClustered = true
    var maxUnavailable = 1
    var minAvailable: Int?
    var interval = Duration.seconds(5)
    /// Nodes that are asked for others; empty: nobody looks for any.
    var seeds: [String] = []
    /// Members whose addresses may not be called.
    var refused: Set<String> = []
    /// Members of which no list says where they are.
    var unsaid: Set<String> = []
    var policies: [RigPolicy]

    init(
        _ nodes: [String], standalone: Bool = false, maxUnavailable: Int = 1, minAvailable: Int? = nil,
        _ policies: RigPolicy...
    ) {
        self.nodes = nodes
        isClustered = !standalone
        self.maxUnavailable = maxUnavailable
        self.minAvailable = minAvailable
        self.policies = policies
    }

    func with(_ change: (inout RigPolicies) -> Void) -> RigPolicies {
        var policies = self
        change(&policies)
        return policies
    }

    /// Differs where anything differs.
    private var digest: String {
        "rig-\("\(self)".utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })"
    }

    func host(of name: String) -> String { hosts[name] ?? name }

    /// What the edge makes of the address in a list.
    func address(ofMember name: String, on host: String, isConnected: Bool) -> MemberAddress? {
        guard !seeds.isEmpty, isConnected, !unsaid.contains(name) else { return nil }
        return refused.contains(name)
            ? .refused("not in discovery.allow") : .callable(NodeText(cutting: "http://\(host):3000/"))
    }

    /// The node that answers at an address.
    static func host(at address: NodeAddress) -> String {
        String(address.api.dropFirst("http://".count).prefix { $0 != ":" })
    }

    /// What the model makes of it.
    var set: PolicySet {
        let cluster = ClusterPolicy(
            name: RigPolicies.cluster, topology: isClustered ? .clustered : .standalone,
            nodes: nodes.sorted().map { name in
                let host = host(of: name)
                return ClusterNode(name: name, api: "http://\(host):3000/", ready: "http://\(host):5000/.ok")
            },
            observe: ObserveSettings(interval: interval),
            budget: Budget(
                maxUnavailable: .count(maxUnavailable), minAvailable: minAvailable.map { .count($0) }),
            discovery: seeds.isEmpty ? nil : Discovery(seeds: seeds.map { "http://\(host(of: $0)):3000/" }))
        return PolicySet(
            clusters: [cluster], policies: policies.map(\.policy),
            zones: [RigPolicies.zone.name: RigPolicies.zone], digest: digest)
    }
}

extension RigPolicy {
    fileprivate var policy: Policy {
        Policy(
            name: name, cluster: RigPolicies.cluster, selector: Selector(nodes: nodes),
            schedule: PolicySchedule(
                windows: windows, exclusions: exclusions, cutoff: cutoff,
                onWindowEnd: atEnd == .finish ? .finish : .restore),
            strategy: strategy, sequence: sequence, onDrift: yields ? .yield : .reassert,
            isSuspended: isSuspended,
            kind: revision.map { .rollout(revision: $0, approval: nil) } ?? .maintenanceWindow)
    }

    private var windows: [Window] {
        let seconds = Int(starts.map { RigTime.parsed($0).components.seconds } ?? -1)
        guard let time = TimeOfDay(hour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60), seconds >= 0
        else { return [] }
        return [
            Window(
                name: "w", recurrence: .weekly(days: Set(Weekday.allCases), start: time), length: .elapsed(lasts),
                timeZone: RigPolicies.zone.name)
        ]
    }

    private var exclusions: [Exclusion] {
        freezes.enumerated().map { number, freeze in
            let start = RigWorld.midnight + RigTime.parsed(freeze.start, day: freeze.day)
            return Exclusion(
                window: Window(
                    name: "freeze-\(number)", recurrence: .at(RigPolicies.zone.local(start)),
                    length: .elapsed(freeze.lasts), timeZone: RigPolicies.zone.name))
        }
    }

    private var strategy: Strategy {
        Strategy(
            maxUnavailable: .count(maxUnavailable), pauseBetweenNodes: pauseBetweenNodes, maxFailures: maxFailures,
            canary: canaries > 0 ? Canary(count: canaries, soak: canarySoak) : nil,
            groups: groups.enumerated().map { NodeGroup(name: "group-\($0 + 1)", selector: Selector(nodes: $1)) },
            progressDeadline: progressDeadline)
    }

    private var sequence: StepSequence {
        StepSequence(
            name: "s", steps: steps.map(\.step),
            onFailure: onFailure.map { $0 == .stay ? .stay : .restore })
    }
}

extension RigStep {
    fileprivate var step: Step {
        switch self {
        case .drain(let mode, let deadline, let onDeadline):
            .drain(DrainStep(mode: drainMode(mode), deadline: deadline, onDeadline: self.onDeadline(onDeadline)))
        case .block: .block
        case .upgrade(let timeout, let retries):
            .run(
                RunStep(
                    name: "upgrade", command: ["/usr/local/bin/upgrade"], timeout: timeout, retries: retries,
                    isDisruptive: true))
        case .prefetch(let timeout):
            .run(RunStep(name: "prefetch", command: ["/usr/local/bin/prefetch"], timeout: timeout, isDisruptive: false))
        case .verify(let connected, let version, let timeout):
            .verify(VerifyStep(connected: connected, version: version, timeout: timeout))
        case .wait(let length): .wait(.duration(length))
        case .waitForEnd: .wait(.windowEnd)
        case .restore: .restore
        case .soak(let length): .soak(length)
        }
    }

    private func drainMode(_ mode: RequestableMode?) -> DrainStep.Mode {
        switch mode {
        case .blockNewConnection?: .blockNewConnection
        case .blockNewSession?: .blockNewSession
        case .normal?, nil: .auto
        }
    }

    private func onDeadline(_ word: OnDeadline) -> DrainStep.OnDeadline {
        switch word {
        case .skip: .skip
        case .abort: .abort
        case .proceed: .proceed
        }
    }
}
