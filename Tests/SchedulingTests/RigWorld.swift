import ModeCore
import Primitives

/// One node of the rig's world: a media server as it is, whatever nagi believes about it.
struct RigNode {
    /// What becomes of calls to its mode API.
    enum Reach {
        case answers, refuses, hangs
        /// GetMode answers; every further call of the same read hangs.
        case hangsAfterMode
    }

    /// What becomes of a ChangeMode that reached it.
    enum Writes {
        case applied
        /// Answered with 403, and not done.
        case rejected
        case noConnection
        /// Neither done nor answered.
        case lost
        /// Done, and the answer is lost.
        case answerLost
        /// Done so much later, and never answered.
        case late(Duration)
    }

    let name: String
    var isTemporary = false
    var version = "1"
    var mode = NodeMode.normal
    var isRunning = true
    var hasJoined = true
    /// Grows with each join.
    var epoch = 1
    /// Nodes of different sides do not see each other; nagi sees all.
    var side = 0
    var sessions = 0
    var connections = 0
    var sessionsCreated = 0
    var connectionsCreated = 0
    /// Its sessions span nodes.
    var relays = false
    /// What the readiness probe says where it does not follow from the mode.
    var readiness: Bool?
    var reach = Reach.answers
    var writes = Writes.applied
    /// Names that its list leaves out.
    var unlisted: Set<String> = []
    /// So many calls arrive whenever it is open, and last so long; nil: until they are told otherwise.
    var callers = 0
    var callsLast: Duration?
    /// What a person sets right before the next read-before-write, and between that read and the write.
    var setBeforeRead: NodeMode?
    var setAfterRead: NodeMode?
    /// Live calls that ended because a command stopped the node.
    var callsCut = 0
    var modes: [(at: Int64, mode: NodeMode?)] = []
}

/// What is due when, in the order of instants and then of insertion.
struct RigQueue<Item> {
    private var entries: [(at: Int64, item: Item)] = []

    var next: Int64? { entries.first?.at }

    mutating func insert(_ item: Item, at: Int64) {
        let place = entries.lastIndex { $0.at <= at }.map { $0 + 1 } ?? 0
        entries.insert((at, item), at: place)
    }

    mutating func popFirst() -> Item { entries.removeFirst().item }
    mutating func removeAll(where isGone: (Item) -> Bool) { entries.removeAll { isGone($0.item) } }
}

/// The nodes, their cluster, the clocks and the people: everything outside nagi. It knows nothing of the controller.
struct RigWorld {
    /// One row of ListClusterNodes.
    struct Member {
        var name: String
        var isConnected: Bool
        var isTemporary = false
        var epoch: Int?
        var mode: NodeMode?
        var version: String?
    }

    enum Timer {
        case stops(String, down: Duration, version: String?, command: Int?)
        case boots(String, version: String?)
        case joins(String)
        case callsEnd(String, opening: Int)
    }

    /// Nanoseconds since the Sunday midnight with which every story begins.
    private(set) var elapsed: Int64
    private(set) var nodes: [String: RigNode] = [:]
    let isClustered: Bool
    var timers = RigQueue<Timer>()
    /// The host of the daemon was started then.
    var bootedAt: Int64
    var wallOffset = Duration.zero
    /// At some time a healthy node went `initial` because too few regular nodes were left.
    private(set) var lostMajority = false
    var lines: [String] = []

    /// Sunday, 17 January 2027.
    static let midnight = Timestamp(seconds: 1_800_144_000)
    static let joinTime = Duration.seconds(1)

    init(nodes names: [String], temporary: Set<String>, isClustered: Bool, at start: Duration) {
        self.isClustered = isClustered
        elapsed = start.inNanoseconds
        bootedAt = elapsed - Duration.hours(50).inNanoseconds
        for name in names { nodes[name] = RigNode(name: name, isTemporary: temporary.contains(name)) }
        for name in names { nodes[name]?.modes = [(elapsed, .normal)] }
    }

    var now: Moment {
        Moment(
            wall: RigWorld.midnight + .nanoseconds(elapsed) + wallOffset,
            uptime: Uptime(nanoseconds: elapsed - bootedAt))
    }

    mutating func change<Value>(_ name: String, _ field: WritableKeyPath<RigNode, Value>, _ value: Value) {
        nodes[name]?[keyPath: field] = value
        settle()
    }

    mutating func say(_ text: String) { lines.append("\(RigTime.text(elapsed)) \(text)") }

    /// Time passes; `true` if something happened by itself at that instant.
    mutating func pass(to instant: Int64) -> Bool {
        elapsed = max(elapsed, instant)
        guard let next = timers.next, next <= elapsed else { return false }
        switch timers.popFirst() {
        case .stops(let name, let down, let version, let command):
            let live = nodes[name]?.sessions ?? 0
            if command != nil { nodes[name]?.callsCut += live }
            stop(name)
            // Whoever was about to start it starts what the command leaves behind.
            timers.removeAll { if case .boots(name, _) = $0 { true } else { false } }
            timers.insert(.boots(name, version: version), at: elapsed + down.inNanoseconds)
        case .boots(let name, let version): boot(name, version: version)
        case .joins(let name):
            nodes[name]?.hasJoined = true
            nodes[name]?.epoch += 1
        case .callsEnd(let name, let opening):
            let isShut = nodes[name]?.modes.dropFirst(opening).allSatisfy { $0.mode != .normal } ?? false
            if isShut { set(sessions: 0, of: name) }
        }
        settle()
        return true
    }

