import ModeCore
import Primitives
import Testing

/// The gate, driven by one thread, answers exactly as the node.
struct AdmissionGateTests {
    struct Setting: CustomStringConvertible {
        var isClustered: Bool
        var grace: Duration
        var license: Int
        var shards: Int
        var profile = ModeProfile.current

        var description: String {
            "\(isClustered ? "clustered" : "standalone"), grace \(grace), license \(license), \(shards) shards"
        }
    }

    private static let settings: [Setting] = [
        Setting(isClustered: false, grace: .zero, license: 1_000, shards: 8),
        Setting(isClustered: false, grace: .seconds(5), license: 1_000, shards: 64),
        Setting(isClustered: false, grace: .seconds(2), license: 3, shards: 4),
        Setting(isClustered: true, grace: .seconds(3), license: 12, shards: 16),
        Setting(isClustered: true, grace: .zero, license: 5, shards: 1),
        Setting(isClustered: true, grace: .milliseconds(1_500), license: 8, shards: 2, profile: .firstRelease),
        Setting(
            isClustered: true, grace: .seconds(4), license: 8, shards: 32,
            profile: ModeProfile(takesRequestsWhileInitial: true)),
    ]

    @Test(arguments: settings, seeds(12))
    func `answers and events of any history are those of the node`(setting: Setting, seed: UInt64) {
        var pair = Pair(setting, seed: seed)
        for step in 0..<3_000 {
            let operation = pair.step()
            if let difference = pair.difference() {
                Issue.record("seed \(seed), step \(step), \(operation): \(difference)")
                return
            }
        }
        #expect(pair.admitted > 80, "the history admits nobody")
        #expect(pair.rejected > 80, "the history rejects nobody")
        #expect(pair.vanished > 0, "nothing vanished")
    }

    @Test func `ids lead back to the node of the cluster`() throws {
        let gate = AdmissionGate(NodeSettings(name: "node-03", isClustered: false), index: 2)
        guard case .admitted(let connection, let session) = gate.connect(ChannelID("spam"), at: Timestamp(seconds: 1))
        else {
            Issue.record("not admitted")
            return
        }
        #expect(connection.nodeIndex == 2)
        #expect(session.nodeIndex == 2)
    }

    @Test(arguments: [(0, 1), (1, 1), (3, 4), (64, 64), (5_000, 1024)])
    func `the number of shards is a power of two within limits`(wanted: Int, expected: Int) {
        let gate = AdmissionGate(NodeSettings(name: "node-01", isClustered: false), shards: wanted)
        #expect(gate.shardCount == expected)
    }

    @Test func `a full buffer of events is counted as with the node`() {
        let settings = NodeSettings(name: "node-01", isClustered: false, interest: .all, eventLimit: 3)
        let gate = AdmissionGate(settings)
        for _ in 0..<4 { _ = gate.connect(ChannelID("spam"), at: Timestamp(seconds: 1)) }
        #expect(gate.takeEvents().count == 3)
        #expect(gate.droppedEvents == 2)
    }
}

/// One history, told to a node and to a gate.
private struct Pair {
    private var node: Node
    private let gate: AdmissionGate
    private var random: Lehmer
    private var now = Timestamp(seconds: 1_000)
    private var live: [(ConnectionID, ConnectionID)] = []
    /// What the gate calls a connection and session, by what the node calls it.
    private var names: [UInt64: UInt64] = [:]
    private var answers: (String, String) = ("", "")
    private var steps = 0
    private(set) var admitted = 0
    private(set) var rejected = 0
    private(set) var vanished = 0

    init(_ setting: AdmissionGateTests.Setting, seed: UInt64) {
        let settings = NodeSettings(
            name: "node-01", isClustered: setting.isClustered, profile: setting.profile, gracePeriod: setting.grace,
            maxConnections: setting.license, interest: seed % 3 == 0 ? .facts : .all, eventLimit: 4_000)
        node = Node(settings, index: 3)
        gate = AdmissionGate(settings, index: 3, shards: setting.shards)
        random = Lehmer(seed: seed)
        if setting.isClustered {
            node.join(at: now)
            gate.join(at: now)
        }
    }

