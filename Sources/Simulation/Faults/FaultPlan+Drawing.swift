import ModeCore
import Primitives

extension FaultPlan {
    /// The last of a run is free of faults for so long, so that everything can come to rest.
    package static let calmEnd = Duration.minutes(80)
    /// Faults begin no later than so long before that, and are over by then.
    package static let longest = Duration.minutes(20)

    /// A plan for a run of that length: of the kinds a random few, each drawn from a stream of its own, so that leaving one
    /// out shifts none of the others.
    package static func drawn(seed: UInt64, nodes: Int, policies: Int, length: Duration) -> FaultPlan {
        // One seed in eight is calm: without faults everything has to work too.
        guard seed % 8 != 0 else { return FaultPlan() }
        var swarm = RandomStream(seed: seed, label: "swarm")
        let share = [0.08, 0.15, 0.3, 0.5][swarm.below(4)]
        var plan = FaultPlan()
        let end = max(.seconds(20), length - calmEnd - longest)
        func draw(_ label: String) -> Draw {
            Draw(random: RandomStream(seed: seed, label: label), nodes: nodes, policies: policies, end: end)
        }
        for kind in Fault.Kind.allCases where kind != .edit {
            let isIn = swarm.chance(share)
            guard isIn else { continue }
            var draw = draw(kind.rawValue)
            for _ in 0..<(1 + draw.random.below(kind.isLasting ? 1 : 4)) { plan.faults += draw.faults(of: kind) }
        }
        if swarm.chance(0.5) {
            var people = draw("people")
            plan.faults += people.busyPeople()
        }
        if swarm.chance(0.4) {
            var storms = draw("storms")
            for _ in 0..<(1 + storms.random.below(3)) { plan.faults += storms.storm() }
        }
        if swarm.chance(0.5) {
            var edits = draw("edits")
            for _ in 0..<(1 + edits.random.below(4)) { plan.faults += edits.edits() }
        }
        if swarm.chance(0.6) {
            var revisions = draw("revisions")
            plan.faults += revisions.revisions()
        }
        plan.faults.sort { $0.after < $1.after }
        if swarm.chance(0.5) { plan.commands = commands(seed: seed) }
        return plan
    }

    private static func commands(seed: UInt64) -> [Int: CommandFault] {
        var random = RandomStream(seed: seed, label: "commands")
        let share = [0.1, 0.25, 0.6][random.below(3)]
        var commands: [Int: CommandFault] = [:]
        for number in 1...60 {
            let kind = CommandFault.Kind.allCases[random.below(CommandFault.Kind.allCases.count)]
            guard random.chance(share) else { continue }
            commands[number] =
                switch kind {
                case .exits: .exits(1 + random.below(3))
                case .exitsAtOnce: .exitsAtOnce(1)
                case .signalled: .signalled(random.chance(0.5) ? 9 : 15)
                case .hangs: .hangs
                case .cannotStart: .cannotStart
                case .interrupted: .interrupted
                case .vanishes: .vanishes
                case .doesNothing: .doesNothing
                }
        }
        return commands
    }
}

extension Fault.Kind {
    /// One is enough: it never ends.
    fileprivate var isLasting: Bool {
        switch self {
        case .gone, .neverDrains, .moved, .swapped, .wallJump: true
        default: false
        }
    }
}

/// Draws the faults of one kind.
private struct Draw {
    var random: RandomStream
    let nodes: Int
    let policies: Int
    let end: Duration

    mutating func faults(of kind: Fault.Kind) -> [PlannedFault] {
        [planned(kind, at: instant())]
    }

    private mutating func planned(_ kind: Fault.Kind, at: Duration) -> PlannedFault {
        let occasion = occasion(for: kind)
        let delay =
            random.chance(0.4) ? .zero : random.duration(.zero...(random.chance(0.5) ? .seconds(2) : .minutes(2)))
        return PlannedFault(
            after: at, occasion: occasion, delay: occasion == .now ? .zero : delay, fault: fault(of: kind))
    }

    /// People who have their hands on nodes all night, and one who opens the same node again and again.
    mutating func busyPeople() -> [PlannedFault] {
        var faults = (0..<(3 + random.below(10))).map { _ in
            planned(pick([.opened, .opened, .opened, .loosened, .blocked]), at: instant())
        }
        guard random.chance(0.7) else { return faults }
        let node = node()
        var at = instant()
        let occasion = pick([Occasion.whileOut, .whileOut, .whileCommitted, .whileFailed])
        for _ in 0..<(4 + random.below(4)) {
            faults.append(
                PlannedFault(after: at, occasion: occasion, fault: .opened(node: node, timing: .anyTime)))
            at = min(end, at + random.duration(.seconds(5)...Duration.seconds(90)))
        }
        return faults
    }

