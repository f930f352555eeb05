import ModeCore
import Primitives
import Testing

/// Sessions that span nodes, as timelines: what is done at each second, and what every node says then.
///
/// A figure of a node is `sessions/connections`; `-` where it does not run.
struct RelayTests {
    private static func check(_ text: String, grace: Duration = .zero, nodes: Int = 3) throws {
        var stage = Stage(nodes: nodes, grace: grace)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "|").map { $0.trimming() }
            try stage.perform(parts[0])
            #expect(stage.figures == parts[1], "after \(parts[0])")
            if parts.count > 2 { #expect(stage.vanished() == parts[2], "after \(parts[0])") }
            stage.checkBooks()
        }
    }

    @Test func `clients of a live channel are spread, and the session is counted where it began`() throws {
        try RelayTests.check(
            """
            connect spam 0  | 1/1 0/0 0/0
            connect spam 0  | 1/1 0/1 0/0
            connect spam 0  | 1/1 0/1 0/1
            connect ham 1   | 1/1 1/2 0/1
            leave spam 0    | 1/0 1/2 0/1
            leave spam 1    | 1/0 1/1 0/1
            leave spam 2    | 0/0 1/1 0/0
            """)
    }

    @Test func `a blocking node takes clients of channels that are connected there, not merely alive`() throws {
        try RelayTests.check(
            """
            connect spam 0               | 1/1 0/0 0/0
            mode 0 block_new_connection  | 1/1 0/0 0/0
            mode 2 block_new_connection  | 1/1 0/0 0/0
            connect spam 1               | 1/1 0/1 0/0
            mode 0 block_new_session     | 1/1 0/1 0/0
            mode 1 block_new_connection  | 1/1 0/1 0/0
            connect spam 0               | 1/2 0/1 0/0
            mode 2 block_new_session     | 1/2 0/1 0/0
            connect spam 2               | 1/3 0/1 0/0
            refuse spam 1 blockNewConnection | 1/3 0/1 0/0
            leave spam 0                 | 1/2 0/1 0/0
            leave spam 0                 | 1/1 0/1 0/0
            leave spam 0                 | 1/0 0/1 0/0
            refuse spam 0 blockNewSession | 1/0 0/1 0/0
            refuse spam 2 blockNewSession | 1/0 0/1 0/0
            """)
    }

    @Test func `the owner is drained by its connections, and vanishes when the last guest left`() throws {
        try RelayTests.check(
            """
            connect spam 0               | 1/1 0/0 0/0 |
            connect spam 0               | 1/1 0/1 0/0 |
            mode 0 block_new_connection  | 1/1 0/1 0/0 |
            mode 1 block_new_session     | 1/1 0/1 0/0 |
            leave spam 0                 | 1/0 0/1 0/0 |
            leave spam 1                 | 0/0 0/0 0/0 | 0
            """)
    }

    @Test func `a session in its grace period is joined from another node`() throws {
        try RelayTests.check(
            """
            connect spam 0               | 1/1 0/0 0/0
            leave spam 0                 | 1/0 0/0 0/0
            mode 0 block_new_connection  | 1/0 0/0 0/0
            connect spam 1               | 1/0 0/1 0/0
            wait 100                     | 1/0 0/1 0/0
            leave spam 1                 | 1/0 0/0 0/0
            wait 9                       | 1/0 0/0 0/0 |
            wait 1                       | 0/0 0/0 0/0 | 0
            """, grace: .seconds(10))
    }

    @Test func `a session goes on with the first node that carries it when its owner stops`() throws {
        try RelayTests.check(
            """
            connect spam 0  | 1/1 0/0 0/0
            connect spam 0  | 1/1 0/1 0/0
            connect spam 0  | 1/1 0/1 0/1
            remember spam   | 1/1 0/1 0/1
            stop 0          | - 1/1 0/1 |
            same spam       | - 1/1 0/1
            start 0         | 0/0 1/1 0/1
            leave spam 1    | 0/0 1/0 0/1
            leave spam 2    | 0/0 0/0 0/0
            """)
    }

    @Test func `a carrier that stops takes its connections along, and the last one the session`() throws {
        try RelayTests.check(
            """
            connect spam 0               | 1/1 0/0 0/0
            connect spam 0               | 1/1 0/1 0/0
            leave spam 0                 | 1/0 0/1 0/0
            mode 0 block_new_session     | 1/0 0/1 0/0 |
            stop 1                       | 0/0 - 0/0   | 0
            """)
    }

    @Test func `a session whose owner is cut off goes on without it, and leaves it if nobody is there`() throws {
        try RelayTests.check(
            """
            connect spam 0               | 1/1 0/0 0/0
            connect spam 0               | 1/1 0/1 0/0
            connect spam 0               | 1/1 0/1 0/1
            mode 0 block_new_connection  | 1/1 0/1 0/1
            leave spam 0                 | 1/0 0/1 0/1 |
            remember spam                | 1/0 0/1 0/1
            isolate 0                    | 0/0 1/1 0/1 | 0
            same spam                    | 0/0 1/1 0/1
            rejoin 0                     | 0/0 1/1 0/1 |
            leave spam 1                 | 0/0 1/0 0/1
            leave spam 2                 | 0/0 0/0 0/0 |
            """)
    }

    @Test func `a session split by the network is one again when the sides meet`() throws {
        try RelayTests.check(
            """
            connect spam 0  | 1/1 0/0 0/0
            connect spam 0  | 1/1 0/1 0/0
            connect spam 0  | 1/1 0/1 0/1
            isolate 0       | 1/1 1/1 0/1
            leave spam 1    | 1/1 1/0 0/1
            rejoin 0        | 1/1 0/0 0/1
            leave spam 0    | 1/0 0/0 0/1
            leave spam 2    | 0/0 0/0 0/0
            """)
    }

    @Test func `an isolated carrier goes on alone`() throws {
        try RelayTests.check(
            """
            connect spam 0  | 1/1 0/0 0/0
            connect spam 0  | 1/1 0/1 0/0
            isolate 1       | 1/1 1/1 0/0
            leave spam 1    | 1/1 0/0 0/0
            rejoin 1        | 1/1 0/0 0/0
            leave spam 0    | 0/0 0/0 0/0
            """)
    }

    @Test func `terminating and disconnecting reach every node that carries the channel`() throws {
        try RelayTests.check(
            """
            connect spam 0               | 1/1 0/0 0/0
            connect spam 0               | 1/1 0/1 0/0
            connect spam 0               | 1/1 0/1 0/1
            mode 0 block_new_session     | 1/1 0/1 0/1 |
            disconnect spam 2 3          | 1/0 0/0 0/0 |
            wait 5                       | 0/0 0/0 0/0 | 0
            connect ham 1                | 0/0 1/1 0/0
            connect ham 1                | 0/0 1/1 0/1
            terminate ham 2              | 0/0 0/0 0/0 |
            terminate ham 0              | 0/0 0/0 0/0 |
            """, grace: .seconds(5))
    }

    @Test func `a session lists all its connections, and every node its own`() throws {
        var stage = Stage(nodes: 3, grace: .zero)
        for _ in 0..<3 { try stage.perform("connect spam 0") }
        let session = try #require(stage.cluster[0].sessions.first)
        #expect((session.connections, session.relayedConnections, session.localConnections) == (3, 2, 1))
        #expect((session.maxConnections, session.totalConnections) == (3, 3))
        for node in 0..<3 {
            #expect(stage.cluster[node].connections.map(\.session) == [session.id])
            #expect(stage.cluster[node].connections(of: ChannelID("spam")).count == 1)
            #expect(stage.cluster[node].hasLiveSession(of: ChannelID("spam")))
        }
        let guest = try #require(stage.cluster[1].connections.first?.id)
        let isCut = stage.cluster.cut(guest, at: Timestamp(seconds: 100))
        #expect(isCut)
        #expect(stage.cluster[0].sessions.first?.connections == 2)
        #expect(stage.cluster[1].connectionsCut == 1)
    }

    @Test func `standalone nodes do not relay, nor does a cluster of which one node does not`() {
        let settings = ["a", "b"].map { NodeSettings(name: $0, profile: .relay) }
        #expect(!Cluster(isClustered: false, nodes: settings).isRelaying)
        #expect(Cluster(nodes: settings).isRelaying)
        #expect(!Cluster(nodes: settings + [NodeSettings(name: "c")]).isRelaying)
        var cluster = Cluster(isClustered: false, nodes: settings)
        for _ in 0..<3 { _ = cluster.connect(ChannelID("spam"), contacting: 0, at: Timestamp(seconds: 1)) }
        #expect(cluster.nodes.map(\.connectionCount) == [3, 0])
    }

    /// Random lives of a cluster: after each step the sessions and connections of all nodes add up.
    @Test(arguments: seeds(40)) func `the books agree whatever happens`(seed: UInt64) throws {
        var random = Lehmer(seed: seed)
        var stage = Stage(nodes: 5, grace: seed % 2 == 0 ? .zero : .seconds(3))
        for step in 0..<700 {
            let (node, channel) = (random.below(5), "channel-\(random.below(6))")
            switch random.below(100) {
            case 0..<50: stage.tryConnect(channel, node)
            case 50..<82: stage.leaveAny(random.below(1_000))
            case 82: try stage.perform("isolate \(node)")
            case 83...86: try stage.perform("rejoin \(node)")
            case 87: try stage.perform("stop \(node)")
            case 88, 89: try stage.perform("start \(node)")
            case 90, 91: try stage.perform("wait \(random.below(5))")
            case 92: stage.cluster.terminateSession(of: ChannelID(channel), on: node, at: stage.now)
            case 93: stage.cluster.disconnectChannel(ChannelID(channel), on: node, at: stage.now)
            case 94: stage.cluster.purge(node, at: stage.now)
            case 95: stage.cluster.changeMode(RequestableMode.allCases[random.below(3)], on: node, at: stage.now)
            default: stage.cluster.changeMode(.normal, on: node, at: stage.now)
            }
            if step % 5 == 0 { stage.checkBooks() }
        }
        #expect(stage.peak > 5)
    }
}

