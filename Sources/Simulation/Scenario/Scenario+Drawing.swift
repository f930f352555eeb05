import Calendars
import ModeCore
import Primitives
import Scheduling

extension Scenario {
    /// The scenario of a seed: a cluster of 3 to 9 nodes, a rollout and a window of the same cluster that get in each
    /// other's way, live calls, and a fault plan. Each concern is drawn from a stream of its own.
    package static func drawn(seed: UInt64, length: Duration = .hours(6), isTraced: Bool = false) -> Scenario {
        var random = RandomStream(seed: seed, label: "scenario")
        let start = Timestamp(seconds: 1_796_000_400 + Int64(random.below(86400)))
        var nodes = NodeDraw(seed: seed)
        var (cluster, machines) = nodes.drawn(start: start, length: length)
        nodes.discover(in: &cluster, &machines)
        var policies = PolicyDraw(seed: seed, cluster: cluster, start: start, length: length)
        let set = policies.drawn()
        var scenario = Scenario(
            seed: seed, policies: set, nodes: machines, start: start, length: length,
            traffic: Traffic(
                arrivalsPerSecond: 0.02 + 0.1 * random.unit(),
                meanHold: random.duration(.seconds(20)...Duration.minutes(4)), channels: 20 + random.below(200)),
            plan: .drawn(seed: seed, nodes: machines.count, policies: set.policies.count, length: length),
            commands: policies.commands, asking: policies.asking,
            joinDelay: random.duration(.milliseconds(50)...Duration.seconds(20)),
            hasModesInLists: !random.chance(0.1), spreadsReads: random.chance(0.3),
            hostClock: random.chance(0.1) ? .hours(2) : .zero, isTraced: isTraced)
        if random.chance(0.05) { scenario.misaddress(&random) }
        var tls = RandomStream(seed: seed, label: "tls")
        scenario.isOverTLS = tls.chance(0.3)
        var relaying = RandomStream(seed: seed, label: "relaying")
        scenario.relays = scenario.isClustered && relaying.chance(0.2)
        // Where no list can show which node is which, commands have to act on the address.
        if !scenario.isClustered || !scenario.hasModesInLists { scenario.commands.actOnAddress = true }
        return scenario
    }

    /// The policies have the addresses of two nodes the wrong way round.
    private mutating func misaddress(_ random: inout RandomStream) {
        let count = policies.clusters[0].nodes.count
        guard count > 1 else { return }
        let a = random.below(count)
        let b = (a + 1) % count
        var nodes = policies.clusters[0].nodes
        (nodes[a].api, nodes[b].api) = (nodes[b].api, nodes[a].api)
        (nodes[a].ready, nodes[b].ready) = (nodes[b].ready, nodes[a].ready)
        policies.clusters[0].nodes = nodes
    }
}

/// Draws the nodes, and what the cluster's policy says of them.
private struct NodeDraw {
    let seed: UInt64
    var random: RandomStream

    init(seed: UInt64) {
        self.seed = seed
        random = RandomStream(seed: seed, label: "nodes")
    }

