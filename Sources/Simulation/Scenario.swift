import Calendars
import Primitives
import Scheduling

/// Everything that decides how a simulated run goes: a function of it, and of nothing else.
public struct Scenario: Sendable {
    public var seed: UInt64
    public var policies: PolicySet
    /// By place in the cluster: the version that runs first.
    public var versions: [String]
    public var start: Timestamp
    public var length: Duration
    public var traffic: Traffic
    public var plan: FaultPlan
    /// How long an upgrade command keeps the node down, and how long the node then takes to join.
    public var upgradeTime: Duration
    public var joinDelay: Duration
    public var isTraced: Bool
    public var hasFailingCommands = false

    public struct Traffic: Hashable, Sendable {
        /// New connections per second, per node.
        public var arrivalsPerSecond: Double
        public var meanHold: Duration
        public var channels: Int

        public init(arrivalsPerSecond: Double, meanHold: Duration, channels: Int) {
            self.arrivalsPerSecond = arrivalsPerSecond
            self.meanHold = meanHold
            self.channels = channels
        }
    }

    public init(
        seed: UInt64, policies: PolicySet, versions: [String], start: Timestamp, length: Duration, traffic: Traffic,
        plan: FaultPlan = FaultPlan(), upgradeTime: Duration = .seconds(20), joinDelay: Duration = .seconds(2),
        isTraced: Bool = false
    ) {
        self.seed = seed
        self.policies = policies
        self.versions = versions
        self.start = start
        self.length = length
        self.traffic = traffic
        self.plan = plan
        self.upgradeTime = upgradeTime
        self.joinDelay = joinDelay
        self.isTraced = isTraced
    }

    /// The scenario of a seed: a cluster of 3 to 7 nodes, a rollout and a nightly window of the same cluster that get in
    /// each other's way, live calls, and a fault plan.
    public static func drawn(seed: UInt64, length: Duration = .hours(6), isTraced: Bool = false) -> Scenario {
        var random = RandomStream(seed: seed, label: "scenario")
        let count = [3, 3, 5, 7][random.below(4)]
        let limit = count > 3 && random.chance(0.5) ? 2 : 1
        let start = Timestamp(seconds: 1_796_000_400 + Int64(random.below(86400)))
        let policies = policySet(
            nodes: count, maxUnavailable: limit, start: start,
            windowAfter: random.duration(.minutes(5)...Duration.minutes(90)),
            windowLength: random.duration(.minutes(20)...Duration.hours(3)),
            onWindowEnd: random.chance(0.5) ? .finish : .restore, isRolloutInWindow: random.chance(0.5))
        var scenario = Scenario(
            seed: seed, policies: policies, versions: (0..<count).map { _ in "1.0.0" }, start: start, length: length,
            traffic: Traffic(
                arrivalsPerSecond: 0.02 + 0.1 * random.unit(),
                meanHold: random.duration(.minutes(1)...Duration.minutes(6)),
                channels: 20 + random.below(200)),
            plan: .drawn(seed: seed, nodes: count, length: length),
            upgradeTime: random.duration(.seconds(2)...Duration.minutes(2)),
            joinDelay: random.duration(.milliseconds(50)...Duration.seconds(20)), isTraced: isTraced)
        scenario.hasFailingCommands = seed % 5 == 4
        scenario.drawStrategies()
        return scenario
    }

    /// Groups, canary nodes and progress deadlines, each in about half of the seeds; from a stream of their own.
    private mutating func drawStrategies() {
        var random = RandomStream(seed: seed, label: "strategy")
        for place in policies.rollouts.indices { draw(&policies.rollouts[place].strategy, &random) }
        // Nodes of a maintenance window that wait for their group rarely have their turn: a shorter wait.
        for place in policies.maintenanceWindows.indices where random.chance(0.5) {
            policies.maintenanceWindows[place].strategy.groups = Scenario.groups(wait: .minutes(random.below(10)))
        }
    }