private struct Stage {
    var cluster: Cluster
    var now = Timestamp(seconds: 0)
    var peak = 0
    private var remembered: SessionID?
    private var live: [ConnectionID] = []

    init(nodes: Int, grace: Duration) {
        cluster = Cluster(
            nodes: (0..<nodes).map {
                NodeSettings(
                    name: "node-\($0)", profile: .relay, gracePeriod: grace, maxConnections: 100, interest: .all)
            })
        cluster.joinAll(at: now)
    }

    var figures: String {
        cluster.nodes.map { $0.isRunning ? "\($0.sessionCount)/\($0.connectionCount)" : "-" }.joined(separator: " ")
    }

    mutating func vanished() -> String {
        cluster.nodes.indices.filter { index in
            cluster.takeEvents(of: index).contains { $0.kind == .sessionVanished }
        }.map(String.init).joined(separator: " ")
    }

    mutating func perform(_ action: String) throws {
        let words = action.split(separator: " ").map(String.init)
        if words[0] != "connect", words[0] != "wait" { now = now + .milliseconds(1) }
        switch words[0] {
        case "wait":
            now = now + .seconds(Int(words[1]) ?? 0)
            cluster.advance(to: now)
        case "connect", "refuse", "leave", "disconnect", "terminate", "remember", "same": try traffic(words)
        case "mode":
            cluster.changeMode(try #require(RequestableMode(rawValue: words[2])), on: try number(words[1]), at: now)
        case "stop": cluster.stop(try number(words[1]), at: now)
        case "start":
            cluster.start(try number(words[1]), at: now)
            cluster.join(try number(words[1]), at: now)
        case "isolate": cluster.isolate(try number(words[1]), at: now)
        case "rejoin": cluster.rejoin(try number(words[1]), at: now)
        default: Issue.record("\(action)?")
        }
    }

    private mutating func traffic(_ words: [String]) throws {
        let channel = ChannelID(words[1])
        switch words[0] {
        case "connect":
            let answer = cluster.connect(channel, contacting: try number(words[2]), at: now)
            if case .rejected(let rejection) = answer { Issue.record("\(words): \(rejection)") }
        case "refuse":
            let answer = cluster.connect(channel, contacting: try number(words[2]), at: now)
            let expected = try #require(Rejection.allCases.first { "\($0)" == words[3] })
            #expect(answer == .rejected(expected))
        case "leave":
            let connection = try #require(cluster[try number(words[2])].connections(of: channel).first?.id)
            let left = cluster.disconnect(connection, at: now)
            #expect(left)
        case "disconnect":
            let cut = cluster.disconnectChannel(channel, on: try number(words[2]), at: now)
            #expect(cut == Int(words[3]))
        case "terminate": cluster.terminateSession(of: channel, on: try number(words[2]), at: now)
        case "remember": remembered = cluster.nodes.compactMap { $0.session(of: channel)?.id }.first
        default: #expect(cluster.nodes.compactMap { $0.session(of: channel)?.id } == [try #require(remembered)])
        }
    }

    private func number(_ word: String) throws -> Int { try #require(Int(word)) }

    mutating func tryConnect(_ channel: String, _ node: Int) {
        if case .admitted(_, let connection, _) = cluster.connect(ChannelID(channel), contacting: node, at: now) {
            live.append(connection)
        }
    }

    mutating func leaveAny(_ choice: Int) {
        guard !live.isEmpty else { return }
        cluster.disconnect(live.remove(at: choice % live.count), at: now)
    }

    /// Every connection belongs to a session of a node that is in touch, and the numbers add up.
    mutating func checkBooks() {
        var held: [SessionID: Int] = [:]
        for node in cluster.nodes {
            let counters = node.counters
            if node.isRunning {
                #expect(counters.sessionsCreated - counters.sessionsDestroyed == node.sessionCount)
                #expect(counters.ongoingConnections == node.connectionCount)
            }
            #expect(node.connections.count == node.connectionCount, "a connection without a session")
            for session in node.sessions {
                held[session.id, default: 0] += session.connections
                #expect(session.connections > 0 || session.emptySince != nil)
                #expect(session.localConnections == node.connections(of: session.channel).count)
            }
        }
        var carried: [SessionID: Int] = [:]
        for connection in cluster.nodes.flatMap(\.connections) { carried[connection.session, default: 0] += 1 }
        #expect(held.filter { $0.value > 0 } == carried)
        peak = max(peak, carried.values.reduce(0, +))
    }
}

extension Substring {
    fileprivate func trimming() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
