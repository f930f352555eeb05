import ModeCore
import Primitives
import Testing

private func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

private func cluster(_ count: Int, temporary: Int = 0, profile: ModeProfile = .current) -> Cluster {
    let regular = (0..<count).map { NodeSettings(name: "node-0\($0 + 1)", profile: profile, maxConnections: 100) }
    let others = (0..<temporary).map { NodeSettings(name: "temporary-0\($0 + 1)", isTemporary: true, profile: profile) }
    return Cluster(nodes: regular + others)
}

private func joined(_ count: Int, temporary: Int = 0, profile: ModeProfile = .current) -> Cluster {
    var cluster = cluster(count, temporary: temporary, profile: profile)
    cluster.joinAll(at: at(0))
    return cluster
}

extension Cluster {
    fileprivate var modes: [NodeMode] { nodes.map(\.mode) }

    fileprivate func connected(seenBy index: Int) -> [Bool] { members(seenBy: index).map(\.isConnected) }

    fileprivate mutating func admit(_ channel: UInt64, at node: Int, _ time: Timestamp) throws -> Admitted {
        switch connect(ChannelID("channel-\(channel)"), contacting: node, at: time) {
        case .admitted(let node, let connection, _): return Admitted(node: node, connection: connection)
        case .rejected(let rejection): throw NotAdmitted(rejection: rejection)
        }
    }
}

private struct Admitted {
    var node: Int
    var connection: ConnectionID
}

private struct NotAdmitted: Error {
    var rejection: Rejection
}

struct ClusterTests {
    @Test func `nodes are initial until they joined and normal by themselves then`() {
        var cluster = cluster(3)
        #expect(cluster.modes == [.initial, .initial, .initial])
        cluster.join(0, at: at(1))
        #expect(cluster.modes == [.initial, .initial, .initial], "one of three is no majority")
        cluster.join(1, at: at(2))
        #expect(cluster.modes == [.normal, .normal, .initial])
        cluster.join(2, at: at(3))
        #expect(cluster.modes == [.normal, .normal, .normal])
        #expect(cluster.connected(seenBy: 0) == [true, true, true])
    }