    /// Several things at once on a node that nagi has its hands on.
    mutating func storm() -> [PlannedFault] {
        let at = instant()
        let occasion = pick([Occasion.whileOut, .whileCommitted, .whileCommandRuns, .whileOwed, .whileSoaking])
        let node = node()
        let kinds: [Fault.Kind] = [
            .nodeRestart, .isolated, .unreachable, .silent, .hanging, .broken, .slow, .answerLost, .late, .ignored,
            .refusing, .opened, .blocked, .daemonCrash, .stall, .slowAppend,
        ]
        return (0..<(2 + random.below(5))).map { _ in
            PlannedFault(
                after: at, occasion: occasion, delay: random.duration(.zero...Duration.seconds(20)),
                fault: fault(of: pick(kinds)).about(node))
        }
    }

    /// What is rolled out changes in the course of the night.
    mutating func revisions() -> [PlannedFault] {
        (1...(1 + random.below(4))).map { number in
            let occasion = pick([Occasion.now, .now, .whileOut, .whileCommitted, .whileFailed])
            return PlannedFault(
                after: instant(), occasion: occasion,
                fault: .edit(.revision(random.chance(0.2) ? "2.0.0" : "3.\(number).0")))
        }
    }

    private mutating func instant() -> Duration { random.duration(.seconds(10)...end) }

    private mutating func node() -> Int { random.below(nodes) }