    mutating func drawn(start: Timestamp, length: Duration) -> (ClusterPolicy, [Scenario.Machine]) {
        let isClustered = !random.chance(0.12)
        let count = [3, 3, 5, 7][random.below(4)]
        var machines: [Scenario.Machine] = []
        func add(_ name: String, isTemporary: Bool = false) {
            machines.append(
                Scenario.Machine(
                    name: "\(name)@sim", address: Scenario.address(number: machines.count + 1),
                    isTemporary: isTemporary))
        }
        for number in 1...count { add("node-0\(number)") }
        // Temporary nodes under `nodes:`; then members that the policies do not know.
        let listedTemporary = isClustered && random.chance(0.3) ? 1 + random.below(2) : 0
        for number in 0..<listedTemporary { add("temp-0\(number + 1)", isTemporary: true) }
        let listed = machines.count
        let unlistedTemporary = isClustered && random.chance(0.25) ? 1 + random.below(2) : 0
        for number in 0..<unlistedTemporary { add("other-temp-0\(number + 1)", isTemporary: true) }
        if isClustered, random.chance(0.15) { add("other-01") }
        let regular = machines.count { !$0.isTemporary }
        let nodes = machines.prefix(listed).enumerated().map { place, machine in
            ClusterNode(
                name: machine.name, api: machine.address.api, ready: random.chance(0.95) ? machine.address.ready : nil,
                labels: ["zone": place % 2 == 0 ? "a" : "b"])
        }
        var budget = Budget(maxUnavailable: .count(count > 3 && random.chance(0.5) ? 2 : 1))
        if random.chance(0.2) { budget.maxUnavailable = .percent(20 + random.below(40)) }
        if random.chance(0.3) { budget.minAvailable = .count(max(1, regular - 1 - random.below(2))) }
        let interval = Duration.seconds([5, 5, 5, 2, 10][random.below(5)])
        let exclusions = random.chance(0.25) ? [freeze("cluster-freeze", start, length)] : []
        let cluster = ClusterPolicy(
            name: Scenario.clusterName, topology: isClustered ? .clustered : .standalone, nodes: nodes,
            observe: ObserveSettings(interval: interval), budget: budget, exclusions: exclusions)
        return (cluster, machines)
    }

    /// Some policies name only a few of their nodes, or none, and some of those let nagi call one network only.
    func discover(in cluster: inout ClusterPolicy, _ machines: inout [Scenario.Machine]) {
        var random = RandomStream(seed: seed, label: "discovery")
        guard cluster.topology == .clustered, random.chance(0.2) else { return }
        var discovery = Discovery(
            seeds: machines.prefix(2).map(\.address.api), labels: ["zone": random.chance(0.5) ? "a" : "b"])
        let named =
            random.chance(0.3) ? 0 : cluster.nodes.count - random.below(cluster.nodes.count / 2 + 1)
        cluster.nodes = Array(cluster.nodes.prefix(named))
        if random.chance(0.4), machines.count > max(named, discovery.seeds.count) {
            discovery.allow = [Scenario.allowedNetwork]
            machines[machines.count - 1].address = Scenario.address(number: machines.count, isAllowed: false)
        }
        cluster.discovery = discovery
    }

    private mutating func freeze(_ name: String, _ start: Timestamp, _ length: Duration) -> Exclusion {
        let at = start + random.duration(.minutes(10)...max(.minutes(11), length - FaultPlan.calmEnd))
        return Exclusion(
            window: Window(
                name: name, recurrence: .at(ZoneRules.utc.local(at)),
                length: .elapsed(random.duration(.minutes(2)...Duration.minutes(50))), timeZone: ZoneRules.utc.name),
            reason: "drawn")
    }
}

/// Draws the policies of the cluster.
private struct PolicyDraw {
    let seed: UInt64
    let cluster: ClusterPolicy
    let start: Timestamp
    let length: Duration
    var commands = Scenario.Commands()
    var asking = Scenario.Asking()

    mutating func drawn() -> PolicySet {
        var random = RandomStream(seed: seed, label: "policies")
        drawCommands()
        let zone = zone(&random)
        var window = Policy(
            name: "tonight", cluster: cluster.name, schedule: schedule(zone, label: "window", isRollout: false),
            strategy: strategy("window strategy", isRollout: false), sequence: windowSequence(&random))
        if random.chance(0.3) { window.onDrift = .yield }
        if random.chance(0.2) { window.selector = Selector(matchLabels: ["zone": "a"]) }
        var rollout = Policy(
            name: "upgrade", cluster: cluster.name, schedule: schedule(zone, label: "rollout", isRollout: true),
            strategy: strategy("rollout strategy", isRollout: true), sequence: upgrade("upgrade sequence"),
            kind: .rollout(revision: "2.0.0", approval: nil))
        if random.chance(0.3) { rollout.onDrift = .yield }
        drawAsking(&window, &rollout)
        var policies = [window, rollout]
        if random.chance(0.2) {
            // A second window of the same nodes, at another time.
            policies.append(
                Policy(
                    name: "later", cluster: cluster.name, schedule: schedule(zone, label: "later", isRollout: false),
                    strategy: strategy("later strategy", isRollout: false), sequence: windowSequence(&random)))
        }
        return PolicySet(
            clusters: [cluster], policies: policies,
            zones: zone == .utc ? [ZoneRules.utc.name: .utc] : [ZoneRules.utc.name: .utc, zone.name: zone],
            digest: "simulated")
    }