    @Test func `a channel that other nodes took while its node was away is found on its node again`() throws {
        var cluster = joined(3)
        let first = try cluster.admit(1, at: 0, at(1))
        cluster.changeMode(.blockNewConnection, on: 0, at: at(2))
        cluster.isolate(0, at: at(3))
        let second = try cluster.admit(1, at: 1, at(4))
        #expect(second.node == 1, "nobody knows of the first")
        cluster.disconnect(second.connection, at: at(5))
        cluster.rejoin(0, at: at(6))
        #expect(
            cluster.placement(of: ChannelID("channel-1"), contacting: 1) == .rejected(.blockNewConnection),
            "the call on the first node still goes on")
        cluster.disconnect(first.connection, at: at(7))
        #expect(cluster.placement(of: ChannelID("channel-1"), contacting: 1) == .here)
    }

    @Test func `names lead to indices and a name is taken once`() {
        var cluster = cluster(3)
        #expect(cluster.index(of: "node-02") == 1)
        #expect(cluster.index(of: "node-09") == nil)
        let known = cluster.add(NodeSettings(name: "node-02"))
        #expect(known == 1)
        #expect(cluster.count == 3)
    }

    @Test func `a restarted node is initial, joins with a new epoch and version, and is normal by itself`() throws {
        var cluster = joined(3)
        let before = try #require(cluster.members(seenBy: 1)[0].epoch)
        cluster.changeMode(.blockNewConnection, on: 0, at: at(1))
        #expect(!cluster.isReady(0))
        cluster.restart(0, version: "2025.2.0", at: at(2))
        #expect(cluster[0].mode == .initial)
        #expect(cluster.members(seenBy: 1)[0] == Member.disconnected(index: 0, name: "node-01"))
        cluster.join(0, at: at(3))
        #expect(cluster[0].mode == .normal)
        let member = cluster.members(seenBy: 1)[0]
        #expect(member.version == "2025.2.0")
        #expect(try #require(member.epoch) > before)
        #expect(member.details?.memberSince == at(3))
        #expect(cluster.isReady(0))
    }

    @Test func `two of three must be up`() {
        var cluster = joined(3)
        cluster.stop(0, at: at(1))
        #expect(cluster.modes[1...] == [.normal, .normal])
        cluster.stop(1, at: at(2))
        #expect(cluster[2].mode == .initial)
        #expect(!cluster.isReady(2))
        cluster.start(1, at: at(3))
        #expect(cluster[2].mode == .initial)
        cluster.join(1, at: at(4))
        #expect(cluster.modes[1...] == [.normal, .normal])
    }

    @Test func `isolated while normal is initial and normal again when it rejoined`() {
        var cluster = joined(3)
        cluster.isolate(2, at: at(1))
        #expect(cluster.modes == [.normal, .normal, .initial])
        #expect(cluster.connected(seenBy: 0) == [true, true, false])
        #expect(cluster.connected(seenBy: 2) == [false, false, true])
        cluster.rejoin(2, at: at(2))
        #expect(cluster.modes == [.normal, .normal, .normal])
    }

    @Test(arguments: [RequestableMode.blockNewSession, .blockNewConnection])
    func `a blocking mode is kept through isolation and rejoining`(mode: RequestableMode) {
        var cluster = joined(3)
        cluster.changeMode(mode, on: 2, at: at(1))
        cluster.isolate(2, at: at(2))
        #expect(cluster[2].mode == mode.mode)
        #expect(!cluster.isReady(2))
        cluster.rejoin(2, at: at(3))
        #expect(cluster[2].mode == mode.mode)
    }

    @Test func `the first release forgets the block when isolated`() {
        var cluster = joined(3, profile: .firstRelease)
        cluster.changeMode(.blockNewSession, on: 2, at: at(1))
        cluster.isolate(2, at: at(2))
        #expect(cluster[2].mode == .initial)
        cluster.rejoin(2, at: at(3))
        #expect(cluster[2].mode == .normal)
    }

    @Test func `a split of five leaves the majority working`() {
        var cluster = joined(5)
        cluster.split([3, 4], side: 1, at: at(1))
        #expect(cluster.modes == [.normal, .normal, .normal, .initial, .initial])
        #expect(cluster.connected(seenBy: 3) == [false, false, false, true, true])
        cluster.split([3, 4], side: 0, at: at(2))
        #expect(cluster.modes.allSatisfy { $0 == .normal })
    }

    @Test func `temporary nodes do not count and vanish when stopped`() {
        var cluster = joined(3, temporary: 2)
        #expect(cluster.quorum == 2)
        #expect(cluster.members(seenBy: 0).map(\.isTemporary) == [false, false, false, true, true])
        cluster.stop(4, at: at(1))
        #expect(cluster.members(seenBy: 0).count == 4)
        cluster.stop(0, at: at(2))
        #expect(cluster.members(seenBy: 1).count == 4, "a regular one stays in the list, not connected")
        cluster.stop(1, at: at(3))
        #expect(cluster[2].mode == .initial, "the temporary one does not make up the majority")
        #expect(cluster[3].mode == .initial)
    }

    @Test func `a purged node leaves the list and the count`() {
        var cluster = joined(3)
        let tooEarly = cluster.purge(0, at: at(1))
        #expect(!tooEarly, "it is connected")
        cluster.stop(0, at: at(2))
        cluster.stop(1, at: at(3))
        #expect(cluster[2].mode == .initial)
        let first = cluster.purge(0, at: at(4))
        #expect(first)
        let second = cluster.purge(1, at: at(4))
        #expect(second)
        #expect(cluster.members(seenBy: 2).map(\.name) == ["node-03"])
        #expect(cluster[2].mode == .normal)
    }

    @Test func `a new channel goes to the node with the least load, the contacted one if equal`() throws {
        var cluster = joined(3)
        #expect(cluster.placement(of: ChannelID("channel-1"), contacting: 2) == .here)
        _ = try cluster.admit(1, at: 2, at(1))
        #expect(cluster.placement(of: ChannelID("channel-2"), contacting: 2) == .redirect(0))
        #expect(cluster.placement(of: ChannelID("channel-2"), contacting: 1) == .here)
    }

    @Test func `load is the share of the license`() throws {
        var cluster = Cluster(nodes: [
            NodeSettings(name: "small", maxConnections: 2), NodeSettings(name: "large", maxConnections: 100),
        ])
        cluster.joinAll(at: at(0))
        var taken = [0, 0]
        for channel in 0..<30 as Range<UInt64> {
            let node = try cluster.admit(channel, at: 0, at(1)).node
            taken[node] += 1
        }
        #expect(taken == [1, 29])
    }

    @Test func `an existing channel stays with its owner, whoever is contacted`() throws {
        var cluster = joined(3)
        let owner = try cluster.admit(7, at: 1, at(1)).node
        #expect(owner == 1)
        for contacted in 0..<3 {
            let taker = try cluster.admit(7, at: contacted, at(2)).node
            #expect(taker == 1)
        }
    }

    @Test func `blocking and initial nodes are given no new channel`() throws {
        var cluster = joined(5)
        cluster.changeMode(.blockNewSession, on: 0, at: at(1))
        cluster.changeMode(.blockNewConnection, on: 1, at: at(1))
        cluster.restart(2, at: at(1))
        for channel in 0..<40 as Range<UInt64> {
            for contacted in [0, 3, 4] {
                let node = try cluster.admit(channel * 3 + UInt64(contacted), at: contacted, at(2)).node
                #expect(node == 3 || node == 4)
            }
        }
        #expect(cluster.placement(of: ChannelID("channel-1000"), contacting: 1) == .rejected(.blockNewConnection))
        #expect(cluster.placement(of: ChannelID("channel-1000"), contacting: 2) == .rejected(.initial))
    }

    @Test func `the owner in block_new_session still takes clients of its channels`() throws {
        var cluster = joined(3)
        _ = try cluster.admit(7, at: 0, at(1))
        cluster.changeMode(.blockNewSession, on: 0, at: at(2))
        let taker = try cluster.admit(7, at: 2, at(3)).node
        #expect(taker == 0)
        cluster.changeMode(.blockNewConnection, on: 0, at: at(4))
        #expect(
            cluster.placement(of: ChannelID("channel-7"), contacting: 2) == .rejected(.blockNewConnection),
            "the same channel must not live on two nodes")
    }

    @Test func `a drained node empties while calls go on elsewhere`() throws {
        var cluster = joined(3)
        let admitted = try cluster.admit(7, at: 0, at(1))
        let owner = admitted.node
        cluster.changeMode(.blockNewSession, on: owner, at: at(2))
        cluster.disconnect(admitted.connection, at: at(3))
        let taker = try cluster.admit(7, at: owner, at(4)).node
        #expect(taker != owner)
        #expect(cluster[owner].sessionCount == 0)
    }

    @Test func `nobody takes a channel where all block`() {
        var cluster = joined(3)
        for index in 0..<3 { cluster.changeMode(.blockNewSession, on: index, at: at(1)) }
        #expect(cluster.placement(of: ChannelID("channel-1"), contacting: 0) == .rejected(.blockNewSession))
    }

    @Test func `standalone nodes have no membership and no redirects`() throws {
        var cluster = Cluster(isClustered: false, nodes: [NodeSettings(name: "a"), NodeSettings(name: "b")])
        #expect(cluster.modes == [.normal, .normal])
        #expect(cluster.members(seenBy: 0).isEmpty)
        _ = try cluster.admit(1, at: 0, at(1))
        let taker = try cluster.admit(1, at: 1, at(1)).node
        #expect(taker == 1)
        cluster.changeMode(.blockNewConnection, on: 0, at: at(2))
        #expect(cluster.isReady(0), "/.ok looks at the mode in a cluster only")
        cluster.stop(0, at: at(3))
        #expect(!cluster.isReady(0))
        #expect(cluster[1].mode == .normal)
    }

    @Test func `readiness follows membership and mode`() {
        var cluster = cluster(3)
        #expect(!cluster.isReady(0))
        cluster.joinAll(at: at(0))
        #expect(cluster.isReady(0))
        cluster.changeMode(.blockNewSession, on: 0, at: at(1))
        #expect(cluster.isReady(0))
        cluster.changeMode(.blockNewConnection, on: 0, at: at(2))
        #expect(!cluster.isReady(0))
    }

    @Test func `there is one leader, and a new term when it changes`() throws {
        var cluster = joined(3)
        #expect((0..<3).map { cluster.consensus(seenBy: $0)?.role } == [.leader, .follower, .follower])
        let term = try #require(cluster.consensus(seenBy: 1)?.term)
        cluster.isolate(0, at: at(1))
        #expect((0..<3).map { cluster.consensus(seenBy: $0)?.role } == [.candidate, .leader, .follower])
        #expect(try #require(cluster.consensus(seenBy: 1)?.term) == term + 1)
        cluster.rejoin(0, at: at(2))
        #expect((0..<3).map { cluster.consensus(seenBy: $0)?.role } == [.follower, .leader, .follower])
    }
}