    /// Does one thing to both. Answers what it was.
    mutating func step() -> String {
        switch random.below(10) {
        case 0...4: now = now + .milliseconds(random.below(900))
        case 5: now = now + .seconds(random.below(12))
        default: break
        }
        // Now and then a clock that is behind.
        let time = random.below(20) == 0 ? now - .seconds(random.below(30)) : now
        switch random.below(100) {
        case 0..<42: return connect(channel(), at: time)
        case 42..<72: return leave(at: time, isCut: random.below(6) == 0)
        case 72..<78: return peek(channel())
        case 78..<80: return disconnect(channel(), at: time)
        case 80..<82: return terminate(channel(), at: time)
        case 82..<86:
            answers = ("", "")
            node.advance(to: time)
            gate.advance(to: time)
            return "advance"
        default: return change(at: time)
        }
    }

    private mutating func channel() -> ChannelID { ChannelID("channel-\(random.below(9))") }

    private mutating func connect(_ channel: ChannelID, at time: Timestamp) -> String {
        let (a, b) = (node.connect(channel, at: time), gate.connect(channel, at: time))
        answers = ("", "")
        switch (a, b) {
        case (.admitted(let c, let s), .admitted(let d, let t)):
            admitted += 1
            live.append((c, d))
            names[c.rawValue] = d.rawValue
            if names[s.rawValue] != t.rawValue { answers = ("session \(s)", "session \(t)") }
        case (.rejected(let r), .rejected(let q)):
            rejected += 1
            answers = ("\(r)", "\(q)")
        default: answers = ("\(a)", "\(b)")
        }
        return "connect \(channel.name)"
    }

    private mutating func leave(at time: Timestamp, isCut: Bool) -> String {
        guard !live.isEmpty else { return "nobody leaves" }
        let place = random.below(live.count)
        let (a, b) = live[place]
        // Some leave twice.
        if random.below(10) > 0 { live.remove(at: place) }
        let left = isCut ? node.cut(a, at: time) : node.disconnect(a, at: time)
        answers = ("\(left)", "\(isCut ? gate.cut(b, at: time) : gate.disconnect(b, at: time))")
        return isCut ? "cut" : "disconnect"
    }

    private mutating func peek(_ channel: ChannelID) -> String {
        answers = (
            "\(String(describing: node.rejection(of: channel))) \(node.hasLiveSession(of: channel))",
            "\(String(describing: gate.rejection(of: channel))) \(gate.hasLiveSession(of: channel))"
        )
        return "rejection"
    }

    private mutating func disconnect(_ channel: ChannelID, at time: Timestamp) -> String {
        let cut = node.disconnectChannel(channel, at: time)
        answers = ("\(cut)", "\(gate.disconnectChannel(channel, at: time))")
        return "disconnect \(channel.name)"
    }

    private mutating func terminate(_ channel: ChannelID, at time: Timestamp) -> String {
        let ended = node.terminateSession(of: channel, at: time).map { named($0.rawValue) }
        answers = (
            String(describing: ended), String(describing: gate.terminateSession(of: channel, at: time)?.rawValue)
        )
        return "terminate \(channel.name)"
    }

    private mutating func change(at time: Timestamp) -> String {
        answers = ("", "")
        switch random.below(16) {
        case 0...6:
            let mode: RequestableMode =
                random.below(2) == 0 ? .normal : random.below(3) == 0 ? .blockNewConnection : .blockNewSession
            let outcome = node.changeMode(mode, at: time)
            answers = ("\(outcome)", "\(gate.changeMode(mode, at: time))")
            return "mode \(mode.rawValue)"
        case 7, 8:
            node.join(at: time)
            gate.join(at: time)
            return "join"
        case 9:
            node.isolate(at: time)
            gate.isolate(at: time)
            return "isolate"
        case 10...12:
            node.rejoin(at: time)
            gate.rejoin(at: time)
            return "rejoin"
        case 13:
            node.fileFault(at: time)
            gate.fileFault(at: time)
            return "file fault"
        case 14:
            let cut = node.stop(at: time)
            answers = ("\(cut)", "\(gate.stop(at: time))")
            return "stop"
        default:
            let version = random.below(2) == 0 ? nil : "2025.\(random.below(9)).0"
            if random.below(2) == 0 {
                node.start(version: version, at: time)
                gate.start(version: version, at: time)
                return "start"
            }
            let cut = node.restart(version: version, at: time)
            answers = ("\(cut)", "\(gate.restart(version: version, at: time))")
            return "restart"
        }
    }

