import ModeCore
import Primitives
import Scheduling

/// Faults come and go.
extension World {
    /// How long a fault waits for its occasion.
    private static let patience = Duration.minutes(30)

    mutating func apply(planned place: Int) {
        let planned = scenario.plan.faults[place]
        guard planned.occasion != .now else { return apply(planned.fault) }
        waiting.append((place, now + World.patience.nanoseconds))
        seizeOccasions()
    }

    /// Faults that wait happen as soon as something gives them occasion.
    mutating func seizeOccasions() {
        guard !waiting.isEmpty else { return }
        waiting.removeAll { $0.until < now }
        var place = 0
        while place < waiting.count {
            let planned = scenario.plan.faults[waiting[place].fault]
            guard let fault = suited(planned) else {
                place += 1
                continue
            }
            waiting.remove(at: place)
            marks.note("occasion-\(planned.occasion.rawValue)")
            insert(.faultHappens(fault), in: planned.delay)
        }
    }

    /// The fault about a node of which its occasion is true; nil: there is none.
    private func suited(_ planned: PlannedFault) -> Fault? {
        let count = scenario.nodes.count
        let first = planned.fault.node ?? 0
        for offset in 0..<count {
            let node = (first + offset) % count
            if isTrue(planned.occasion, of: node) { return planned.fault.about(node) }
        }
        return nil
    }

    private func isTrue(_ occasion: Occasion, of node: Int) -> Bool {
        let id = oracle.id(node)
        func isIn(_ kind: PartPhase.Kind) -> Bool {
            oracle.mirror.runs.contains { run in
                run.parts.contains { $0.part.node == id && $0.part.phase.kind == kind }
            }
        }
        switch occasion {
        case .now: return true
        case .whileOut: return oracle.mirror.claim(on: id)?.part.part.phase.kind == .out
        case .whileCommitted: return isIn(.committed)
        case .whileFailed: return oracle.mirror.stays[id] != nil
        case .whileOwed: return oracle.truths[node].ownership.isNagis && !oracle.mirror.isClaimed(id)
        case .whileSoaking: return isIn(.soaking)
        case .whilePreludeRuns, .whileCommandRuns:
            return commands.contains { command in
                guard command.start.node == id, case .running = command.state else { return false }
                return command.isDisruptive == (occasion == .whileCommandRuns)
            }
        }
    }

    mutating func apply(_ fault: Fault) {
        say("fault \(fault)")
        guard happens(fault) else { return }
        if disturbances == 0 { calmSince = now }
        switch fault {
        // What comes of these is noted where somebody lays hands on the node.
        case .node(_, .opened), .node(_, .loosened): break
        default: marks.note("fault-\(fault.name)")
        }
    }

    private mutating func begin(_ fault: Fault, lasting: Duration) {
        disturb()
        insert(.faultEnds(fault), in: lasting)
    }

    /// - Returns: false where nothing came of it.
    private mutating func happens(_ fault: Fault) -> Bool {
        switch fault {
        case .node(let node, let what): return befalls(node, what, fault)
        case .nodesRestart(let first, let count, let away):
            return restart(places(count, from: first), away: away, fault)
        case .split(let first, let count, let lasting): part(places(count, from: first), lasting: lasting, fault)
        case .swapped(let node, let other, let after):
            // Nobody takes an address of another network along.
            guard node != other, isAllowed(node) == isAllowed(other) else { return false }
            addresses.swapAt(node, other)
            for place in [node, other] {
                hosts[addresses[place].api] = place
                if after > .zero { oracle.truths[place].ownership.blur() }
            }
            disturb()
            insert(.policiesFollow([node, other]), in: after)
        case .daemonCrash(let away):
            guard controller != nil else { return false }
            crash(away: away)
        case .hostReboot(let away, let wallOff):
            guard controller != nil else { return false }
            if wallOff != .zero { marks.note("reboot-with-another-wall") }
            crash(away: away, reboots: true, wallOff: wallOff)
        case .stall(let lasting):
            guard controller != nil, stalledUntil == nil else { return false }
            stall(for: lasting, isFrozen: true)
        case .slowAppend(let lasting): nextAppendTakes = lasting
        case .reload: loadDirectory()
        case .directoryBroken(let lasting):
            guard !isDirectoryBroken else { return false }
            isDirectoryBroken = true
            begin(fault, lasting: lasting)
        case .lever(let pull): return self.pull(pull)
        case .edit(let edit):
            directory.apply(edit, wall: clock.wall(at: now))
            marks.note("edit-\(caseName(of: edit))")
            if !isDirectoryBroken { loadDirectory() }
        case .wallSample(let by): clock.sample = by
        case .wallJump(let by, let lasting):
            clock.jump(by: by)
            if let lasting { begin(fault, lasting: lasting) } else { marks.note("wall-jump-for-good") }
        case .wallDrift(let speed, let lasting):
            clock.drift(by: speed, at: now)
            begin(fault, lasting: lasting)
        }
        return true
    }