extension Member {
    fileprivate static func disconnected(index: Int, name: String) -> Member {
        Member(index: index, name: name, isTemporary: false, isConnected: false, details: nil)
    }
}

/// The membership statements of the manual that need several nodes.
struct MembershipTests {
    @Test func `three of five must be up`() {
        var cluster = joined(5)
        cluster.stop(0, at: at(1))
        cluster.stop(1, at: at(2))
        #expect(cluster.modes[2...] == [.normal, .normal, .normal])
        cluster.stop(2, at: at(3))
        #expect(cluster.modes[3...] == [.initial, .initial])
        cluster.restart(2, at: at(4))
        cluster.start(2, at: at(4))
        cluster.join(2, at: at(5))
        #expect(cluster.modes[2...] == [.normal, .normal, .normal])
    }

    @Test func `purging a disconnected node lowers the majority`() {
        var cluster = joined(5)
        for index in 0..<2 { cluster.stop(index, at: at(1)) }
        #expect(cluster.quorum == 3)
        for index in 0..<2 { cluster.purge(index, at: at(2)) }
        #expect(cluster.quorum == 2)
        cluster.stop(2, at: at(3))
        #expect(cluster.modes[3...] == [.normal, .normal])
    }

    @Test func `a purged node counts again when it joined, not when its process starts`() {
        var cluster = joined(3)
        cluster.stop(0, at: at(1))
        cluster.purge(0, at: at(2))
        cluster.start(0, at: at(3))
        #expect(cluster.regularCount == 2)
        #expect(cluster.members(seenBy: 1).map(\.name) == ["node-02", "node-03"])
        cluster.join(0, at: at(4))
        #expect(cluster.regularCount == 3)
        #expect(cluster[0].mode == .normal)
    }

