import ModeCore
import Primitives
import Scheduling

/// What the operator's commands do to the nodes.
extension World {
    func commandRun(_ start: CommandStart) -> CommandRun {
        let isDisruptive = oracle.command(start.id)?.step?.isDisruptive ?? false
        return CommandRun(
            start: start, process: process, isDisruptive: isDisruptive, fault: scenario.plan.commands[start.id.number],
            place: machine(of: start))
    }

    private func machine(of start: CommandStart) -> Int? {
        guard scenario.commands.actOnAddress else { return oracle.place(start.node) }
        return start.environment["NAGI_NODE_API"].flatMap { hosts[$0] }
    }

    private func place(of id: CommandID) -> Int? { commands.lastIndex { $0.start.id == id } }

    mutating func begin(_ id: CommandID) {
        guard let place = place(of: id), case .asked = commands[place].state else { return }
        let command = commands[place]
        let start = command.start
        if isTooLate(start.notAfter) { return end(id, .neverBegan) }
        marks.note(command.isDisruptive ? "command-disrupts" : "command-disrupts-nothing")
        if command.isDisruptive, start.isCall { marks.note("call-disrupts") }
        oracle.note(begun: start, at: now)
        commands[place].state = .running
        if let fault = command.fault { marks.note("command-fault-\(caseName(of: fault))") }
        if case .termination = start.work { return terminate(start, command) }
        let work = command.isDisruptive ? scenario.commands.upgradeTime : scenario.commands.preludeTime
        switch command.fault {
        case .cannotStart?:
            guard case .call = start.work else {
                return insert(.commandEnds(id, .notStarted("no such file")), in: .milliseconds(5))
            }
            // Refused it was not sent; broken off, nobody knows, and its time is waited out.
            guard id.number.isMultiple(of: 2) else {
                return insert(.commandEnds(id, .noAnswer("connection reset")), in: start.timeout)
            }
            return insert(.commandEnds(id, .notStarted("connection refused")), in: .milliseconds(5))
        case .exitsAtOnce(let status)?:
            return insert(.commandEnds(id, .exited(status: status)), in: .milliseconds(200))
        case .doesNothing?: return insert(.commandEnds(id, .exited(status: 0)), in: .milliseconds(200))
        case .hangs?: insert(.commandEnds(id, .timedOut), in: start.timeout)
        case .vanishes?: insert(.commandVanishes(id), in: start.timeout)
        case .interrupted?: insert(.commandEnds(id, .interrupted), in: min(start.timeout, work * 0.5))
        case .exits(let status)?: finish(id, .exited(status: status), in: work, start)
        case .signalled(let signal)?:
            finish(id, .signalled(signal), in: start.isCall ? start.timeout : work * 0.7, start)
        case nil: finish(id, .exited(status: 0), in: work, start)
        }
        guard command.isDisruptive else { return }
        guard let after = scenario.commands.restartsAfter, command.fault == nil else {
            return insert(.commandStops(id), in: .milliseconds(100))
        }
        insert(.commandStops(id), in: after)
    }

    private mutating func finish(_ id: CommandID, _ outcome: CommandOutcome, in work: Duration, _ start: CommandStart) {
        // One that only asks for the restart is done at once.
        let isBrief = scenario.commands.restartsAfter != nil && outcome.isSuccess && start.step != "prefetch"
        let length = isBrief ? Duration.milliseconds(150) : work
        if length >= start.timeout {
            insert(.commandEnds(id, .timedOut), in: start.timeout)
        } else {
            insert(.commandEnds(id, outcome), in: length)
        }
    }

    /// The command stops the node.
    mutating func stop(_ id: CommandID) {
        guard let place = place(of: id), let node = commands[place].place, cluster[node].isRunning else {
            return
        }
        if case .ended(let outcome) = commands[place].state, !outcome.isSuccess { return }
        cluster.advance(to: wall)
        let sessions = sessionsAtStake(on: node)
        commands[place].hasStopped = true
        if cluster.isRelaying { marks.note("relaying-node-disrupted") }
        if commands[place].start.isCall { marks.note("node-stopped-by-call") }
        let cut = stopNode(node)
        callsCut += cut
        say("\(scenario.nodes[node].name) is stopped by \(id), \(cut) connections cut")
        oracle.noteStopped(node, by: id, cut: cut, sessions: sessions, at: now)
        if scenario.commands.restartsAfter != nil, commands[place].fault == nil {
            insert(.commandStarts(id), in: scenario.commands.upgradeTime)
        }
    }

