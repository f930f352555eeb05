import ModeCore
import Primitives
import Scheduling

/// What happens on the nodes: calls, commands, faults.
extension World {
    mutating func arrive() {
        let rate = scenario.traffic.arrivalsPerSecond * Double(policy.nodes.count)
        insert(.arrival, in: traffic.exponential(mean: .nanoseconds(Int64(1e9 / rate))))
        let channel = channels[traffic.below(scenario.traffic.channels)]
        let first = traffic.below(policy.nodes.count)
        let hold = traffic.exponential(mean: scenario.traffic.meanHold)
        // A client tries the nodes one after the other, as its balancer does.
        for offset in policy.nodes.indices {
            let place = (first + offset) % policy.nodes.count
            guard cluster[place].isRunning else { continue }
            if case .admitted(_, let connection, _) = cluster.connect(channel, contacting: place, at: wall) {
                admitted += 1
                insert(.departure(connection), in: hold)
                return
            }
        }
        rejected += 1
    }

    mutating func join(_ node: Int) {
        guard cluster[node].isRunning else { return }
        cluster.join(node, at: wall)
        say("\(policy.nodes[node].name) is \(cluster[node].mode.rawValue)")
        noteNodes(changedBy: .nobody, only: node)
    }

    mutating func begin(_ start: CommandStart) {
        guard case .asked? = commands[start.id], let node = places[start.node.name] else { return }
        oracle.note(begun: start, at: now)
        commands[start.id] = .running
        insert(.commandStops(start.id, node: node), in: .milliseconds(100))
    }

    /// The upgrade stops the node, and starts it with the run's revision.
    mutating func upgrade(_ node: Int, by id: CommandID) {
        cluster.advance(to: wall)
        let cut = cluster.stop(node, at: wall)
        callsCut += cut
        if cut > 0 { oracle.violate(.order, at: now, "\(policy.nodes[node].name): the command cut \(cut) connections") }
        say("\(policy.nodes[node].name) is stopped by \(id), \(cut) connections cut")
        if policy.topology == .clustered {
            let joined = policy.nodes.indices.count { cluster.isJoined($0) }
            oracle.noteDisrupted(policy.nodes[node].name, joined: joined, majority: policy.majority, at: now)
        }
        noteNodes(changedBy: .nobody, only: node)
        insert(.commandEnds(id, scenario.outcome(ofCommand: id)), in: scenario.upgradeTime)
    }

    mutating func end(_ id: CommandID, _ outcome: CommandOutcome) {
        guard let start = starts[id], let node = places[start.node.name] else { return }
        oracle.note(ended: id, outcome)
        let version = outcome.isSuccess ? start.environment["NAGI_REVISION"] : nil
        cluster.start(node, version: version, at: wall)
        insert(.join(node: node), in: scenario.joinDelay)
        commands[id] = .ended(outcome)
        if controller != nil { handle(.commandEnded(id, outcome)) }
    }

    mutating func apply(_ fault: Fault) {
        say("fault \(fault)")
        switch fault {
        case .nodeRestart(let node, let away):
            guard cluster[node].isRunning else { return }
            cluster.stop(node, at: wall)
            noteNodes(changedBy: .nobody, only: node)
            insert(.faultEnds(fault), in: away)
        case .unreachable(let node, let lasting):
            conditions[node].unreachable += 1
            noteNodes(changedBy: nil, only: node)
            insert(.faultEnds(fault), in: lasting)
        case .silent(let node, let lasting):
            conditions[node].silent += 1
            noteNodes(changedBy: nil, only: node)
            insert(.faultEnds(fault), in: lasting)
        case .failing(let node, let lasting):
            conditions[node].failing += 1
            noteNodes(changedBy: nil, only: node)
            insert(.faultEnds(fault), in: lasting)
        case .answerLost(let node, let lasting):
            conditions[node].answerLost += 1
            insert(.faultEnds(fault), in: lasting)
        case .isolated(let node, let lasting):
            conditions[node].isolated += 1
            isolatedSince[node] = isolatedSince[node] ?? now
            cluster.isolate(node, at: wall)
            noteNodes(changedBy: nil, only: nil)
            insert(.faultEnds(fault), in: lasting)
        case .foreign(let node, let mode, let lasting):
            guard cluster[node].isRunning, cluster[node].mode != .initial, cluster[node].mode != mode.mode else {
                return
            }
            _ = cluster.changeMode(mode, on: node, at: wall)
            noteNodes(changedBy: .foreign, only: node)
            insert(.faultEnds(fault), in: lasting)
        case .daemonCrash(let away):
            crash(away: away)
        case .reload:
            handle(.policiesLoaded(scenario.policies))
        case .listFailing(let node, let lasting):
            conditions[node].listFailing += 1
            insert(.faultEnds(fault), in: lasting)
        case .late(let node, let lasting):
            conditions[node].late += 1
            insert(.faultEnds(fault), in: lasting)
        }
    }

    mutating func lift(_ fault: Fault) {
        say("over: \(fault)")
        switch fault {
        case .nodeRestart(let node, _):
            guard !cluster[node].isRunning, !isCommandRunning(on: node) else { return }
            cluster.start(node, at: wall)
            insert(.join(node: node), in: scenario.joinDelay)
        case .unreachable(let node, _):
            conditions[node].unreachable -= 1
            noteNodes(changedBy: nil, only: node)
        case .silent(let node, _):
            conditions[node].silent -= 1
            noteNodes(changedBy: nil, only: node)
        case .failing(let node, _):
            conditions[node].failing -= 1
            noteNodes(changedBy: nil, only: node)
        case .answerLost(let node, _):
            conditions[node].answerLost -= 1
        case .isolated(let node, _):
            conditions[node].isolated -= 1
            guard conditions[node].isolated == 0 else { return }
            isolatedSince[node] = nil
            cluster.rejoin(node, at: wall)
            noteNodes(changedBy: nil, only: nil)
        case .foreign(let node, let mode, _):
            // Whoever set it by hand takes it back by hand, if it is still there and still theirs.
            guard cluster[node].isRunning, cluster[node].mode == mode.mode, oracle.truths[node].setter == .foreign
            else { return }
            _ = cluster.changeMode(.normal, on: node, at: wall)
            noteNodes(changedBy: .nobody, only: node)
        case .listFailing(let node, _): conditions[node].listFailing -= 1
        case .late(let node, _): conditions[node].late -= 1
        case .daemonCrash, .reload: break
        }
    }

    private func isCommandRunning(on node: Int) -> Bool {
        starts.contains { id, start in
            guard places[start.node.name] == node, case .running? = commands[id] else { return false }
            return true
        }
    }

    /// Tells the oracle what became of nodes without nagi's doing. Without a setter only their reachability changed.
    private mutating func noteNodes(changedBy setter: Oracle.Setter?, only: Int?) {
        for node in only.map({ $0...$0 }) ?? 0...(policy.nodes.count - 1) {
            let condition = conditions[node]
            let isReachable = condition.unreachable == 0 && condition.silent == 0 && condition.failing == 0
            let isInService = isReachable && cluster[node].isRunning && cluster[node].mode == .normal
            let former = oracle.truths[node].setter
            // A node that nagi closed and that opened by itself or by hand is no longer nagi's doing.
            let current = setter ?? (cluster[node].mode == .normal || cluster[node].mode == .initial ? .nobody : former)
            oracle.noteChange(of: node, by: current, isInService: isInService, at: now)
        }
    }
}
