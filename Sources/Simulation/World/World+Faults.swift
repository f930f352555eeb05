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
        if fault.kind != .opened, fault.kind != .loosened { marks.note("fault-\(fault.kind.rawValue)") }
    }

    private mutating func begin(_ fault: Fault, lasting: Duration) {
        disturb()
        insert(.faultEnds(fault), in: lasting)
    }

    /// - Returns: false where nothing came of it.
    private mutating func happens(_ fault: Fault) -> Bool {
        switch fault {
        case .nodeRestart(let node, let away): return restart([node], away: away)
        case .nodesRestart(let first, let count, let away):
            let nodes = (0..<min(count, scenario.nodes.count)).map { (first + $0) % scenario.nodes.count }
            return restart(nodes, away: away)
        case .gone(let node):
            guard cluster[node].isRunning else { return false }
            conditions[node].isLost = true
            stopNode(node)
        case .isolated(let node, let lasting): part([node], lasting: lasting, fault)
        case .split(let first, let count, let lasting):
            part((0..<count).map { (first + $0) % scenario.nodes.count }, lasting: lasting, fault)
        case .fileFault(let node, let lasting):
            guard set(.blockNewConnection, on: node, by: .fault) else { return false }
            if let lasting { begin(fault, lasting: lasting) }
        case .neverDrains(let node):
            conditions[node].neverDrains = true
        case .blocked(let node, let mode, let lasting):
            guard let current = cluster[node].mode.requestable, mode > current, set(mode, on: node, by: .person) else {
                return false
            }
            if current > .normal { marks.note("blocked-over-nagi") }
            if let lasting { begin(fault, lasting: lasting) } else { marks.note("blocked-for-ever") }
        case .opened(_, let timing):
            guard timing != .anyTime else {
                act(fault)
                return true
            }
            ambushes.append(fault)
        case .loosened: act(fault)
        default: return hampers(fault)
        }
        return true
    }

    private mutating func restart(_ nodes: [Int], away: Duration) -> Bool {
        let running = nodes.filter { cluster[$0].isRunning }
        guard !running.isEmpty else { return false }
        disturb()
        for node in running { stopNode(node) }
        for node in running where !conditions[node].isLost { insert(.nodeStarts(node: node, version: nil), in: away) }
        insert(.faultEnds(.nodesRestart(first: 0, count: 0, away: .zero)), in: away + scenario.joinDelay)
        return true
    }

    private mutating func part(_ nodes: [Int], lasting: Duration, _ fault: Fault) {
        for node in nodes { conditions[node].isolated += 1 }
        cluster.split(nodes, side: nodes[0] + 1, at: wall)
        noteEverything()
        begin(fault, lasting: lasting)
    }

    /// What the network and the nodes do to callers.
    private mutating func hampers(_ fault: Fault) -> Bool {
        switch fault {
        case .unreachable(let node, let lasting):
            conditions[node].unreachable += 1
            begin(fault, lasting: lasting)
        case .silent(let node, let lasting):
            conditions[node].silent += 1
            begin(fault, lasting: lasting)
        case .failing(let node, let lasting):
            conditions[node].failing += 1
            begin(fault, lasting: lasting)
        case .hanging(let node, let call, let lasting):
            conditions[node].hanging[call, default: 0] += 1
            marks.note("hanging-\(call.rawValue)")
            begin(fault, lasting: lasting)
        case .broken(let node, let call, let lasting):
            conditions[node].broken[call, default: 0] += 1
            marks.note("broken-\(call.rawValue)")
            begin(fault, lasting: lasting)
        case .slow(let node, let by, let lasting):
            conditions[node].slow.append(by)
            begin(fault, lasting: lasting)
        case .answerLost(let node, let lasting):
            conditions[node].answerLost += 1
            begin(fault, lasting: lasting)
        case .late(let node, let lasting):
            conditions[node].late += 1
            begin(fault, lasting: lasting + .minutes(1))
        case .repeated(let node, let lasting):
            conditions[node].repeated += 1
            begin(fault, lasting: lasting + .minutes(1))
        case .ignored(let node, let lasting):
            conditions[node].ignored += 1
            begin(fault, lasting: lasting)
        case .refusing(let node, let status, let lasting):
            conditions[node].refusing.append(status)
            begin(fault, lasting: lasting)
        case .lying(let node, let lie, let lasting):
            conditions[node].lies.append(lie)
            marks.note("lie-\(lie.rawValue)")
            begin(fault, lasting: lasting)
        default: return befallsDaemon(fault)
        }
        if let node = fault.node { noteService(of: node) }
        return true
    }

    private mutating func befallsDaemon(_ fault: Fault) -> Bool {
        switch fault {
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
        case .edit(let edit):
            directory.apply(edit, wall: clock.wall(at: now))
            marks.note("edit-\(edit.kind.rawValue)")
            if !isDirectoryBroken { loadDirectory() }
        case .moved(let node, let after):
            address(node, Scenario.address("moved-\(node + 1)"))
            disturb()
            insert(.policiesFollow([node]), in: after)
        case .swapped(let node, let other, let after):
            guard node != other else { return false }
            let (a, b) = (addresses[node], addresses[other])
            addresses[node] = b
            addresses[other] = a
            hosts[a.api] = other
            hosts[b.api] = node
            if after > .zero {
                for place in [node, other] { oracle.truths[place].ownership.blur() }
            }
            disturb()
            insert(.policiesFollow([node, other]), in: after)
        case .wallSample(let by): clock.sample = by
        case .wallJump(let by, let lasting):
            clock.jump(by: by)
            if let lasting { begin(fault, lasting: lasting) } else { marks.note("wall-jump-for-good") }
        case .wallDrift(let speed, let lasting):
            clock.drift(by: speed, at: now)
            oracle.stages.watchedWall = false
            begin(fault, lasting: lasting)
        case .hints(let node, let every, let lasting):
            insert(.hint(node: node, every: every, until: now + lasting.nanoseconds), in: .zero)
        default: return false
        }
        return true
    }

    private mutating func address(_ node: Int, _ address: NodeAddress) {
        hosts[addresses[node].api] = nil
        addresses[node] = address
        hosts[address.api] = node
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
        case .isolated(let node, _): heal([node])
        case .split(let first, let count, _): heal((0..<count).map { (first + $0) % scenario.nodes.count })
        case .fileFault(let node, _):
            if oracle.truths[node].ownership.top?.setter == .fault { _ = set(.normal, on: node, by: .person) }
        case .blocked(let node, let mode, _):
            // Whoever set it by hand takes it back by hand, if it is still there and still theirs.
            guard cluster[node].mode == mode.mode, oracle.truths[node].ownership.top?.setter == .person else { return }
            _ = set(.normal, on: node, by: .person)
        case .unreachable(let node, _): conditions[node].unreachable -= 1
        case .silent(let node, _): conditions[node].silent -= 1
        case .failing(let node, _): conditions[node].failing -= 1
        case .hanging(let node, let call, _): conditions[node].hanging[call, default: 1] -= 1
        case .broken(let node, let call, _): conditions[node].broken[call, default: 1] -= 1
        case .slow(let node, let by, _): conditions[node].slow.drop(by)
        case .answerLost(let node, _): conditions[node].answerLost -= 1
        case .late(let node, _): conditions[node].late -= 1
        case .repeated(let node, _): conditions[node].repeated -= 1
        case .ignored(let node, _): conditions[node].ignored -= 1
        case .refusing(let node, let status, _): conditions[node].refusing.drop(status)
        case .lying(let node, let lie, _): conditions[node].lies.drop(lie)
        case .directoryBroken:
            isDirectoryBroken = false
            loadDirectory()
        case .wallJump(let by, _): clock.jump(by: .zero - by)
        case .wallDrift: clock.drift(by: 0, at: now)
        default: break
        }
        if let node = fault.node { noteService(of: node) }
    }

    private mutating func heal(_ nodes: [Int]) {
        for node in nodes { conditions[node].isolated -= 1 }
        for node in nodes where conditions[node].isolated == 0 { cluster.rejoin(node, at: wall) }
        noteEverything()
    }
}

extension Array where Element: Equatable {
    fileprivate mutating func drop(_ element: Element) {
        if let place = firstIndex(of: element) { remove(at: place) }
    }
}
