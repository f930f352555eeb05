import ModeCore
import Primitives
import Scheduling

/// What lies between the daemon and the nodes, and what the nodes answer.
extension World {
    mutating func latency() -> Duration { network.duration(.microseconds(200)...Duration.milliseconds(4)) }

    mutating func read(_ node: NodeID, begun: Moment, process: Int) {
        guard let place = places[node.name] else { return }
        let condition = conditions[place]
        let timeout = policy.api.timeout
        if condition.silent > 0 {
            insert(.deliver(.readFailed(node, begun: begun, .timedOut), process: process), in: timeout)
        } else if condition.unreachable > 0 || !cluster[place].isRunning {
            insert(
                .deliver(.readFailed(node, begun: begun, .unreachable("refused")), process: process), in: latency())
        } else if condition.failing > 0 {
            insert(.deliver(.readFailed(node, begun: begun, .badAnswer("500")), process: process), in: latency())
        } else {
            let event = Event.observed(observation(of: place, node, begun: begun))
            insert(.deliver(event, process: process), in: latency())
        }
    }

    private mutating func observation(of place: Int, _ node: NodeID, begun: Moment) -> Observation {
        cluster.advance(to: wall)
        let counters = cluster[place].counters
        return Observation(
            node: node, begun: begun, mode: .known(cluster[place].mode),
            load: NodeLoad(
                ongoingConnections: counters.ongoingConnections, sessionsCreated: counters.sessionsCreated,
                sessionsDestroyed: counters.sessionsDestroyed, connectionsCreated: counters.connectionsCreated),
            version: cluster[place].version, ready: cluster.isReady(place),
            members: conditions[place].listFailing > 0
                ? nil
                : cluster.members(seenBy: place).map { member in
                    ClusterMember(
                        name: member.name, isConnected: member.isConnected, epoch: member.epoch.map { Int($0) },
                        version: member.version, isTemporary: member.isTemporary)
                })
    }

    mutating func preRead(_ change: ModeChange, process: Int) {
        guard let place = places[change.node.name] else { return }
        let condition = conditions[place]
        if condition.silent > 0 {
            answer(change, .notSent("no answer in time"), process: process, in: policy.api.timeout)
        } else if condition.unreachable > 0 || !cluster[place].isRunning {
            answer(change, .notSent("refused"), process: process, in: latency())
        } else if condition.failing > 0 {
            answer(change, .notSent("500"), process: process, in: latency())
        } else {
            insert(
                .preReadReturns(
                    change, .known(cluster[place].mode), revision: oracle.truths[place].revision, process: process),
                in: latency())
        }
    }

    /// The daemon has the answer of the read before the write. A daemon that died meanwhile writes nothing.
    mutating func decide(_ change: ModeChange, reading mode: ObservedMode, revision: Int, process: Int) {
        guard isAlive(process) else { return }
        switch change.permission(reading: mode) {
        case .alreadyThere: answer(change, .alreadyThere, process: process, in: .zero)
        case .decline: answer(change, .declined(mode), process: process, in: .zero)
        case .send: insert(.writeArrives(change, revision: revision, process: process), in: latency())
        }
    }

    mutating func write(_ change: ModeChange, revision: Int, process: Int) {
        guard let place = places[change.node.name] else { return }
        let condition = conditions[place]
        if condition.unreachable > 0 || !cluster[place].isRunning {
            return answer(change, .unknown("reset"), process: process, in: latency())
        }
        if condition.failing > 0 { return answer(change, .unknown("500"), process: process, in: latency()) }
        if condition.late > 0 {
            // Applied after the caller has given up.
            insert(.writeApplies(change, revision: revision), in: network.duration(.seconds(1)...Duration.seconds(20)))
            return answer(change, .unknown("no answer in time"), process: process, in: policy.api.timeout)
        }
        guard let transition = receive(change, revision: revision) else { return }
        if condition.answerLost > 0 || condition.silent > 0 {
            answer(change, .unknown("no answer in time"), process: process, in: policy.api.timeout)
        } else if case .refused = transition {
            answer(change, .rejected("refused in initial"), process: process, in: latency())
        } else {
            answer(change, .accepted, process: process, in: latency())
        }
    }

    /// The node does what it is told.
    mutating func receive(_ change: ModeChange, revision: Int) -> ModeTransition? {
        guard let place = places[change.node.name], cluster[place].isRunning else { return nil }
        cluster.advance(to: wall)
        let former = cluster[place].mode
        let sessions = cluster[place].sessionCount
        let transition = cluster.changeMode(change.target, on: place, at: wall)
        if cluster[place].mode == change.target.mode {
            oracle.noteReceived(
                change, node: place, from: former, sessions: sessions, revision: revision, at: now)
            if change.target == .normal, former != .normal {
                let isolatedFor = isolatedSince[place].map { now - $0 }
                oracle.noteOpened(change.node.name, isolatedFor: isolatedFor, at: now)
            }
        }
        say("\(change.node.name) receives ChangeMode \(change.target.rawValue) in \(former.rawValue)")
        return transition
    }

    private mutating func answer(_ change: ModeChange, _ answer: ModeChangeAnswer, process: Int, in delay: Duration) {
        insert(.deliver(.answered(change.id, answer), process: process), in: delay)
    }
}