    private func isAllowed(_ node: Int) -> Bool { scenario.isAllowed(addresses[node].api) }

    /// So many, from that one on; after the last comes the first.
    private func places(_ count: Int, from first: Int) -> [Int] {
        (0..<min(count, scenario.nodes.count)).map { (first + $0) % scenario.nodes.count }
    }

    private mutating func befalls(_ node: Int, _ what: NodeFault, _ fault: Fault) -> Bool {
        switch what {
        case .nodeRestart(let away): return restart([node], away: away, fault)
        case .gone:
            guard cluster[node].isRunning else { return false }
            conditions[node].isLost = true
            stopNode(node)
        case .isolated(let lasting): part([node], lasting: lasting, fault)
        case .fileFault(let lasting):
            guard set(.blockNewConnection, on: node, by: .fault) else { return false }
            if let lasting { begin(fault, lasting: lasting) }
        case .neverDrains: conditions[node].neverDrains = true
        case .trouble(let trouble, let lasting):
            conditions[node].begin(trouble)
            switch trouble {
            case .hanging(let call): marks.note("hanging-\(call.rawValue)")
            case .broken(let call): marks.note("broken-\(call.rawValue)")
            case .lying(let lie): marks.note("lie-\(lie.rawValue)")
            default: break
            }
            // What is put off, or done again, is so for a while longer.
            let isPutOff = trouble == .late || trouble == .repeated
            begin(fault, lasting: isPutOff ? lasting + .minutes(1) : lasting)
            noteService(of: node)
        case .blocked(let mode, let lasting):
            guard let current = cluster[node].mode.requestable, mode > current, set(mode, on: node, by: .person) else {
                return false
            }
            if current > .normal { marks.note("blocked-over-nagi") }
            if let lasting { begin(fault, lasting: lasting) } else { marks.note("blocked-for-ever") }
        case .opened(.anyTime): open(node, .anyTime)
        case .opened(let timing): ambushes.append((node, timing))
        case .loosened: loosen(node)
        case .moved(let after):
            hosts[addresses[node].api] = nil
            addresses[node] = Scenario.address(number: 101 + node, isAllowed: isAllowed(node))
            hosts[addresses[node].api] = node
            disturb()
            insert(.policiesFollow([node]), in: after)
        case .hints(let every, let lasting):
            insert(.hint(node: node, every: every, until: now + lasting.nanoseconds), in: .zero)
        }
        return true
    }

    private mutating func restart(_ nodes: [Int], away: Duration, _ fault: Fault) -> Bool {
        let running = nodes.filter { cluster[$0].isRunning }
        guard !running.isEmpty else { return false }
        disturb()
        for node in running { stopNode(node) }
        for node in running where !conditions[node].isLost { insert(.nodeStarts(node: node, version: nil), in: away) }
        insert(.faultEnds(fault), in: away + scenario.joinDelay)
        return true
    }

    private mutating func part(_ nodes: [Int], lasting: Duration, _ fault: Fault) {
        for node in nodes { conditions[node].isolations += 1 }
        cluster.split(nodes, side: nodes[0] + 1, at: wall)
        noteEverything()
        begin(fault, lasting: lasting)
    }

    mutating func policiesFollow(_ nodes: [Int]) {
        undisturb()
        for node in nodes { directory.move(node, to: addresses[node]) }
        if !isDirectoryBroken { loadDirectory() }
    }

    mutating func lift(_ fault: Fault) {
        say("over: \(fault)")
        undisturb()
        switch fault {
        case .node(let node, let what): lift(what, from: node)
        case .split(let first, let count, _): heal(places(count, from: first))
        case .directoryBroken:
            isDirectoryBroken = false
            loadDirectory()
        case .wallJump(let by, _): clock.jump(by: .zero - by)
        case .wallDrift: clock.drift(by: 0, at: now)
        default: break
        }
    }

    private mutating func lift(_ what: NodeFault, from node: Int) {
        // Whoever set a mode by hand takes it back by hand, if it is still there and still theirs.
        let setter = oracle.truths[node].ownership.top?.setter
        switch what {
        case .isolated: heal([node])
        case .trouble(let trouble, _): conditions[node].end(trouble)
        case .fileFault where setter == .fault: _ = set(.normal, on: node, by: .person)
        case .blocked(let mode, _) where setter == .person && cluster[node].mode == mode.mode:
            _ = set(.normal, on: node, by: .person)
        default: break
        }
        noteService(of: node)
    }

    private mutating func heal(_ nodes: [Int]) {
        for node in nodes { conditions[node].isolations -= 1 }
        for node in nodes where conditions[node].isolations == 0 { cluster.rejoin(node, at: wall) }
        noteEverything()
    }
}
