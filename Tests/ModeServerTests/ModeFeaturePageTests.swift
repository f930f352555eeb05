import Foundation
import ModeCore
import ModeServer
import NIOHTTP1
import Primitives
import Testing

/// The mode feature's manual page, section by section: each test cites the sentence that it proves.
///
/// What a mode does is proved on the values that every server of this project runs on; calls and webhooks over sockets.
@Suite(.timeLimit(.minutes(1)))
struct ModeFeaturePageTests {
    // モード / ノーマルモード
    /// このモードは何もせず、すべての新規接続を受け入れます。
    @Test func `normal mode takes every new connection`() {
        for clustered in [false, true] {
            var node = Node(page, clustered: clustered)
            #expect(node.mode == .normal)
            for number in 0..<100 {
                #expect(node.admit("channel-\(number % 10)") == 1)
            }
            #expect(node.connectionCount == 100)
        }
    }

    // モード / 新規コネクションブロックモード
    /// このモードは新規の接続をブロックします。
    @Test func `block_new_connection blocks new connections`() {
        var node = Node(page)
        #expect(node.admit("spam") == 1)
        node.changeMode(.blockNewConnection, at: at(1))
        #expect(node.connect(spam, at: at(2)) == .rejected(.blockNewConnection), "not even to a live session")
        #expect(node.connect(ham, at: at(2)) == .rejected(.blockNewConnection))
    }

    /// すでに接続しているコネクションはそのままです。
    @Test func `block_new_connection leaves connections alone that are connected already`() {
        var node = Node(page)
        #expect(node.admit("spam", "spam", "ham") == 3)
        let before = node.connections
        node.changeMode(.blockNewConnection, at: at(1))
        node.advance(to: at(1_000_000))
        #expect(node.connections == before)
        #expect(node.connectionsCut == 0)
    }

    // モード / 新規セッションブロックモード
    /// このモードは新規セッションの作成をブロックします。
    @Test func `block_new_session blocks the creation of sessions`() {
        var node = Node(page)
        #expect(node.admit("spam") == 1)
        node.changeMode(.blockNewSession, at: at(1))
        #expect(node.connect(ham, at: at(2)) == .rejected(.blockNewSession))
        #expect(node.counters.sessionsCreated == 1)
    }

    /// すでに接続しているセッションやコネクションはそのままです。
    @Test func `block_new_session leaves sessions and connections alone`() {
        var node = Node(page)
        #expect(node.admit("spam", "spam", "ham") == 3)
        let (sessions, connections) = (node.sessions, node.connections)
        node.changeMode(.blockNewSession, at: at(1))
        node.advance(to: at(1_000_000))
        #expect(node.sessions == sessions)
        #expect(node.connections == connections)
    }

    /// そのためセッション(チャネルに 1 人以上接続しているアクティブな状態)が存在する場合は接続できますが、
    /// セッションが存在しない場合は新規の接続をブロックします。
    @Test func `in block_new_session one connects where at least one is connected, and nowhere else`() throws {
        var node = Node(page)
        let first = try #require(node.connect(spam, at: at(0)).connection)
        node.changeMode(.blockNewSession, at: at(1))
        let second = try #require(node.connect(spam, at: at(2)).connection)
        node.disconnect(first, at: at(3))
        #expect(node.admit("spam") == 1, "one is still there")
        for connection in node.connections.map(\.id) { node.disconnect(connection, at: at(4)) }
        #expect(!node.connections.contains { $0.id == second })
        #expect(node.connect(spam, at: at(4)) == .rejected(.blockNewSession), "nobody is there any more")
    }

