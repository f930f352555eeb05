import ModeCore
import Primitives
import Scheduling

/// What happens on the nodes: calls, and what people and the nodes themselves do.
extension World {
    mutating func arrive() {
        let count = scenario.nodes.count
        let rate = scenario.traffic.arrivalsPerSecond * Double(count)
        insert(.arrival, in: traffic.exponential(mean: .nanoseconds(Int64(1e9 / rate))))
        let channel = channels[traffic.below(scenario.traffic.channels)]
        let first = traffic.below(count)
        let hold = traffic.exponential(mean: scenario.traffic.meanHold)
        // A client tries the nodes one after the other, as its balancer does.
        for offset in 0..<count {
            let place = (first + offset) % count
            guard cluster[place].isRunning else { continue }
            if case .admitted(_, let connection, _) = cluster.connect(channel, contacting: place, at: wall) {
                admitted += 1
                insert(.departure(connection), in: hold)
                return
            }
        }
        rejected += 1
    }

    mutating func depart(_ connection: ConnectionID) {
        guard !conditions[connection.nodeIndex].neverDrains else { return }
        cluster.disconnect(connection, at: wall)
    }

    mutating func join(_ node: Int) {
        guard cluster[node].isRunning else { return }
        cluster.join(node, at: wall)
        say("\(scenario.nodes[node].name) is \(cluster[node].mode.rawValue)")
        noteEverything()
    }

    /// Tells the oracle how a machine is now.
    mutating func noteService(of place: Int) {
        oracle.noteService(
            of: place,
            isInService: conditions[place].isReachable && cluster[place].mode == .normal && cluster.isReady(place),
            isInReach: cluster[place].isRunning && conditions[place].isReachable, isInTouch: cluster.isJoined(place),
            at: now)
    }

    mutating func noteEverything() { for place in scenario.nodes.indices { noteService(of: place) } }

    @discardableResult
    mutating func stopNode(_ node: Int) -> Int {
        cluster.advance(to: wall)
        let cut = cluster.stop(node, at: wall)
        oracle.noteRestart(of: node, at: now)
        noteEverything()
        return cut
    }

    mutating func startNode(_ node: Int, version: String?) {
        guard !cluster[node].isRunning, !conditions[node].isLost else { return }
        cluster.start(node, version: version, at: wall)
        insert(.join(node: node), in: scenario.joinDelay)
        noteEverything()
    }

    /// Somebody sets a mode by hand.
    mutating func set(_ mode: RequestableMode, on node: Int, by setter: Ownership.Setter) -> Bool {
        guard cluster[node].isRunning, let current = cluster[node].mode.requestable, current != mode else {
            return false
        }
        cluster.advance(to: wall)
        if setter == .fault {
            cluster.fileFault(node, at: wall)
            guard cluster[node].mode == mode.mode else { return false }
        } else {
            _ = cluster.changeMode(mode, on: node, at: wall)
        }
        oracle.noteSet(mode, by: setter, on: node, from: current, at: now)
        say("\(scenario.nodes[node].name): a \(setter.rawValue) sets \(mode.rawValue) in \(current.rawValue)")
        noteService(of: node)
        return true
    }

    /// Whoever waits for a call of that kind acts.
    mutating func spring(_ timing: NodeFault.Timing, on node: Int) {
        for (place, ambush) in ambushes.enumerated().reversed() where ambush == (node, timing) {
            ambushes.remove(at: place)
            // Before or after it by no more than the call itself takes.
            if timing == .beforeRead || timing == .beforeWrite {
                open(node, timing)
            } else {
                insert(.opens(node, timing), in: network.duration(.zero...Duration.milliseconds(3)))
            }
        }
    }

    /// By a person's hand.
    mutating func open(_ node: Int, _ timing: NodeFault.Timing) {
        let isNagis = oracle.truths[node].ownership.isNagis
        guard set(.normal, on: node, by: .person) else { return }
        marks.note("opened-\(timing.rawValue)")
        if isNagis { marks.note("opened-what-nagi-set") }
    }

    mutating func loosen(_ node: Int) {
        guard cluster[node].mode == .blockNewConnection, set(.blockNewSession, on: node, by: .person) else { return }
        marks.note("fault-loosened")
    }

    mutating func hint(node: Int, every: Duration, until: Int64) {
        post(.hinted(oracle.id(node)))
        // Forged ones too.
        post(.hinted(NodeID(cluster: Scenario.clusterName, name: "nobody@sim")))
        guard now < until else { return }
        insert(.hint(node: node, every: every, until: until), in: every)
    }
}