    @Test func `a node added to a running cluster counts from its joining on`() {
        var cluster = joined(3)
        cluster.stop(0, at: at(1))
        let added = cluster.add(NodeSettings(name: "node-04"))
        #expect(cluster.quorum == 2)
        #expect(cluster.modes[1...] == [.normal, .normal, .initial])
        cluster.join(added, at: at(2))
        #expect(cluster[added].mode == .normal)
        #expect(cluster.regularCount == 4)
        #expect(cluster.quorum == 3)
    }

    @Test func `nobody is taken in where there is no majority`() {
        var cluster = joined(3)
        for index in 0..<2 { cluster.stop(index, at: at(1)) }
        let added = cluster.add(NodeSettings(name: "node-04"))
        cluster.join(added, at: at(2))
        #expect(cluster[added].mode == .initial)
        #expect(cluster.regularCount == 3)
        cluster.start(0, at: at(3))
        cluster.join(0, at: at(3))
        #expect([0, 2, 3].map { cluster[$0].mode } == [.normal, .normal, .normal])
    }

    @Test func `a temporary node never leads and does not wait for others of its kind`() {
        var cluster = Cluster(nodes: [NodeSettings(name: "spare", isTemporary: true), NodeSettings(name: "node-01")])
        cluster.join(0, at: at(1))
        #expect(cluster[0].mode == .initial)
        cluster.join(1, at: at(2))
        #expect(cluster.modes == [.normal, .normal])
        #expect(cluster.consensus(seenBy: 0)?.role == .follower)
        #expect(cluster.consensus(seenBy: 1)?.role == .leader)
    }

    @Test func `requests while initial are refused, or taken where the profile says so`() {
        var refusing = cluster(3)
        #expect(refusing.changeMode(.normal, on: 0, at: at(1)) == .refused(.initial))
        #expect(refusing[0].mode == .initial)
        var taking = cluster(3, profile: ModeProfile(takesRequestsWhileInitial: true))
        #expect(taking.changeMode(.blockNewConnection, on: 0, at: at(1)) == .to(.blockNewConnection))
        taking.joinAll(at: at(2))
        #expect(taking.modes == [.blockNewConnection, .normal, .normal], "joining changes initial only")
    }

    @Test func `a node that is talked into normal outside of its cluster is given no channel`() {
        var cluster = cluster(3, profile: ModeProfile(takesRequestsWhileInitial: true))
        cluster.changeMode(.normal, on: 0, at: at(1))
        #expect(cluster.placement(of: ChannelID("channel-1"), contacting: 0) == .rejected(.noNode))
    }