    // モード / イニシャルモード
    /// このモードはクラスター機能が有効の際に起動時や孤立した際に割り当てられる特殊なモードです。
    @Test func `initial mode is for clusters only, at the start and when isolated`() {
        #expect(Node(NodeSettings(name: "alone", isClustered: false)).mode == .normal)
        #expect(Node(NodeSettings(name: "member", isClustered: true)).mode == .initial)
        for mode in NodeMode.allCases {
            for cause in ModeCause.all where transition(from: mode, on: cause, profile: .current) == .to(.initial) {
                #expect(
                    [.boot(clustered: true), .restart(clustered: true), .isolate].contains(cause), "\(mode) \(cause)")
            }
        }
    }

    /// このモードはすべての接続をブロックします。
    @Test func `initial mode blocks every connection`() {
        var node = Node(NodeSettings(name: "member", isClustered: true))
        #expect(node.connect(spam, at: at(0)) == .rejected(.initial))
        node.join(at: at(1))
        #expect(node.admit("spam") == 1)
        node.isolate(at: at(2))
        #expect(node.connect(spam, at: at(3)) == .rejected(.initial), "not even to a live session")
    }

    /// クラスターへ参加したタイミングでノーマルモードで自動で切り替わります
    @Test func `on joining the cluster initial becomes normal by itself`() {
        var cluster = Cluster(nodes: threeNodes)
        #expect(cluster.nodes.map(\.mode) == [.initial, .initial, .initial])
        cluster.joinAll(at: at(1))
        #expect(cluster.nodes.map(\.mode) == [.normal, .normal, .normal])
    }

    /// クラスターから孤立したタイミングでノーマルモードからイニシャルモードへ自動で切り替わります
    /// ノーマルモード以外の場合には、切り替わらずに、その時のモードが維持されます
    @Test(arguments: RequestableMode.allCases)
    func `isolated from the cluster normal becomes initial, and any other mode is kept`(mode: RequestableMode) {
        var cluster = Cluster(nodes: threeNodes)
        cluster.joinAll(at: at(0))
        cluster.changeMode(mode, on: 0, at: at(1))
        cluster.isolate(0, at: at(2))
        #expect(cluster[0].mode == (mode == .normal ? .initial : mode.mode))
        #expect(cluster[1].mode == .normal && cluster[2].mode == .normal, "the others are still a majority")
        cluster.rejoin(0, at: at(3))
        #expect(cluster[0].mode == mode.mode)
    }

    /// このモードを指定して変更することはできません。
    @Test func `nobody can ask for initial`() async throws {
        #expect(NodeMode.initial.requestable == nil)
        _ = try await serving(ModeServerSettings()) { served in
            let answer = try await changeMode(served.api(), "initial")
            let mode = try await getMode(served.api())
            #expect(answer.status == 400)
            #expect(mode == #"{"mode":"normal"}"#)
        }
    }

    // 概要 / 目的
    /// クラスター機能が有効な場合には、起動直後のノードやネットワーク障害などで孤立したノードに特別なモードを割り当てることで、
    /// 「同じチャネルが複数のノードで処理されている」などといった不整合が発生することを防いでいます。
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `a node that just started or is isolated takes nobody, so no channel is begun twice`(seed: UInt64) {
        var random = RandomStream(seed: seed)
        let graceful = threeNodes.map { node in
            var node = node
            node.gracePeriod = .seconds(Int(seed % 4) * 5)
            return node
        }
        var cluster = Cluster(nodes: graceful)
        cluster.joinAll(at: at(0))
        for step in 1...2000 as ClosedRange<Int64> {
            let node = random.below(3)
            switch random.below(24) {
            case 0: cluster.isolate(node, at: at(step))
            case 1: cluster.rejoin(node, at: at(step))
            case 2: cluster.restart(node, at: at(step))
            case 3: cluster.join(node, at: at(step))
            case 4, 5: cluster.changeMode(RequestableMode.allCases[random.below(3)], on: node, at: at(step))
            case 6, 7: cluster.changeMode(.normal, on: node, at: at(step))
            default:
                let channel = ChannelID("channel-\(random.below(40))")
                let live = (0..<3).filter { cluster.isJoined($0) && cluster[$0].hasLiveSession(of: channel) }
                let wasThere = cluster[node].hasLiveSession(of: channel)
                guard
                    case .admitted(let taker, let connection, _) = cluster.connect(
                        channel, contacting: node, at: at(step))
                else { continue }
                if cluster.isJoined(taker) {
                    #expect(live.isEmpty || live.contains(taker), "seed \(seed), step \(step): \(live), \(taker)")
                } else {
                    #expect(taker == node && wasThere, "seed \(seed), step \(step): begun outside of the cluster")
                }
                if random.below(3) > 0 { cluster.disconnect(connection, at: at(step)) }
            }
        }
    }

    // ウェブフック / session.vanished
    /// このウェブフックは、新規コネクションブロック、または新規セッションブロックモード時にすべてのセッションが破棄されたタイミングで送信されます。
    @Test(arguments: RequestableMode.allCases)
    func `session vanished is told when all sessions are destroyed in a blocking mode`(mode: RequestableMode) throws {
        var node = Node(page)
        let connections = try [spam, spam, ham].map { try #require(node.connect($0, at: at(0)).connection) }
        node.changeMode(mode, at: at(1))
        var told: [Int64] = []
        for (second, connection) in zip(2...4 as ClosedRange<Int64>, connections) {
            node.disconnect(connection, at: at(second))
            told += node.takeEvents().filter { $0.kind == .sessionVanished }.map(\.at.seconds)
        }
        #expect(told == (mode == .normal ? [] : [4]), "at the end of the last session, once")
    }

    /// { "type": "session.vanished" }
    @Test(arguments: ["block_new_session", "block_new_connection"])
    func `the webhook has the type session vanished and comes once`(mode: String) async throws {
        try await HookServer.serving { _ in
            .answer(200)
        } _: { hooks in
            let settings = ModeServerSettings(
                gracePeriod: .zero, webhooks: WebhookSettings(session: hooks.address + "/session"))
            _ = try await serving(settings) { served in
                let (client, _) = try await SignalingClient.connect(served.addresses.nodes[0].signaling, "spam")
                try await changeMode(served.api(), mode)
                try await client.say(#"{"type":"disconnect"}"#)
                try await eventually("it does not come") { hooks.bodies("/session").count == 3 }
            }
            let types = hooks.bodies("/session").map { $0.prefix { $0 != "," } }
            #expect(
                types.sorted() == [
                    #"{"type":"session.created""#, #"{"type":"session.destroyed""#, #"{"type":"session.vanished""#,
                ])
        }
    }

    // API / ChangeMode, GetMode
    /// mode: normal, block_new_session, block_new_connection
    @Test func `ChangeMode takes the three modes, and GetMode tells them`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let before = try await getMode(served.api())
            #expect(before == #"{"mode":"normal"}"#, "the page's GetMode")
            for (mode, length) in [("block_new_session", 28), ("block_new_connection", 31), ("normal", 17)] {
                let answer = try await changeMode(served.api(), mode)
                #expect(answer.status == 200)
                #expect(answer.body == "{\"mode\":\"\(mode)\"}")
                #expect(answer.headers["content-length"] == ["\(length)"])
                #expect(answer.headers["content-type"] == ["application/json"])
                #expect(answer.headers["access-control-allow-methods"] == ["POST, OPTIONS"])
                let read = try await getMode(served.api())
                #expect(read == answer.body)
            }
        }
    }

    // クラスター機能 / クラスター機能有効での Sora 起動時の mode
    /// クラスター機能を利用した場合、 Sora 起動時の mode は イニシャルモード になります。
    /// クラスターへの参加に成功したタイミングで イニシャルモード から ノーマルモード へ変更されます。
    @Test func `a clustered node starts in initial and becomes normal when it succeeds to join`() {
        var cluster = Cluster(nodes: threeNodes)
        cluster.join(0, at: at(1))
        #expect(cluster[0].mode == .initial, "alone it has not joined anything")
        cluster.join(1, at: at(2))
        #expect(cluster.nodes.map(\.mode) == [.normal, .normal, .initial])
        for mode in RequestableMode.allCases {
            cluster.changeMode(mode, on: 0, at: at(3))
            cluster.restart(0, at: at(4))
            #expect(cluster[0].mode == .initial, "\(mode) does not survive the restart")
            cluster.join(0, at: at(5))
            #expect(cluster[0].mode == .normal)
        }
    }

    // クラスター機能 / チャネル ID のノード割り当て
    /// クラスター機能を利用した場合、 mode が 新規セッションブロックモード または 新規コネクションブロックモード または
    /// イニシャルモード のノードに対して、 新規のチャネル ID を割り当てません。
    @Test func `nodes that block or are initial are given no new channel`() {
        var cluster = Cluster(nodes: threeNodes + [NodeSettings(name: "node-04"), NodeSettings(name: "node-05")])
        cluster.joinAll(at: at(0))
        cluster.changeMode(.blockNewSession, on: 1, at: at(1))
        cluster.changeMode(.blockNewConnection, on: 2, at: at(1))
        cluster.isolate(3, at: at(1))
        #expect(cluster.nodes.map(\.mode) == [.normal, .blockNewSession, .blockNewConnection, .initial, .normal])
        for number in 0..<60 {
            let answer = cluster.connect(ChannelID("new-\(number)"), contacting: number % 5, at: at(2))
            if case .admitted(let node, _, _) = answer { #expect([0, 4].contains(node)) }
        }
        #expect(cluster[0].sessionCount + cluster[4].sessionCount > 20)
        #expect((1...3).allSatisfy { cluster[$0].sessionCount == 0 })
    }

    // シーケンス図 / block_new_connection
    /// モード: normal → クライアント1 WebRTC 確立 → ChangeMode block_new_connection → クライアント2 接続失敗 →
    /// ChangeMode normal → クライアント2 WebRTC 確立
    @Test func `the sequence of block_new_connection`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let signaling = served.addresses.nodes[0].signaling
            #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
            let (client1, first) = try await SignalingClient.connect(signaling, "spam")
            #expect(first.contains(#""type":"accepted""#))
            try await changeMode(served.api(), "block_new_connection")
            let (_, second) = try await SignalingClient.connect(signaling, "spam")
            #expect(second.contains(#""type":"rejected","reason":"block_new_connection""#))
            try await changeMode(served.api(), "normal")
            let (_, third) = try await SignalingClient.connect(signaling, "spam")
            #expect(third.contains(#""type":"accepted""#))
            #expect(client1.hasSeenAll, "nothing happened to the first client")
        }
    }

    // シーケンス図 / block_new_session
    /// モード: normal → クライアント1 channel_id=spam WebRTC 確立 → ChangeMode block_new_session →
    /// クライアント2 channel_id=ham 接続失敗 → クライアント3 channel_id=spam WebRTC 確立
    @Test func `the sequence of block_new_session`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let signaling = served.addresses.nodes[0].signaling
            #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
            let (client1, first) = try await SignalingClient.connect(signaling, "spam")
            #expect(first.contains(#""type":"accepted""#))
            try await changeMode(served.api(), "block_new_session")
            let (_, second) = try await SignalingClient.connect(signaling, "ham")
            #expect(second.contains(#""type":"rejected","reason":"block_new_session""#))
            let (_, third) = try await SignalingClient.connect(signaling, "spam")
            #expect(third.contains(#""type":"accepted""#))
            #expect(client1.hasSeenAll, "nothing happened to the first client")
        }
    }
}

private let page = NodeSettings(name: "page", isClustered: false)
private let threeNodes = (1...3).map { NodeSettings(name: "node-0\($0)") }
private let spam = ChannelID("spam")
private let ham = ChannelID("ham")

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

extension Node {
    /// A node that takes part in its cluster if it is to have one.
    fileprivate init(_ settings: NodeSettings, clustered: Bool) {
        var settings = settings
        settings.isClustered = clustered
        self.init(settings)
        join(at: at(0))
    }

    /// How many of these clients are admitted.
    fileprivate mutating func admit(_ channels: String...) -> Int {
        channels.reduce(0) { $0 + (connect(ChannelID($1), at: .distantPast).connection == nil ? 0 : 1) }
    }
}

extension Admission {
    fileprivate var connection: ConnectionID? {
        if case .admitted(let connection, _) = self { connection } else { nil }
    }
}