    private mutating func lasting() -> Duration {
        random.duration(.milliseconds(200)...(random.chance(0.25) ? FaultPlan.longest : .seconds(40)))
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { elements[random.below(elements.count)] }

    private mutating func occasion(for kind: Fault.Kind) -> Occasion {
        let wanted: [Occasion] =
            switch kind {
            case .opened: [.whileOut, .whileCommitted, .whileFailed, .whileOwed, .whileOut, .whileCommandRuns]
            case .loosened: [.whileCommitted, .whileFailed]
            case .blocked: [.now, .now, .whileOut, .whileCommitted, .whileOwed, .whileSoaking]
            case .daemonCrash, .hostReboot, .stall, .slowAppend:
                [.now, .whileOut, .whileCommitted, .whileCommandRuns, .whileOwed]
            case .wallSample, .wallJump, .wallDrift, .reload: [.now, .now, .whileOut]
            case .moved, .swapped: [.now, .whileOut, .whileCommitted, .whileOwed]
            case .hints, .lying, .split, .nodesRestart, .directoryBroken, .edit: [.now]
            default: [.now, .now, .whileOut, .whileCommitted, .whileOwed, .whileSoaking]
            }
        return pick(wanted)
    }

    private mutating func fault(of kind: Fault.Kind) -> Fault {
        switch kind {
        case .nodeRestart: .nodeRestart(node: node(), away: lasting())
        case .nodesRestart: .nodesRestart(first: node(), count: 2 + random.below(nodes), away: lasting())
        case .gone: .gone(node: node())
        case .isolated: .isolated(node: node(), lasting: lasting())
        case .split: .split(first: node(), count: 1 + random.below(max(1, nodes / 2)), lasting: lasting())
        case .fileFault: .fileFault(node: node(), lasting: random.chance(0.5) ? lasting() : nil)
        case .neverDrains: .neverDrains(node: node())
        case .unreachable: .unreachable(node: node(), lasting: lasting())
        case .silent: .silent(node: node(), lasting: lasting())
        case .failing: .failing(node: node(), lasting: lasting())
        case .hanging: .hanging(node: node(), call: pick(Fault.Call.allCases), lasting: lasting())
        case .broken: .broken(node: node(), call: pick(Fault.Call.allCases), lasting: lasting())
        case .slow:
            .slow(
                node: node(), by: random.duration(.milliseconds(50)...Duration.milliseconds(2500)), lasting: lasting())
        case .answerLost: .answerLost(node: node(), lasting: lasting())
        case .late: .late(node: node(), lasting: lasting())
        case .repeated: .repeated(node: node(), lasting: lasting())
        case .ignored: .ignored(node: node(), lasting: lasting())
        case .refusing: .refusing(node: node(), status: random.chance(0.5) ? 403 : 429, lasting: lasting())
        case .lying: .lying(node: node(), lie: pick(Fault.Lie.allCases), lasting: lasting())
        default: otherFault(of: kind)
        }
    }

    private mutating func otherFault(of kind: Fault.Kind) -> Fault {
        switch kind {
        case .blocked:
            .blocked(
                node: node(), mode: random.chance(0.5) ? .blockNewSession : .blockNewConnection,
                lasting: random.chance(0.6) ? lasting() : nil)
        case .opened: .opened(node: node(), timing: pick(Fault.Timing.allCases))
        case .loosened: .loosened(node: node())
        case .hostReboot:
            .hostReboot(
                away: random.duration(.seconds(20)...Duration.minutes(15)),
                wallOff: pick([.zero, .zero, .zero, .hours(1), .hours(-1), .days(-40)]))
        case .stall: .stall(lasting: random.duration(.seconds(2)...Duration.minutes(8)))
        case .slowAppend: .slowAppend(lasting: random.duration(.seconds(2)...Duration.minutes(4)))
        case .reload: .reload
        case .directoryBroken: .directoryBroken(lasting: lasting())
        case .moved:
            .moved(node: node(), policiesAfter: random.duration(.zero...(random.chance(0.5) ? .minutes(10) : .zero)))
        case .swapped:
            .swapped(
                node: node(), other: node(),
                policiesAfter: random.duration(.zero...(random.chance(0.5) ? .minutes(5) : .zero)))
        case .wallSample: .wallSample(by: jump())
        case .wallJump: .wallJump(by: jump(), lasting: random.chance(0.7) ? lasting() : nil)
        case .wallDrift:
            // 500 ppm, or one part in ten.
            .wallDrift(
                nanosecondsPerSecond: (random.chance(0.5) ? 500_000 : 100_000_000) * (random.chance(0.5) ? 1 : -1),
                lasting: lasting())
        case .hints:
            .hints(
                node: node(), every: random.duration(.milliseconds(20)...Duration.seconds(2)), lasting: lasting())
        default: .daemonCrash(away: lasting())
        }
    }

    private mutating func jump() -> Duration { pick([.hours(1), .hours(-1), .days(40), .minutes(3), .minutes(-3)]) }

    /// One edit, or several that belong together.
    mutating func edits() -> [PlannedFault] {
        let at = instant()
        let policy = random.below(policies)
        let later = min(end, at + random.duration(.seconds(30)...Duration.minutes(40)))
        func planned(_ edit: Edit, at: Duration, _ occasion: Occasion = .now) -> PlannedFault {
            PlannedFault(after: at, occasion: occasion, fault: .edit(edit))
        }
        switch pick(Edit.Kind.allCases) {
        case .windowMoved:
            return [
                planned(.windowMoved(policy: policy, by: random.duration(.minutes(-90)...Duration.minutes(90))), at: at)
            ]
        case .windowRemoved: return [planned(.windowRemoved(policy: policy), at: at)]
        case .freeze:
            return [
                planned(
                    .freeze(
                        policy: random.chance(0.5) ? policy : nil,
                        lasting: random.duration(.minutes(1)...Duration.minutes(40))), at: at,
                    pick([.whilePreludeRuns, .whilePreludeRuns, .whilePreludeRuns, .whileOut, .whileCommitted]))
            ]
        case .nodeRemoved, .nodeAdded:
            let node = node()
            let isBack = random.chance(0.6)
            return [
                planned(
                    .nodeRemoved(node: node), at: at,
                    pick([.now, .whileOut, .whileCommitted, .whileFailed, .whileOwed]))
            ]
                + (isBack ? [planned(.nodeAdded(node: random.chance(0.7) ? node : self.node()), at: later)] : [])
        case .revision:
            let isThere = random.chance(0.5)
            return [planned(.revision("2.1.0"), at: at, pick([.now, .whileOut, .whileCommitted, .whileFailed]))]
                + (isThere ? [planned(.revision("2.0.0"), at: later)] : [])
        case .suspended:
            return [
                planned(.suspended(policy: policy, true), at: at, pick([.now, .whileOut, .whileCommitted])),
                planned(.suspended(policy: policy, false), at: later),
            ]
        case .renamed: return [planned(.renamed(policy: policy), at: at, pick([.now, .whileOut, .whileCommitted]))]
        case .policyRemoved, .policyRestored:
            return [
                planned(.policyRemoved(policy: policy), at: at, pick([.now, .whileOut, .whileCommitted, .whileFailed]))
            ]
                + (random.chance(0.5) ? [planned(.policyRestored(policy: policy), at: later)] : [])
        case .budget: return [planned(.budget(1 + random.below(3)), at: at), planned(.budget(1), at: later)]
        case .everythingRemoved, .everythingRestored:
            return [planned(.everythingRemoved, at: at), planned(.everythingRestored, at: later)]
        }
    }
}