    /// The node comes back, with the run's revision where the command did its work.
    mutating func bringBack(_ id: CommandID) {
        guard let place = place(of: id), let node = commands[place].place, commands[place].hasStopped else { return }
        var version: String?
        if case .ended(let outcome) = commands[place].state, outcome.isSuccess {
            version = commands[place].start.environment["NAGI_REVISION"].map { scenario.commands.versionPrefix + $0 }
        }
        commands[place].hasStopped = false
        startNode(node, version: version)
    }

    /// Everything live on the node is ended on purpose. With a fault, half of it, or the node does not end anything before
    /// its caller has tried for a while.
    private mutating func terminate(_ start: CommandStart, _ command: CommandRun) {
        guard let node = command.place, cluster[node].isRunning else {
            return insert(.commandEnds(start.id, .notStarted("connection refused")), in: .milliseconds(5))
        }
        switch command.fault {
        case .hangs?, .vanishes?, .interrupted?:
            insert(.callsEnd(start.id, process: process), in: .seconds(20))
        default: endCalls(start.id, isLate: false)
        }
    }

    /// Ends what is live on the node by now, where that is still wanted.
    mutating func endCalls(_ id: CommandID, isLate: Bool) {
        guard let place = place(of: id), case .running = commands[place].state, !commands[place].isToEnd else { return }
        let command = commands[place]
        guard let node = command.place, cluster[node].isRunning else {
            return insert(.commandEnds(id, .noAnswer("connection refused")), in: .milliseconds(5))
        }
        cluster.advance(to: wall)
        let channels = Set(cluster[node].connections.map(\.channel)).sorted()
        let ended = command.fault == nil || isLate ? channels : Array(channels.prefix(channels.count / 2))
        if isLate { marks.note("calls-ended-late") }
        oracle.note(calls: channels.count, endedOn: command.start.node, at: now)
        for channel in ended { cluster.terminateSession(of: channel, on: node, at: wall) }
        marks.note(ended.count == channels.count ? "calls-ended-on-purpose" : "calls-ended-by-half")
        say("\(scenario.nodes[node].name): \(ended.count) sessions are ended on purpose")
        noteEverything()
        let outcome = CommandOutcome.terminated(sessions: ended.count, left: channels.count - ended.count)
        insert(.commandEnds(id, outcome), in: .milliseconds(200))
    }

    mutating func end(_ id: CommandID, _ result: CommandOutcome) {
        guard let place = place(of: id) else { return }
        let outcome = result.told(of: commands[place].start.work)
        if case .ended = commands[place].state { return }
        commands[place].state = .ended(outcome)
        oracle.note(over: id, outcome)
        let isAsynchronous = scenario.commands.restartsAfter != nil && commands[place].fault == nil
        if !isAsynchronous {
            switch outcome {
            case .exited, .answered, .terminated, .noAnswer, .neverBegan, .notStarted: bringBack(id)
            // Somebody has to start the node.
            case .signalled, .timedOut, .stopped, .interrupted: insert(.commandStarts(id), in: .minutes(3))
            }
        }
        // The answer to a call reaches the process that made it, if that still lives; that it is to end any process hears.
        guard !commands[place].start.isCall || outcome == .stopped || isAlive(commands[place].process) else { return }
        post(.commandEnded(id, outcome))
    }

    /// An operator has it ended: it is asked, and does not listen at once.
    mutating func askToEnd(_ id: CommandID) {
        guard let place = place(of: id) else { return }
        switch commands[place].state {
        case .asked: end(id, .neverBegan)
        case .running:
            commands[place].isToEnd = true
            // What was sent cannot be taken back, and is waited out.
            let start = commands[place].start
            insert(.commandEnds(id, .stopped), in: start.isCall ? start.timeout : .seconds(2))
        case .ended: break
        }
    }

    /// Killed at its timeout, and whoever would have told is gone too.
    mutating func vanish(_ id: CommandID) {
        guard let place = place(of: id), case .running = commands[place].state else { return }
        commands[place].state = .ended(.interrupted)
        oracle.note(over: id, .interrupted)
        insert(.commandStarts(id), in: .minutes(3))
    }

    /// The host of the daemon went down, and the command with it.
    mutating func interrupt(_ place: Int) {
        let id = commands[place].start.id
        commands[place].state = .ended(.interrupted)
        oracle.note(over: id, .interrupted)
        marks.note("command-interrupted-by-reboot")
        insert(.commandStarts(id), in: .minutes(3))
    }
}

extension CommandOutcome {
    /// A call ends with an answer where a program ends with a status.
    fileprivate func told(of work: Command.Work) -> CommandOutcome {
        guard case .call = work else { return self }
        switch self {
        case .exited(0): return .answered(status: 200, fault: nil)
        case .exited(let status): return .answered(status: 500, fault: NodeText(cutting: "status \(status)"))
        case .signalled, .timedOut: return .noAnswer("timed out")
        default: return self
        }
    }
}
