import ModeCore
import Primitives
import Testing

private let spam = ChannelID("spam")
private let ham = ChannelID("ham")

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

extension Admission {
    fileprivate var connection: ConnectionID? {
        if case .admitted(let connection, _) = self { connection } else { nil }
    }

    fileprivate var session: SessionID? {
        if case .admitted(_, let session) = self { session } else { nil }
    }
}

extension Node {
    fileprivate mutating func takeKinds() -> [NodeEvent.Kind] { takeEvents().map(\.kind) }

    fileprivate mutating func vanishings() -> Int { takeKinds().count { $0 == .sessionVanished } }
}

struct NodeTests {
    private func standalone(grace: Duration = .zero, interest: NodeEvent.Interest = .facts) -> Node {
        Node(NodeSettings(name: "node-01", isClustered: false, gracePeriod: grace, interest: interest))
    }

    @Test func `a standalone node boots normal and a clustered one initial`() {
        #expect(standalone().mode == .normal)
        #expect(Node(NodeSettings(name: "node-01")).mode == .initial)
    }

    @Test func `normal accepts every connection`() throws {
        var node = standalone()
        let first = try #require(node.connect(spam, at: at(1)).session)
        #expect(node.connect(spam, at: at(2)).session == first)
        #expect(node.connect(ham, at: at(3)).session != first)
        #expect(node.sessionCount == 2)
        #expect(node.connectionCount == 3)
    }

    @Test func `initial blocks every connection`() {
        var node = Node(NodeSettings(name: "node-01"))
        #expect(node.connect(spam, at: at(1)) == .rejected(.initial))
    }

    @Test func `block_new_session lets clients of live sessions in and nobody else`() throws {
        var node = standalone()
        _ = try #require(node.connect(spam, at: at(1)).connection)
        #expect(node.changeMode(.blockNewSession, at: at(2)) == .to(.blockNewSession))
        #expect(node.connect(ham, at: at(3)) == .rejected(.blockNewSession))
        #expect(node.connect(spam, at: at(4)).connection != nil)
    }

    @Test func `block_new_connection lets nobody in and everybody stay`() throws {
        var node = standalone()
        let live = try #require(node.connect(spam, at: at(1)).connection)
        node.changeMode(.blockNewConnection, at: at(2))
        #expect(node.connect(spam, at: at(3)) == .rejected(.blockNewConnection))
        #expect(node.connectionCount == 1)
        #expect(node.connectionsCut == 0)
        node.changeMode(.normal, at: at(4))
        #expect(node.connect(ham, at: at(5)).connection != nil)
        #expect(node.disconnect(live, at: at(6)) == true)
    }

    @Test func `a session in its grace period is not live for block_new_session`() throws {
        var node = standalone(grace: .seconds(10))
        let connection = try #require(node.connect(spam, at: at(1)).connection)
        node.changeMode(.blockNewSession, at: at(2))
        node.disconnect(connection, at: at(3))
        #expect(node.sessionCount == 1)
        #expect(node.connect(spam, at: at(4)) == .rejected(.blockNewSession))
    }

    @Test func `a session ends the grace period after its last connection left`() throws {
        var node = standalone(grace: .seconds(10))
        let connection = try #require(node.connect(spam, at: at(0)).connection)
        node.disconnect(connection, at: at(5))
        #expect(node.nextExpiry == at(15))
        node.advance(to: Timestamp(nanoseconds: at(15).nanoseconds - 1))
        #expect(node.sessionCount == 1)
        node.advance(to: at(15))
        #expect(node.sessionCount == 0)
        #expect(node.nextExpiry == nil)
    }