    /// Approvals, gates, calls and notices, each in some of the seeds.
    private mutating func drawAsking(_ window: inout Policy, _ rollout: inout Policy) {
        var random = RandomStream(seed: seed, label: "asking")
        asking.approvesAfter = random.chance(0.9) ? random.duration(.seconds(5)...Duration.minutes(20)) : nil
        asking.lost = 0.02
        if random.chance(0.4) {
            asking.bad = random.chance(0.5) ? 0.2 : 0.05
            asking.unknown = random.chance(0.5) ? 0.2 : 0.05
        }
        if random.chance(0.15) {
            let approval = Approval(timeout: random.duration(.minutes(20)...Duration.hours(3)))
            rollout.kind = .rollout(revision: "2.0.0", approval: approval)
        }
        if random.chance(0.15) { rollout.gates = [gate("errors", &random)] }
        if random.chance(0.15) { window.gates = (0..<(1 + random.below(2))).map { gate("load-\($0)", &random) } }
        if random.chance(0.25) { rollout.sequence = withQuestions(rollout.sequence, &random) }
        if random.chance(0.25) { window.sequence = withQuestions(window.sequence, &random) }
    }

    private func gate(_ name: String, _ random: inout RandomStream) -> HealthGate {
        HealthGate(
            name: name, probe: probe(of: name), interval: random.duration(.seconds(5)...Duration.minutes(1)),
            timeout: random.duration(.minutes(2)...Duration.minutes(20)), failureLimit: 1 + random.below(4),
            onUnknown: [.fail, .pass, .wait][random.below(3)])
    }

    /// Each kind as often as the others.
    private func probe(of gate: String) -> HealthGate.Probe {
        var random = RandomStream(seed: seed, label: "probe of \(gate)")
        return switch random.below(3) {
        case 0: .command(["/check"])
        case 1: .http(HTTPRequest(url: "http://health.example/{node}"), HTTPExpectation())
        default:
            .prometheus(
                PrometheusQuery(
                    url: "http://metrics.example/", query: "sum(errors{node=\"{node}\",run=\"{run}\"})", max: 5))
        }
    }

    /// The same, with some of the steps in it that ask others.
    private func withQuestions(_ sequence: StepSequence, _ random: inout RandomStream) -> StepSequence {
        var sequence = sequence
        let call = HTTPStep(
            request: HTTPRequest(method: random.chance(0.5) ? .post : .put, url: "http://deploy.example/{node}"),
            timeout: .minutes(5), retries: random.below(2))
        if let block = sequence.steps.firstIndex(of: .block) {
            if random.chance(0.3) { sequence.steps.insert(.gate(gate("calm", &random)), at: block + 1) }
            if random.chance(0.3) { sequence.steps.insert(.http(call), at: block + 1) }
            if random.chance(0.2) {
                sequence.steps.insert(.terminate(TerminateStep(reason: "maintenance")), at: block + 1)
            }
            if random.chance(0.5) {
                sequence.steps.insert(.notify(NotifyStep(notification: "team", text: "blocked")), at: block + 1)
            }
        }
        if random.chance(0.3) { sequence.steps.insert(.gate(gate("before", &random)), at: 0) }
        if random.chance(0.4) {
            let approval = Approval(timeout: random.duration(.minutes(10)...Duration.hours(2)))
            sequence.steps.insert(.approval(approval), at: 0)
        }
        return sequence
    }

    private mutating func drawCommands() {
        var random = RandomStream(seed: seed, label: "command style")
        commands.upgradeTime = random.duration(.seconds(2)...Duration.minutes(2))
        commands.preludeTime = random.duration(.seconds(2)...Duration.minutes(6))
        commands.restartsAfter = random.chance(0.2) ? random.duration(.milliseconds(200)...Duration.seconds(15)) : nil
        commands.actOnAddress = random.chance(0.5)
        commands.versionPrefix = random.chance(0.2) ? "v" : ""
    }