    mutating func stop(_ name: String) {
        say("\(name) stops, \(nodes[name]?.sessions ?? 0) calls live")
        nodes[name]?.isRunning = false
        nodes[name]?.hasJoined = false
        set(sessions: 0, of: name)
        nodes[name]?.modes.append((elapsed, nil))
        settle()
    }

    mutating func boot(_ name: String, version: String? = nil) {
        guard let node = nodes[name], !node.isRunning else { return }
        nodes[name]?.isRunning = true
        nodes[name]?.version = version ?? node.version
        nodes[name]?.sessionsCreated = 0
        nodes[name]?.connectionsCreated = 0
        nodes[name]?.hasJoined = !isClustered
        say("\(name) starts, version \(version ?? node.version)")
        set(isClustered ? .initial : .normal, of: name)
        if isClustered { timers.insert(.joins(name), at: elapsed + RigWorld.joinTime.inNanoseconds) }
        settle()
    }

    mutating func set(_ mode: NodeMode, of name: String) {
        guard let node = nodes[name] else { return }
        if node.mode != mode || node.modes.last?.mode == nil { nodes[name]?.modes.append((elapsed, mode)) }
        nodes[name]?.mode = mode
        if mode == .normal {
            if node.callers > node.sessions { set(sessions: node.callers, of: name) }
        } else if node.sessions > 0, let length = node.callsLast {
            let opening = nodes[name]?.modes.count ?? 0
            timers.insert(.callsEnd(name, opening: opening), at: elapsed + length.inNanoseconds)
        }
    }

    mutating func set(sessions: Int, of name: String) {
        guard let node = nodes[name] else { return }
        nodes[name]?.sessionsCreated += max(0, sessions - node.sessions)
        nodes[name]?.connectionsCreated += max(0, sessions - node.connections)
        nodes[name]?.sessions = sessions
        nodes[name]?.connections = sessions
    }

    /// Whoever has lost the majority goes `initial` from `normal`, and comes back with it.
    private mutating func settle() {
        guard isClustered else { return }
        let regular = nodes.values.filter { !$0.isTemporary }
        for name in nodes.keys.sorted() {
            guard let node = nodes[name], node.isRunning, node.hasJoined else { continue }
            let seen = regular.count { $0.isRunning && $0.hasJoined && $0.side == node.side }
            let hasMajority = seen * 2 > regular.count
            if !hasMajority, node.mode == .normal {
                lostMajority = true
                say("\(name) has lost the majority")
                set(.initial, of: name)
            } else if hasMajority, node.mode == .initial {
                set(.normal, of: name)
            }
        }
    }

    /// ListClusterNodes as that node answers it; nil where it is in no cluster.
    func list(seenBy observer: String) -> [Member]? {
        guard isClustered, let from = nodes[observer] else { return nil }
        return nodes.keys.sorted().compactMap { name in
            guard let node = nodes[name], !from.unlisted.contains(name) else { return nil }
            guard node.isRunning, node.hasJoined, node.side == from.side || name == observer else {
                return node.isTemporary ? nil : Member(name: name, isConnected: false)
            }
            return Member(
                name: name, isConnected: true, isTemporary: node.isTemporary, epoch: node.epoch, mode: node.mode,
                version: node.version)
        }
    }

    /// What `/.ok` says.
    func isReady(_ name: String) -> Bool {
        guard let node = nodes[name], node.isRunning else { return false }
        return node.readiness
            ?? (!isClustered || (node.hasJoined && node.mode != .initial && node.mode != .blockNewConnection))
    }

    /// For how long the node was open since then.
    func timeOpen(_ name: String, since start: Int64) -> Duration {
        guard let modes = nodes[name]?.modes else { return .zero }
        var total: Int64 = 0
        for (place, entry) in modes.enumerated() where entry.mode == .normal {
            let end = place + 1 < modes.count ? modes[place + 1].at : elapsed
            total += max(0, end - max(entry.at, start))
        }
        return .nanoseconds(total)
    }
}

/// Instants of stories: nanoseconds since midnight of the first day, and `02:00`, `02:00:30`, `1d 02:00` for people.
enum RigTime {
    static func parsed(_ text: String, day: Int = 0) -> Duration {
        let parts = text.split(separator: ":").compactMap { Double($0) }
        let seconds = parts.indices.reduce(0.0) { $0 + parts[$1] * [3600, 60, 1][min($1, 2)] }
        return .days(day) + .milliseconds(Int64((seconds * 1000).rounded()))
    }

    static func text(_ nanoseconds: Int64) -> String {
        let thousandths = nanoseconds / 1_000_000
        func padded(_ number: Int64, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
        }
        let day = thousandths / 86_400_000
        let time = [thousandths / 3_600_000 % 24, thousandths / 60_000 % 60, thousandths / 1000 % 60]
        return (day > 0 ? "\(day)d " : "") + time.map { padded($0, 2) }.joined(separator: ":")
            + "." + padded(thousandths % 1000, 3)
    }
}

/// The tests' own, so that they need no module of the sources for them.
extension Duration {
    static func minutes(_ minutes: Int) -> Duration { .seconds(minutes * 60) }
    static func hours(_ hours: Int) -> Duration { .seconds(hours * 3600) }
    static func days(_ days: Int) -> Duration { .seconds(days * 86400) }

    var inNanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