    /// What the two do not agree on, if anything.
    mutating func difference() -> String? {
        if answers.0 != answers.1 { return "answered \(answers.1), not \(answers.0)" }
        let (a, b) = (figures(of: node), figures(of: gate))
        if a != b { return "\(b), not \(a)" }
        let (events, told) = (node.takeEvents().map(named), gate.takeEvents().map(plain))
        vanished += told.count { $0.hasSuffix("sessionVanished") }
        if events != told { return "told \(told), not \(events)" }
        steps += 1
        guard steps % 25 == 0 else { return nil }
        let (sessions, listed) = (node.sessions.map(named), gate.sessions.map(plain))
        if sessions != listed { return "sessions \(listed), not \(sessions)" }
        let connections = node.connections.map {
            "\(named($0.id.rawValue)) \(named($0.session.rawValue)) \($0.channel)"
        }
        let others = gate.connections.map { "\($0.id.rawValue) \($0.session.rawValue) \($0.channel)" }
        return connections == others ? nil : "connections \(others), not \(connections)"
    }

    private struct Figures: Hashable {
        var mode: NodeMode
        var isRunning: Bool
        var version: String
        var numbers: [Int]
        var nextExpiry: Timestamp?
        var counters: NodeCounters
    }

    private func figures(of node: Node) -> Figures {
        Figures(
            mode: node.mode, isRunning: node.isRunning, version: node.version,
            numbers: [
                Int(node.epoch), node.sessionCount, node.connectionCount, node.connectionsCut, node.droppedEvents,
            ], nextExpiry: node.nextExpiry, counters: node.counters)
    }

    private func figures(of gate: AdmissionGate) -> Figures {
        Figures(
            mode: gate.mode, isRunning: gate.isRunning, version: gate.version,
            numbers: [
                Int(gate.epoch), gate.sessionCount, gate.connectionCount, gate.connectionsCut, gate.droppedEvents,
            ], nextExpiry: gate.nextExpiry, counters: gate.counters)
    }

    private func named(_ id: UInt64) -> UInt64 { names[id] ?? 0 }

    private func named(_ session: Session) -> String { text(session, named(session.id.rawValue)) }
    private func plain(_ session: Session) -> String { text(session, session.id.rawValue) }

    private func text(_ session: Session, _ id: UInt64) -> String {
        """
        \(id) \(session.channel.name) \(session.createdAt) \(session.connections) \(session.maxConnections) \
        \(session.totalConnections) \(String(describing: session.emptySince))
        """
    }

    private func named(_ event: NodeEvent) -> String { text(event, self.named, self.named) }
    private func plain(_ event: NodeEvent) -> String { text(event, { $0 }, self.plain) }

    private func text(_ event: NodeEvent, _ id: (UInt64) -> UInt64, _ session: (Session) -> String) -> String {
        let kind =
            switch event.kind {
            case .sessionCreated(let begun): "created \(session(begun))"
            case .sessionDestroyed(let ended): "destroyed \(session(ended))"
            case .connectionCreated(let c, let s, let channel):
                "connected \(id(c.rawValue)) \(id(s.rawValue)) \(channel.name)"
            case .connectionDestroyed(let c, let s, let channel):
                "disconnected \(id(c.rawValue)) \(id(s.rawValue)) \(channel.name)"
            default: "\(event.kind)"
            }
        return "\(event.at) \(kind)"
    }
}
