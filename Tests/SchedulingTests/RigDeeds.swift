import ModeCore

/// What a command does when it is started on a node: the operator's script, as the tests play it.
struct RigCommand {
    enum End: Hashable {
        case succeeds, fails, cannotStart, hangs
    }

    var lasts = Duration.seconds(15)
    var end = End.succeeds
    /// So long after its beginning it stops the node, by the node's name and not by its address.
    var stopsAfter: Duration?
    var down = Duration.seconds(5)
    /// Runs from then on; nil: the revision of the run, where there is one.
    var version: String?

    /// Stops the node, upgrades and starts it again.
    static let upgrade = RigCommand(stopsAfter: .seconds(5))
    static let idle = RigCommand()
}

/// Deeds to the world.
extension Rig {
    mutating func person(opens node: String) { person(sets: .normal, on: node) }

    mutating func person(sets mode: NodeMode, on node: String) {
        world.say("somebody sets \(node) to \(mode.rawValue)")
        world.set(mode, of: node)
    }

    /// A person is quicker than nagi's next write to the node: by a hair before the read that precedes it, or after it.
    mutating func person(sets mode: NodeMode, on node: String, beforeRead: Bool) {
        world.change(node, beforeRead ? \.setBeforeRead : \.setAfterRead, mode)
    }

    mutating func sessions(_ node: String, _ count: Int) { world.set(sessions: count, of: node) }

    /// Sessions that began on the node, and connections of its own; whether sessions span nodes.
    mutating func load(_ node: String, sessions: Int, connections: Int, relays: Bool) {
        world.set(sessions: sessions, of: node)
        world.change(node, \.connections, connections)
        world.change(node, \.relays, relays)
    }

    /// So many calls arrive whenever the node is open, and last so long after it is shut; nil: for ever.
    mutating func calls(_ node: String, whenOpen count: Int, lasting length: Duration?) {
        world.change(node, \.callers, count)
        world.change(node, \.callsLast, length)
        if mode(node) == .normal { sessions(node, count) }
    }

    mutating func restart(_ node: String, down: Duration = .seconds(5), version: String? = nil) {
        guard mode(node) != nil else { return }
        world.stop(node)
        world.timers.insert(.boots(node, version: version), at: world.elapsed + down.inNanoseconds)
    }

    mutating func stop(_ node: String) { world.stop(node) }
    mutating func start(_ node: String) { world.boot(node) }
    mutating func version(_ node: String, _ version: String) { world.change(node, \.version, version) }
    mutating func ready(_ node: String, _ isReady: Bool?) { world.change(node, \.readiness, isReady) }
    mutating func reach(_ node: String, _ reach: RigNode.Reach) { world.change(node, \.reach, reach) }
    mutating func writes(_ node: String, _ writes: RigNode.Writes) { world.change(node, \.writes, writes) }

    /// These nodes see each other and none of the rest; `rejoin` heals it.
    mutating func cutOff(_ nodes: Set<String>) {
        world.say("\(nodes.sorted()) are cut off")
        for node in nodes { world.change(node, \.side, 1) }
    }

    mutating func rejoin() { for node in world.nodes.keys.sorted() { world.change(node, \.side, 0) } }

    /// The list of that node leaves the names out.
    mutating func list(of node: String, leavesOut names: Set<String>) { world.change(node, \.unlisted, names) }

}

/// Questions to the world.
extension Rig {
    /// The mode that the node is in, whatever nagi believes; nil while it is stopped.
    func mode(_ node: String) -> NodeMode? { world.nodes[node].flatMap { $0.isRunning ? $0.mode : nil } }

    func isShut(_ node: String) -> Bool { mode(node) == .blockNewSession || mode(node) == .blockNewConnection }
    func version(_ node: String) -> String { world.nodes[node]?.version ?? "" }
    func isCommandRunning(_ node: String) -> Bool { commandsRunning(node) > 0 }

    func callsCut(_ node: String) -> Int { world.nodes[node]?.callsCut ?? 0 }
    func timeOpen(_ node: String, since: Int64) -> Duration { world.timeOpen(node, since: since) }
    var lostMajority: Bool { world.lostMajority }
    var elapsed: Int64 { world.elapsed }
}