    private func draw(_ strategy: inout Strategy, _ random: inout RandomStream) {
        let nodes = policies.clusters[0].nodes.count
        if random.chance(0.6) { strategy.groups = Scenario.groups(wait: .minutes(random.below(20))) }
        if random.chance(0.6) {
            // Fewer than the first group has nodes.
            strategy.canary = Canary(
                count: nodes > 3 && random.chance(0.3) ? 2 : 1,
                soak: random.duration(.seconds(30)...Duration.minutes(12)))
        }
        if random.chance(0.5) { strategy.progressDeadline = random.duration(.minutes(10)...Duration.hours(2)) }
        if random.chance(0.3) { strategy.pauseBetweenWaves = random.duration(.seconds(10)...Duration.minutes(5)) }
    }

    static func groups(wait: Duration) -> [NodeGroup] {
        [
            NodeGroup(name: "zone-a", selector: Selector(matchLabels: ["zone": "a"])),
            NodeGroup(
                name: "others",
                selector: Selector(matchExpressions: [LabelExpression(key: "zone", operator: .notIn, values: ["a"])]),
                waitAfterPrevious: wait),
        ]
    }

    /// What a command comes to: in some seeds one in four fails.
    func outcome(ofCommand id: CommandID) -> CommandOutcome {
        guard hasFailingCommands else { return .exited(status: 0) }
        var random = RandomStream(seed: seed, label: "\(id)")
        return .exited(status: random.chance(0.25) ? 1 : 0)
    }

    static let clusterName = "sim"

    static func policySet(
        nodes count: Int, maxUnavailable: Int, start: Timestamp, windowAfter: Duration, windowLength: Duration,
        onWindowEnd: OnWindowEnd, isRolloutInWindow: Bool
    ) -> PolicySet {
        let nodes = (1...count).map { number in
            ClusterNode(
                name: "node-0\(number)@sim", api: "http://sim-\(number):3000/", ready: "http://sim-\(number):5000/.ok",
                labels: ["zone": number % 2 == 0 ? "b" : "a"])
        }
        let cluster = ClusterPolicy(
            name: clusterName, topology: .clustered, nodes: nodes,
            budget: Budget(maxUnavailable: .count(maxUnavailable)))
        let opening = ZoneRules.utc.local(start + windowAfter)
        let window = Window(
            name: "tonight", recurrence: .at(opening), length: .elapsed(windowLength), timeZone: ZoneRules.utc.name)
        let drain = DrainStep(deadline: .minutes(25), onDeadline: .skip)
        let upgrade = StepSequence(
            name: "upgrade",
            steps: [
                .drain(drain), .block,
                .run(RunStep(name: "upgrade", command: ["/upgrade"], retries: 1, isDisruptive: true)),
                .verify(VerifyStep(connected: true, version: "{revision}", timeout: .minutes(10))), .restore,
                .soak(.minutes(2)),
            ])
        let rest = StepSequence(
            name: "rest", steps: [.drain(drain), .block, .wait(.duration(.minutes(5))), .restore])
        return PolicySet(
            clusters: [cluster],
            maintenanceWindows: [
                MaintenanceWindow(
                    name: "tonight", cluster: clusterName, windows: [window], cutoff: .minutes(5),
                    onWindowEnd: onWindowEnd,
                    strategy: Strategy(maxUnavailable: .count(maxUnavailable), maxFailures: 2),
                    sequence: rest)
            ],
            rollouts: [
                Rollout(
                    name: "upgrade", cluster: clusterName, revision: "2.0.0",
                    windows: isRolloutInWindow ? [window] : [], onWindowEnd: onWindowEnd,
                    strategy: Strategy(maxUnavailable: .count(maxUnavailable), maxFailures: 2), sequence: upgrade)
            ],
            zones: [ZoneRules.utc.name: .utc], digest: "simulated")
    }
}
