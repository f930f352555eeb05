import ModeCore
import Primitives

extension FaultPlan {
    /// The last of a run is free of faults for so long, so that everything can come to rest.
    package static let calmEnd = Duration.minutes(80)
    /// Faults begin no later than so long before that, and are over by then.
    package static let longest = Duration.minutes(20)

    /// A plan for a run of that length: of the kinds a random few, each drawn from a stream of its own, so that leaving
    /// one out shifts none of the others.
    package static func drawn(seed: UInt64, nodes: Int, policies: Int, length: Duration) -> FaultPlan {
        // One seed in eight is calm: without faults everything has to work too.
        guard seed % 8 != 0 else { return FaultPlan() }
        var swarm = RandomStream(seed: seed, label: "swarm")
        let share = [0.08, 0.15, 0.3, 0.5][swarm.below(4)]
        var plan = FaultPlan()
        let end = max(.seconds(20), length - calmEnd - longest)
        func draw(_ label: String, _ faults: (inout Draw) -> [PlannedFault]) {
            var draw = Draw(
                random: RandomStream(seed: seed, label: label), nodes: nodes, policies: policies, end: end)
            plan.faults += faults(&draw)
        }
        for kind in Fault.Kind.allCases where swarm.chance(share) {
            draw(kind.rawValue) { $0.several(kind.isLasting ? 1 : 4) { [$0.planned(kind)] } }
        }
        if swarm.chance(0.5) { draw("people") { $0.busyPeople() } }
        if swarm.chance(0.4) { draw("storms") { $0.several(3) { $0.storm() } } }
        if swarm.chance(0.5) { draw("edits") { $0.several(4) { $0.edits() } } }
        if swarm.chance(0.6) { draw("revisions") { $0.revisions() } }
        if swarm.chance(0.5) { draw("levers") { $0.several(10) { [$0.lever()] } } }
        if swarm.chance(0.5) { plan.commands = commands(seed: seed) }
        if swarm.chance(0.4) { draw("second thoughts") { $0.several(3) { $0.secondThoughts() } } }
        plan.faults.sort { $0.after < $1.after }
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

    mutating func several(_ most: Int, _ faults: (inout Draw) -> [PlannedFault]) -> [PlannedFault] {
        (0..<(1 + random.below(most))).flatMap { _ in faults(&self) }
    }

    mutating func planned(_ kind: Fault.Kind) -> PlannedFault {
        let at = instant()
        let occasion = occasion(for: kind)
        let delay =
            random.chance(0.4) ? .zero : random.duration(.zero...(random.chance(0.5) ? .seconds(2) : .minutes(2)))
        return PlannedFault(
            after: at, occasion: occasion, delay: occasion == .now ? .zero : delay, fault: fault(of: kind))
    }

    /// People who have their hands on nodes all night, and one who opens the same node again and again.
    mutating func busyPeople() -> [PlannedFault] {
        var faults = (0..<(3 + random.below(10))).map { _ in
            planned(pick([.opened, .opened, .opened, .loosened, .blocked]))
        }
        guard random.chance(0.7) else { return faults }
        let node = node()
        var at = instant()
        let occasion = pick([Occasion.whileOut, .whileOut, .whileCommitted, .whileFailed])
        for _ in 0..<(4 + random.below(4)) {
            faults.append(PlannedFault(after: at, occasion: occasion, fault: .node(node, .opened(.anyTime))))
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

    /// Somebody on call does the right thing, or the wrong one, in the right moment or another.
    mutating func lever() -> PlannedFault {
        // What asks for a certain moment comes to nothing more often than not.
        let kind = pick(LeverPull.Kind.allCases + [.retry, .retry, .start, .start])
        let wanted: [Occasion] =
            switch kind {
            case .retry, .release, .skip: [.whileFailed, .whileFailed, .whileOut, .whileCommitted, .now]
            case .releaseByForce: [.whileCommandRuns, .whileCommandRuns, .whileOwed, .whileFailed]
            case .hold, .holdMode, .keepOpen, .pauseRun, .pauseWithRestore, .releaseAll, .resumeNode:
                [.now, .whileOut, .whileCommitted, .whileCommandRuns, .whileSoaking]
            case .reserve, .pause, .resume, .resumeRun, .abort, .approve, .forceWindow, .forceExclusion, .forceGate,
                .start:
                [.now, .now, .whileOut, .whileCommitted, .whileFailed]
            }
        let pull = LeverPull(
            kind: kind, node: node(), policy: random.below(policies),
            length: random.duration(.seconds(30)...FaultPlan.longest), actor: random.chance(0.7) ? "ann" : "bob")
        return PlannedFault(
            after: instant(), occasion: pick(wanted),
            delay: random.chance(0.5) ? .zero : random.duration(.zero...Duration.seconds(5)), fault: .lever(pull))
    }

    /// Somebody stops what he is about to edit; or has the node go that is ready for it, though a freeze has just begun.
    mutating func secondThoughts() -> [PlannedFault] {
        let at = random.chance(0.5) ? random.duration(.seconds(10)...min(end, .minutes(20))) : instant()
        func pull(_ kind: LeverPull.Kind, _ policy: Int) -> Fault {
            .lever(LeverPull(kind: kind, node: 0, policy: policy, length: FaultPlan.longest, actor: "ann"))
        }
        let policy = random.below(policies)
        guard random.chance(0.5) else {
            let freeze = Edit.freeze(policy: nil, lasting: random.duration(.minutes(10)...Duration.minutes(40)))
            return [
                PlannedFault(after: at, occasion: .whilePreludeRuns, fault: .edit(freeze)),
                PlannedFault(
                    after: at, occasion: .whilePreludeRuns, delay: random.duration(.seconds(1)...Duration.minutes(1)),
                    fault: pull(.forceExclusion, policy)),
            ]
        }
        // The rollout: only that begins anew where it is edited.
        let edit: Edit =
            random.chance(0.5)
            ? .windowMoved(policy: 1, by: random.duration(.minutes(-60)...Duration.minutes(60)))
            : .nodeRemoved(node: node())
        return [
            PlannedFault(after: at, fault: pull(.pauseRun, 1)),
            PlannedFault(after: at + random.duration(.seconds(5)...Duration.minutes(3)), fault: .edit(edit)),
        ]
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
            case .hints, .lying, .split, .nodesRestart, .directoryBroken: [.now]
            default: [.now, .now, .whileOut, .whileCommitted, .whileOwed, .whileSoaking]
            }
        return pick(wanted)
    }

    private mutating func fault(of kind: Fault.Kind) -> Fault {
        switch kind {
        case .nodeRestart: .node(node(), .nodeRestart(away: lasting()))
        case .nodesRestart: .nodesRestart(first: node(), count: 2 + random.below(nodes), away: lasting())
        case .gone: .node(node(), .gone)
        case .isolated: .node(node(), .isolated(lasting: lasting()))
        case .split: .split(first: node(), count: 1 + random.below(max(1, nodes / 2)), lasting: lasting())
        case .fileFault: .node(node(), .fileFault(lasting: random.chance(0.5) ? lasting() : nil))
        case .neverDrains: .node(node(), .neverDrains)
        case .unreachable: .node(node(), .trouble(.unreachable, lasting: lasting()))
        case .silent: .node(node(), .trouble(.silent, lasting: lasting()))
        case .failing: .node(node(), .trouble(.failing, lasting: lasting()))
        case .hanging: .node(node(), .trouble(.hanging(pick(Trouble.Call.allCases)), lasting: lasting()))
        case .broken: .node(node(), .trouble(.broken(pick(Trouble.Call.allCases)), lasting: lasting()))
        case .slow:
            .node(
                node(),
                .trouble(
                    .slow(by: random.duration(.milliseconds(50)...Duration.milliseconds(2500))), lasting: lasting()))
        case .answerLost: .node(node(), .trouble(.answerLost, lasting: lasting()))
        case .late: .node(node(), .trouble(.late, lasting: lasting()))
        case .repeated: .node(node(), .trouble(.repeated, lasting: lasting()))
        case .ignored: .node(node(), .trouble(.ignored, lasting: lasting()))
        case .refusing: .node(node(), .trouble(.refusing(status: random.chance(0.5) ? 403 : 429), lasting: lasting()))
        case .lying: .node(node(), .trouble(.lying(pick(Trouble.Lie.allCases)), lasting: lasting()))
        case .blocked:
            .node(
                node(),
                .blocked(
                    random.chance(0.5) ? .blockNewSession : .blockNewConnection,
                    lasting: random.chance(0.6) ? lasting() : nil))
        case .opened: .node(node(), .opened(pick(NodeFault.Timing.allCases)))
        case .loosened: .node(node(), .loosened)
        case .daemonCrash: .daemonCrash(away: lasting())
        case .hostReboot:
            .hostReboot(
                away: random.duration(.seconds(20)...Duration.minutes(15)),
                wallOff: pick([.zero, .zero, .zero, .hours(1), .hours(-1), .days(-40)]))
        case .stall: .stall(lasting: random.duration(.seconds(2)...Duration.minutes(8)))
        case .slowAppend: .slowAppend(lasting: random.duration(.seconds(2)...Duration.minutes(4)))
        case .reload: .reload
        case .directoryBroken: .directoryBroken(lasting: lasting())
        case .moved: .node(node(), .moved(policiesAfter: within(.minutes(10))))
        case .swapped: .swapped(node: node(), other: node(), policiesAfter: within(.minutes(5)))
        case .wallSample: .wallSample(by: jump())
        case .wallJump: .wallJump(by: jump(), lasting: random.chance(0.7) ? lasting() : nil)
        case .wallDrift:
            // 500 ppm, or one part in ten.
            .wallDrift(
                nanosecondsPerSecond: (random.chance(0.5) ? 500_000 : 100_000_000) * (random.chance(0.5) ? 1 : -1),
                lasting: lasting())
        case .hints:
            .node(
                node(),
                .hints(every: random.duration(.milliseconds(20)...Duration.seconds(2)), lasting: lasting()))
        }
    }

    /// At once, or within so long.
    private mutating func within(_ longest: Duration) -> Duration {
        random.duration(.zero...(random.chance(0.5) ? longest : .zero))
    }

    private mutating func jump() -> Duration { pick([.hours(1), .hours(-1), .days(40), .minutes(3), .minutes(-3)]) }

    /// One edit, or several that belong together.
    mutating func edits() -> [PlannedFault] {
        let at = instant()
        let policy = random.below(policies)
        let afterwards = min(end, at + random.duration(.seconds(30)...Duration.minutes(40)))
        var faults: [PlannedFault] = []
        func first(_ edit: Edit, _ occasion: Occasion = .now) {
            faults.append(PlannedFault(after: at, occasion: occasion, fault: .edit(edit)))
        }
        func later(_ edit: Edit) { faults.append(PlannedFault(after: afterwards, fault: .edit(edit))) }
        switch pick(Edit.Kind.allCases) {
        case .windowMoved:
            first(.windowMoved(policy: policy, by: random.duration(.minutes(-90)...Duration.minutes(90))))
        case .windowRemoved: first(.windowRemoved(policy: policy))
        case .freeze:
            first(
                .freeze(
                    policy: random.chance(0.5) ? policy : nil,
                    lasting: random.duration(.minutes(1)...Duration.minutes(40))),
                pick([.whilePreludeRuns, .whilePreludeRuns, .whilePreludeRuns, .whileOut, .whileCommitted]))
        case .nodeRemoved, .nodeAdded:
            let node = node()
            let isBack = random.chance(0.6)
            first(.nodeRemoved(node: node), pick([.now, .whileOut, .whileCommitted, .whileFailed, .whileOwed]))
            if isBack { later(.nodeAdded(node: random.chance(0.7) ? node : self.node())) }
        case .revision:
            let isBack = random.chance(0.5)
            first(.revision("2.1.0"), pick([.now, .whileOut, .whileCommitted, .whileFailed]))
            if isBack { later(.revision("2.0.0")) }
        case .suspended:
            first(.suspended(policy: policy, true), pick([.now, .whileOut, .whileCommitted]))
            later(.suspended(policy: policy, false))
        case .renamed: first(.renamed(policy: policy), pick([.now, .whileOut, .whileCommitted]))
        case .policyRemoved, .policyRestored:
            first(.policyRemoved(policy: policy), pick([.now, .whileOut, .whileCommitted, .whileFailed]))
            if random.chance(0.5) { later(.policyRestored(policy: policy)) }
        case .budget:
            first(.budget(1 + random.below(3)))
            later(.budget(1))
        case .everythingRemoved, .everythingRestored:
            first(.everythingRemoved)
            later(.everythingRestored)
        }
        return faults
    }
}