    @Test func `a client that comes back within the grace period keeps the session`() throws {
        var node = standalone(grace: .seconds(10))
        let first = node.connect(spam, at: at(0))
        node.disconnect(try #require(first.connection), at: at(5))
        let second = node.connect(spam, at: at(14))
        #expect(second.session == first.session)
        node.advance(to: at(100))
        #expect(node.sessionCount == 1)
        node.disconnect(try #require(second.connection), at: at(101))
        node.advance(to: at(110))
        #expect(node.sessionCount == 1)
        node.advance(to: at(111))
        #expect(node.sessionCount == 0)
        #expect(node.counters.sessionsCreated == 1)
    }

    @Test(arguments: [RequestableMode.blockNewSession, .blockNewConnection])
    func `session vanished is told once when the last session ends while blocking`(mode: RequestableMode) throws {
        var node = standalone(grace: .seconds(1))
        let a = try #require(node.connect(spam, at: at(0)).connection)
        let b = try #require(node.connect(ham, at: at(0)).connection)
        node.changeMode(mode, at: at(1))
        node.disconnect(a, at: at(2))
        node.advance(to: at(10))
        #expect(node.vanishings() == 0)
        node.disconnect(b, at: at(11))
        #expect(node.vanishings() == 0)
        node.advance(to: at(100))
        #expect(node.vanishings() == 1)
        node.changeMode(mode == .blockNewSession ? .blockNewConnection : .blockNewSession, at: at(101))
        node.advance(to: at(200))
        #expect(node.vanishings() == 0)
    }

    @Test func `session vanished is told again after the node was filled and emptied again`() throws {
        var node = standalone()
        for round in 0..<3 {
            node.changeMode(.normal, at: at(Int64(round)))
            let connection = try #require(node.connect(spam, at: at(Int64(round))).connection)
            node.changeMode(.blockNewSession, at: at(Int64(round)))
            node.disconnect(connection, at: at(Int64(round)))
            #expect(node.vanishings() == 1)
        }
    }

    @Test func `nothing vanishes where there was nothing, nor in normal`() throws {
        var node = standalone()
        node.changeMode(.blockNewSession, at: at(1))
        node.advance(to: at(10))
        #expect(node.vanishings() == 0)
        node.changeMode(.normal, at: at(11))
        node.disconnect(try #require(node.connect(spam, at: at(12)).connection), at: at(13))
        #expect(node.vanishings() == 0)
    }

    @Test func `terminating the last session while blocking makes it vanish and counts as cut`() {
        var node = standalone(grace: .seconds(60))
        _ = node.connect(spam, at: at(0))
        _ = node.connect(spam, at: at(0))
        node.changeMode(.blockNewConnection, at: at(1))
        #expect(node.terminateSession(of: spam, at: at(2)) != nil)
        #expect(node.terminateSession(of: spam, at: at(3)) == nil)
        #expect(node.vanishings() == 1)
        #expect(node.connectionsCut == 2)
        #expect(node.connectionCount == 0)
        #expect(node.counters.ongoingConnections == 0)
    }

    @Test func `disconnecting a channel leaves its session the grace period`() {
        var node = standalone(grace: .seconds(5))
        _ = node.connect(spam, at: at(0))
        _ = node.connect(ham, at: at(0))
        #expect(node.disconnectChannel(spam, at: at(1)) == 1)
        #expect(node.disconnectChannel(spam, at: at(2)) == 0)
        #expect(node.sessionCount == 2)
        node.advance(to: at(6))
        #expect(node.sessionCount == 1)
        #expect(node.connectionsCut == 1)
    }

    @Test func `a restart drops everything, zeroes the counters and forgets the block`() {
        var node = standalone()
        _ = node.connect(spam, at: at(0))
        node.changeMode(.blockNewConnection, at: at(1))
        let epoch = node.epoch
        #expect(node.restart(version: "2025.2.0", at: at(2)) == 1)
        #expect(node.mode == .normal)
        #expect(node.version == "2025.2.0")
        #expect(node.counters == NodeCounters())
        #expect(node.sessionCount == 0)
        #expect(node.connectionCount == 0)
        #expect(node.connectionsCut == 1)
        #expect(node.epoch > epoch)
        #expect(node.vanishings() == 0)
    }

    @Test func `ids are not used again after a restart`() throws {
        var node = standalone()
        let before = try #require(node.connect(spam, at: at(0)).connection)
        node.restart(at: at(1))
        let after = try #require(node.connect(spam, at: at(2)).connection)
        #expect(after != before)
        #expect(node.disconnect(before, at: at(3)) == false)
        #expect(node.connectionCount == 1)
    }

    @Test func `a stopped node takes nothing`() {
        var node = standalone()
        node.stop(at: at(1))
        #expect(node.connect(spam, at: at(2)) == .rejected(.notRunning))
        #expect(node.changeMode(.blockNewSession, at: at(2)) == .refused(.notRunning))
        node.join(at: at(3))
        node.fileFault(at: at(3))
        #expect(node.stop(at: at(4)) == 0)
        node.start(at: at(5))
        #expect(node.connect(spam, at: at(6)).connection != nil)
    }

    @Test func `the license limits the connections`() {
        var node = Node(NodeSettings(name: "node-01", isClustered: false, maxConnections: 1))
        #expect(node.connect(spam, at: at(0)).connection != nil)
        #expect(node.connect(spam, at: at(0)) == .rejected(.full))
    }

    @Test func `events come in order and the counters agree with them`() throws {
        var node = standalone(interest: .all)
        let answer = node.connect(spam, at: at(1))
        let (connection, session) = (try #require(answer.connection), try #require(answer.session))
        let begun = try #require(node.session(of: spam))
        #expect(begun.id == session)
        node.disconnect(connection, at: at(3))
        let events = node.takeEvents()
        #expect(
            events.prefix(3) == [
                NodeEvent(at: at(1), kind: .sessionCreated(begun)),
                NodeEvent(at: at(1), kind: .connectionCreated(connection, session, spam)),
                NodeEvent(at: at(3), kind: .connectionDestroyed(connection, session, spam)),
            ])
        guard case .sessionDestroyed(let ended) = events.last?.kind else {
            Issue.record("the session is not destroyed")
            return
        }
        #expect((ended.id, ended.channel, ended.createdAt) == (session, spam, at(1)))
        #expect((ended.connections, ended.maxConnections, ended.totalConnections) == (0, 1, 1))
        #expect(node.takeEvents().isEmpty)
        #expect(node.counters.averageDurationSeconds == 2)
        #expect(node.counters.ongoingSessions == 0)
    }

    @Test func `the event buffer is limited and says what it dropped`() {
        var node = Node(NodeSettings(name: "node-01", isClustered: false, interest: .all, eventLimit: 3))
        for _ in 0..<4 { _ = node.connect(spam, at: at(0)) }
        #expect(node.takeEvents().count == 3)
        #expect(node.droppedEvents == 2)
    }

    @Test func `a file fault blocks a clustered node and leaves a standalone one alone`() {
        var alone = standalone()
        alone.fileFault(at: at(1))
        #expect(alone.mode == .normal)
        var clustered = Node(NodeSettings(name: "node-01"))
        clustered.join(at: at(1))
        clustered.fileFault(at: at(2))
        #expect(clustered.mode == .blockNewConnection)
    }

    @Test func `a time that goes back is taken as the latest one`() throws {
        var node = standalone(grace: .seconds(10))
        let connection = try #require(node.connect(spam, at: at(100)).connection)
        node.disconnect(connection, at: at(50))
        #expect(node.nextExpiry == at(110))
    }

    /// Random clients against a second book that is kept the simple way.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `admission agrees with a plain book of connections`(seed: UInt64) throws {
        var random = Lehmer(seed: seed)
        var node = standalone(grace: .zero)
        var book: [ConnectionID: ChannelID] = [:]
        for step in 0..<2_000 {
            let time = at(Int64(step))
            switch random.below(8) {
            case 0: node.changeMode(RequestableMode.allCases[random.below(3)], at: time)
            case 1...4:
                let channel = ChannelID("channel-\(random.below(6))")
                let expected =
                    switch node.mode {
                    case .normal: true
                    case .blockNewSession: book.values.contains(channel)
                    case .blockNewConnection, .initial: false
                    }
                let connection = node.connect(channel, at: time).connection
                #expect((connection != nil) == expected, "seed \(seed), step \(step)")
                if let connection { book[connection] = channel }
            default:
                guard let connection = book.keys.sorted().dropFirst(random.below(max(1, book.count))).first
                else { continue }
                #expect(node.disconnect(connection, at: time) == true)
                book[connection] = nil
            }
            #expect(node.connectionCount == book.count)
            #expect(node.sessionCount == Set(book.values).count)
            #expect(node.counters.ongoingConnections == book.count)
        }
        #expect(node.connectionsCut == 0)
    }
}