    /// UTC, or a zone whose clocks change during the run.
    private func zone(_ random: inout RandomStream) -> ZoneRules {
        guard random.chance(0.3) else { return .utc }
        let east = 3600 * (random.below(20) - 9)
        let change = (random.chance(0.5) ? 3600 : -3600)
        let at = start + random.duration(.minutes(5)...length)
        return ZoneRules(
            name: "Sim/Zone", initialOffset: east,
            transitions: [ZoneRules.Transition(at: at, offset: east + change)])
    }

    private func schedule(_ zone: ZoneRules, label: String, isRollout: Bool) -> PolicySchedule {
        var random = RandomStream(seed: seed, label: label)
        var schedule = PolicySchedule(onWindowEnd: random.chance(0.5) ? .finish : .restore)
        if !isRollout || random.chance(0.5) {
            var opens = random.duration(.minutes(5)...Duration.minutes(70))
            // Each touches the one before, overlaps it, or comes some time after it.
            for number in 1...(1 + random.below(4)) {
                let lasts = random.duration(.minutes(15)...Duration.minutes(number == 1 ? 120 : 60))
                schedule.windows.append(window("night-\(number)", zone, after: opens, lasts))
                opens += lasts + [Duration.zero, .minutes(-10), .minutes(15), .minutes(40)][random.below(4)]
            }
            if random.chance(0.3) { schedule.windows.append(daily(zone, after: opens, &random)) }
            schedule.cutoff = random.chance(0.5) ? .minutes(5) : .zero
        }
        if random.chance(0.3) {
            let at = start + random.duration(.minutes(10)...Duration.hours(3))
            let freeze = Window(
                name: "freeze", recurrence: .at(zone.local(at)),
                length: .elapsed(random.duration(.minutes(1)...Duration.minutes(40))), timeZone: zone.name)
            schedule.exclusions = [Exclusion(window: freeze, reason: "drawn")]
        }
        schedule.windows.sort { $0.name < $1.name }
        var care = RandomStream(seed: seed, label: "\(label) care")
        if care.chance(0.2) { schedule.startOnlyIf = .fits }
        return schedule
    }

    private func window(_ name: String, _ zone: ZoneRules, after: Duration, _ length: Duration) -> Window {
        Window(
            name: name, recurrence: .at(zone.local(start + after)), length: .elapsed(length), timeZone: zone.name)
    }

    /// Every day, so that a clock that is off by days finds a window too.
    private func daily(_ zone: ZoneRules, after: Duration, _ random: inout RandomStream) -> Window {
        let local = zone.local(start + after)
        let seconds = local.secondsSinceMidnight
        let time = TimeOfDay(hour: seconds / 3600, minute: seconds / 60 % 60) ?? .midnight
        let until = TimeOfDay(hour: (seconds / 3600 + 2) % 24, minute: seconds / 60 % 60) ?? .midnight
        return Window(
            name: "daily", recurrence: .weekly(days: Set(Weekday.allCases), start: time),
            length: random.chance(0.5) ? .elapsed(.minutes(90)) : .until(until), timeZone: zone.name)
    }

    private func drain(_ random: inout RandomStream) -> DrainStep {
        var drain = DrainStep(
            deadline: random.duration(.minutes(8)...Duration.minutes(25)),
            onDeadline: [.skip, .skip, .skip, .proceed, .abort, .terminate][random.below(6)])
        if random.chance(0.2) { drain.mode = .blockNewConnection }
        if random.chance(0.2) {
            drain.maxSessions = 1 + random.below(3)
            drain.maxConnections = drain.maxSessions * 2
        }
        return drain
    }

    private func prelude(_ random: inout RandomStream) -> Step {
        .run(
            RunStep(
                name: "prefetch", command: ["/prefetch"], timeout: .minutes(10), retries: random.below(2),
                onInterrupted: random.chance(0.5) ? .rerun : .fail))
    }