    @Test func `an isolated node that is talked into normal begins no channel, and goes on with those it has`() throws {
        var cluster = joined(3)
        _ = try cluster.admit(1, at: 0, at(1))
        cluster.changeMode(.blockNewSession, on: 0, at: at(2))
        cluster.isolate(0, at: at(3))
        #expect(cluster.changeMode(.normal, on: 0, at: at(4)) == .to(.normal))
        #expect(cluster.placement(of: ChannelID("channel-2"), contacting: 0) == .rejected(.noNode))
        #expect(cluster.placement(of: ChannelID("channel-1"), contacting: 0) == .here)
    }

    @Test func `a channel goes where somebody is, not where its empty session lingers`() throws {
        var cluster = Cluster(nodes: (1...2).map { NodeSettings(name: "node-0\($0)", gracePeriod: .seconds(10)) })
        cluster.joinAll(at: at(0))
        let first = try cluster.admit(1, at: 0, at(0))
        cluster.changeMode(.blockNewSession, on: 0, at: at(1))
        cluster.disconnect(first.connection, at: at(2))
        #expect(try cluster.admit(1, at: 1, at(3)).node == 1, "nobody is on the node that blocks")
        cluster.changeMode(.normal, on: 0, at: at(4))
        #expect(cluster.placement(of: ChannelID("channel-1"), contacting: 0) == .redirect(1))
        #expect(try cluster.admit(1, at: 0, at(5)).node == 1)
    }

    @Test func `names that look the same are different channels, also in a table`() {
        let names = ["\u{E9}", "e\u{301}"]
        #expect(names[0] == names[1], "as texts they are equal")
        #expect(Set(names.map { ChannelID($0) }).count == 2)
        #expect(ChannelID(names[0]).hashValue != ChannelID(names[1]).hashValue)
        #expect(ChannelID("spam") == ChannelID(String("spam".reversed().reversed())))
        #expect(ChannelID("spam").hashValue == ChannelID(String("spam".reversed().reversed())).hashValue)
    }

    @Test func `a file fault blocks a node of a cluster, which rejoining does not mend`() {
        var cluster = joined(3)
        cluster.fileFault(0, at: at(1))
        #expect(cluster[0].mode == .blockNewConnection)
        cluster.isolate(0, at: at(2))
        cluster.rejoin(0, at: at(3))
        #expect(cluster[0].mode == .blockNewConnection)
        #expect(!cluster.isReady(0))
    }
}

/// Calls that end sessions and connections on one node.
struct ClusterCutTests {
    @Test func `terminating, disconnecting and cutting act on the node that they name`() throws {
        var cluster = Cluster(
            nodes: (1...3).map {
                NodeSettings(name: "node-0\($0)", gracePeriod: .seconds(5), interest: .all)
            })
        cluster.joinAll(at: at(0))
        let spam = try cluster.admit(1, at: 0, at(1))
        _ = try cluster.admit(1, at: 0, at(1))
        let ham = try cluster.admit(2, at: 1, at(1))
        #expect(cluster.terminateSession(of: ChannelID("channel-2"), on: spam.node, at: at(2)) == nil)
        #expect(cluster.disconnectChannel(ChannelID("channel-1"), on: spam.node, at: at(3)) == 2)
        #expect(cluster[spam.node].sessionCount == 1, "its grace period runs")
        #expect(cluster.terminateSession(of: ChannelID("channel-1"), on: spam.node, at: at(4)) != nil)
        #expect(cluster[spam.node].sessionCount == 0)
        let isCut = cluster.cut(ham.connection, at: at(5))
        #expect(isCut)
        let again = cluster.cut(ham.connection, at: at(6))
        #expect(!again)
        let unknown = cluster.cut(ConnectionID(.max), at: at(6))
        #expect(!unknown)
        #expect(cluster.nodes.map(\.connectionsCut).reduce(0, +) == 3)
        cluster.advance(to: at(10))
        #expect(cluster.nodes.map(\.sessionCount) == [0, 0, 0])
    }

    @Test(arguments: [RequestableMode.blockNewSession, .blockNewConnection])
    func `neither a stop nor a mode change that finds nothing makes a node vanish`(mode: RequestableMode) throws {
        var cluster = joined(3)
        let owner = try cluster.admit(1, at: 0, at(1)).node
        cluster.changeMode(mode, on: owner, at: at(2))
        cluster.stop(owner, at: at(3))
        cluster.changeMode(mode, on: (owner + 1) % 3, at: at(4))
        cluster.advance(to: at(100))
        for index in 0..<3 {
            let events = cluster.takeEvents(of: index)
            #expect(!events.contains { $0.kind == .sessionVanished })
        }
    }
}
