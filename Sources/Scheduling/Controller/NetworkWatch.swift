import Primitives

/// Signs that something is wrong with the daemon's own host: no remote node answers any more, or their clocks say another
/// time.
struct NetworkWatch: Sendable {
    /// Fewer remote nodes prove nothing.
    static let fewest = 3
    /// For how long deadlines stand while nothing answers.
    static let patience = Duration.minutes(10)
    /// How far the median of the hosts' clocks may be from the wall.
    static let clockTolerance = Duration.seconds(60)

    /// Remote nodes by place; nil for embedded ones, which say nothing about the network.
    private let nodes: [NodeID?]
    /// Nil: not asked yet.
    private var replies: [Reply?]
    private var offsets: [Duration?]
    /// How many of the offsets are known, and how many are too far ahead or behind.
    private var told = 0
    private var ahead = 0
    private var behind = 0
    private let embedded: Int
    private var tally: [Reply: Int] = [:]
    /// Since when none of at least three has answered; from a start on too.
    private(set) var silentSince: Uptime?

    /// What came of the latest call of a node.
    enum Reply: Hashable, Sendable {
        case answers, silent
        /// Nothing was sent, for want of what the policies name or of trust: that says nothing of the network.
        case notSent
    }

    init(nodes: [NodeID?] = []) {
        self.nodes = nodes
        embedded = nodes.count { $0 == nil }
        replies = Array(repeating: nil, count: nodes.count)
        offsets = Array(repeating: nil, count: nodes.count)
    }

    /// The same knowledge of the nodes that stay.
    func moved(to nodes: [NodeID?]) -> NetworkWatch {
        var watch = NetworkWatch(nodes: nodes)
        var places: [NodeID: Int] = [:]
        for (place, node) in self.nodes.enumerated() { if let node { places[node] = place } }
        for (place, node) in nodes.enumerated() {
            guard let node, let former = places[node] else { continue }
            watch.count(replies[former], place)
            watch.set(offsets[former], place)
        }
        if watch.tally[.answers, default: 0] == 0 { watch.silentSince = silentSince }
        return watch
    }

    mutating func note(_ place: Int, _ reply: Reply, offset: Duration? = nil, at now: Uptime) {
        guard nodes.indices.contains(place), nodes[place] != nil else { return }
        if replies[place] != reply { count(reply, place) }
        set(reply == .answers ? offset ?? offsets[place] : nil, place)
        let remote = nodes.count - embedded - tally[.notSent, default: 0]
        if tally[.answers, default: 0] > 0 || remote < NetworkWatch.fewest {
            silentSince = nil
        } else if tally[.silent, default: 0] == remote {
            silentSince = silentSince ?? now
        }
    }

    private mutating func count(_ reply: Reply?, _ place: Int) {
        if let former = replies[place] { tally[former, default: 0] -= 1 }
        if let reply { tally[reply, default: 0] += 1 }
        replies[place] = reply
    }

    private mutating func set(_ offset: Duration?, _ place: Int) {
        count(offsets[place], by: -1)
        offsets[place] = offset
        count(offset, by: 1)
    }

    private mutating func count(_ offset: Duration?, by change: Int) {
        guard let offset else { return }
        told += change
        if offset > NetworkWatch.clockTolerance { ahead += change }
        if offset < .zero - NetworkWatch.clockTolerance { behind += change }
    }

    /// Deadlines of parts stand.
    func suspendsDeadlines(at now: Uptime) -> Bool {
        silentSince.map { now - $0 < NetworkWatch.patience } ?? false
    }

    /// How far the hosts' clocks are from the wall, where enough of them say and agree that it is too far.
    var clockDifference: Duration? {
        // The one in the middle, the upper of two: too far only where so many are.
        guard told >= NetworkWatch.fewest, told - ahead <= told / 2 || behind > told / 2 else { return nil }
        return offsets.compactMap { $0 }.sorted()[told / 2]
    }
}