    /// What is down meanwhile is restarted by a program on the daemon's host, or by somebody who is called.
    private func disrupting(_ program: RunStep) -> Step {
        var random = RandomStream(seed: seed, label: "who does \(program.name)")
        guard random.chance(0.25) else { return .run(program) }
        let request = HTTPRequest(
            method: random.chance(0.5) ? .post : .put, url: "http://deploy.example/{node}/\(program.name)?api={api}")
        return .http(
            HTTPStep(request: request, timeout: program.timeout, retries: program.retries, isDisruptive: true))
    }

    private func upgrade(_ label: String) -> StepSequence {
        var random = RandomStream(seed: seed, label: label)
        var steps: [Step] = random.chance(0.4) ? [prelude(&random)] : []
        steps += [
            .drain(drain(&random)), .block,
            disrupting(
                RunStep(
                    name: "upgrade", command: ["/upgrade"], timeout: .minutes(5), retries: random.below(3),
                    isDisruptive: true, onInterrupted: random.chance(0.5) ? .rerun : .fail)),
            .verify(
                VerifyStep(
                    connected: cluster.topology == .clustered, version: commands.versionPrefix + "{revision}",
                    timeout: .minutes(10))),
        ]
        if random.chance(0.3) {
            steps.append(.run(RunStep(name: "warm", command: ["/warm"], timeout: .minutes(3), retries: 1)))
        }
        steps.append(.restore)
        if random.chance(0.7) { steps.append(.soak(.minutes(2))) }
        return StepSequence(
            name: "upgrade", steps: steps, onFailure: random.chance(0.3) ? .restore : random.chance(0.5) ? .stay : nil)
    }

    private func windowSequence(_ random: inout RandomStream) -> StepSequence {
        let drain = drain(&random)
        let reboot = RunStep(
            name: "reboot", command: ["/reboot"], timeout: .minutes(5), retries: random.below(2), isDisruptive: true)
        let steps: [Step] =
            switch random.below(5) {
            case 0: [.drain(drain), .block, .wait(.windowEnd), .restore]
            case 1: [.drain(drain), .block, .wait(.duration(.minutes(5))), .restore]
            case 2:
                [prelude(&random), .drain(drain), .block, .wait(.duration(.minutes(3))), .restore, .soak(.minutes(1))]
            case 3:
                [
                    .drain(drain), .block,
                    .run(RunStep(name: "check", command: ["/check"], timeout: .minutes(10), retries: 1)), .restore,
                ]
            default:
                [
                    .drain(drain), .block, disrupting(reboot),
                    .verify(VerifyStep(connected: cluster.topology == .clustered, timeout: .minutes(8))), .restore,
                ]
            }
        return StepSequence(name: "rest", steps: steps, onFailure: random.chance(0.3) ? .restore : nil)
    }

    /// Groups, canary nodes, pauses and progress deadlines, each in about half of the seeds.
    private func strategy(_ label: String, isRollout: Bool) -> Strategy {
        var random = RandomStream(seed: seed, label: label)
        var strategy = Strategy(
            maxUnavailable: random.chance(0.2) ? .percent(50) : .count(1 + random.below(2)),
            maxFailures: [1, 2, 4, 20][random.below(4)])
        if random.chance(isRollout ? 0.6 : 0.4) {
            // Nodes of a maintenance window that wait for their group rarely have their turn: a shorter wait.
            strategy.groups = Scenario.groups(wait: .minutes(random.below(isRollout ? 20 : 10)))
        }
        if random.chance(0.3) { strategy.pauseBetweenNodes = random.duration(.seconds(10)...Duration.minutes(5)) }
        guard isRollout else { return strategy }
        if random.chance(0.6) {
            // Fewer than the first group has nodes.
            strategy.canary = Canary(
                count: cluster.nodes.count > 3 && random.chance(0.3) ? 2 : 1,
                soak: random.duration(.seconds(30)...Duration.minutes(12)))
            var promoting = RandomStream(seed: seed, label: "promotion")
            if promoting.chance(0.25) { strategy.canary?.promote = .manual }
        }
        if random.chance(0.5) { strategy.progressDeadline = random.duration(.minutes(10)...Duration.hours(2)) }
        return strategy
    }
}
