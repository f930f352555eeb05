import ModeCore
import Primitives
import Testing

/// Clients that followed a redirect, or may not be sent on for another reason.
struct ClusterStayingTests {
    private let spam = ChannelID("spam")
    private let now = Timestamp(seconds: 1000)

    private func cluster() -> Cluster {
        var cluster = Cluster(nodes: (1...3).map { NodeSettings(name: "node-0\($0)", gracePeriod: .seconds(10)) })
        cluster.joinAll(at: now)
        return cluster
    }

    private func admittedOn(_ admission: ClusterAdmission) -> Int? {
        if case .admitted(let node, _, _) = admission { node } else { nil }
    }

    @Test func `a new channel stays where its client was sent, though another node has less to carry`() {
        var cluster = cluster()
        #expect(admittedOn(cluster.connect(spam, contacting: 0, at: now)) == 0)
        #expect(cluster.placement(of: ChannelID("ham"), contacting: 0) == .redirect(1))
        #expect(admittedOn(cluster.connect(ChannelID("ham"), stayingOn: 0, at: now)) == 0)
        #expect(cluster.placement(of: ChannelID("ham"), contacting: 2) == .redirect(0), "and is found there")
    }

    @Test func `a channel that lives on another node is not opened a second time`() {
        var cluster = cluster()
        #expect(admittedOn(cluster.connect(spam, contacting: 0, at: now)) == 0)
        #expect(cluster.connect(spam, stayingOn: 1, at: now) == .rejected(.noNode))
        #expect(cluster[1].connectionCount == 0)
    }

    @Test func `where sessions span nodes a client that stays joins the session of its channel`() {
        var cluster = Cluster(
            nodes: (1...3).map { NodeSettings(name: "node-0\($0)", profile: ModeProfile(relays: true)) })
        cluster.joinAll(at: now)
        #expect(admittedOn(cluster.connect(spam, contacting: 0, at: now)) == 0)
        #expect(admittedOn(cluster.connect(ChannelID("ham"), contacting: 1, at: now)) == 1)
        #expect(cluster.placement(of: spam, contacting: 1) == .redirect(2))
        #expect(admittedOn(cluster.connect(spam, stayingOn: 1, at: now)) == 1)
        #expect(cluster[0].session(of: spam)?.connections == 2, "the session lives where it began")
        #expect(cluster[1].sessionCount == 1 && cluster[1].connectionCount == 2)
    }

    @Test func `a blocking node turns away who was sent to it before it blocked`() {
        var cluster = cluster()
        cluster.changeMode(.blockNewSession, on: 0, at: now)
        #expect(cluster.connect(spam, stayingOn: 0, at: now) == .rejected(.blockNewSession))
        cluster.changeMode(.blockNewConnection, on: 0, at: now)
        #expect(cluster.connect(spam, stayingOn: 0, at: now) == .rejected(.blockNewConnection))
        cluster.isolate(1, at: now)
        #expect(cluster.connect(spam, stayingOn: 1, at: now) == .rejected(.initial))
    }
}
