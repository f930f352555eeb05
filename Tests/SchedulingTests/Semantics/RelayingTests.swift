import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Nodes whose sessions span nodes drain by their own connections.
struct RelayingTests {
    /// What a node has left as its drain begins, what it claims then, and whether a minute later it is drained.
    static let drains = Row.table(
        """
        mode        relays  sessions  connections  claims      drained
        -           no      0         0            session     yes
        -           no      1         0            session     no
        -           no      1         1            session     no
        -           yes     0         0            connection  yes
        -           yes     3         0            connection  yes
        -           yes     0         1            connection  no
        -           yes     3         1            connection  no
        session     yes     3         0            session     yes
        session     yes     3         1            session     no
        session     no      3         0            session     no
        connection  yes     3         0            connection  yes
        connection  no      3         0            connection  no
        """)

    @Test(arguments: drains) func `sessions do not count where they span nodes`(row: Row) throws {
        var rig = Rig(
            RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", Self.steps(drain: try row.mode("mode")))))
        rig.load(
            "a", sessions: try #require(try row.number("sessions")),
            connections: try #require(try row.number("connections")), relays: try row.flag("relays") ?? false)
        // Others, of which the cluster's sessions go on.
        rig.load("b", sessions: 5, connections: 5, relays: try row.flag("relays") ?? false)
        var claims: RequestableMode?
        for _ in 0..<120 where claims == nil {
            rig.advance(.milliseconds(500))
            claims = rig.mode("a")?.requestable.flatMap { $0 == .normal ? nil : $0 }
        }
        #expect(claims == (try row.mode("claims")), "\(rig)")
        rig.advance(.minutes(1))
        #expect((rig.commandsBegun("a") == 1) == (try row.flag("drained")), "\(rig)")
    }

    private static func steps(drain mode: RequestableMode? = nil, deadline: Duration = .hours(9)) -> [RigStep] {
        [.drain(mode: mode, deadline: deadline), .block, .upgrade(), .verify(), .restore]
    }

    @Test func `what a drain claims is decided when it begins, and never loosened`() {
        for (first, later, claim) in [
            (true, false, RequestableMode.blockNewConnection), (false, true, .blockNewSession),
        ] {
            var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", Self.steps())))
            rig.load("a", sessions: 2, connections: 2, relays: first)
            rig.advance(.minutes(1))
            #expect(rig.mode("a") == claim.mode, "\(rig)")
            rig.load("a", sessions: 2, connections: 2, relays: later)
            rig.advance(.minutes(1))
            #expect(rig.mode("a") == claim.mode && rig.sends("a").count == 1, "\(rig)")
            // What counts follows what it shows now.
            rig.load("a", sessions: 2, connections: 0, relays: later)
            rig.advance(.minutes(1))
            #expect((rig.commandsBegun("a") == 1) == later, "\(rig)")
        }
    }

    @Test func `connections that came back begin the drain anew, sessions elsewhere do not`() {
        for (sessions, connections, begun) in [(4, 0, 1), (4, 4, 0)] {
            var rig = Rig(
                RigPolicies(
                    ["a", "b", "c"],
                    .rollout(
                        "sora", to: "2",
                        [.drain(deadline: .hours(9)), .block, .wait(.minutes(5)), .upgrade(), .verify(), .restore])))
            rig.load("a", sessions: 0, connections: 0, relays: true)
            rig.advance(.minutes(2))
            rig.load("a", sessions: sessions, connections: connections, relays: true)
            rig.advance(.minutes(5))
            #expect(rig.commandsBegun("a") == begun, "\(rig)")
        }
    }

    @Test func `a read that says nothing of it changes nothing, and a restart of the daemon does not forget it`() {
        var rig = Rig(RigPolicies(["a", "b", "c"], .nightly(at: "02:00")))
        rig.load("a", sessions: 2, connections: 2, relays: true)
        rig.advance(to: "01:50")
        rig.reach("a", .hangsAfterMode)
        rig.advance(.minutes(1))
        #expect(rig.status?.clusters[0].nodes[0].relays == true, "\(rig)")
        rig.crash(for: .minutes(1))
        rig.advance(.minutes(1))
        #expect(rig.status?.clusters[0].nodes[0].relays == true, "\(rig)")
        rig.reach("a", .answers)
        rig.load("a", sessions: 2, connections: 2, relays: false)
        rig.advance(.minutes(1))
        #expect(rig.status?.clusters[0].nodes[0].relays == false, "its function was switched off")
    }

    @Test func `status says by what it drains, and why`() throws {
        var rig = Rig(RigPolicies(["a", "b", "c"], .rollout("sora", to: "2", Self.steps())))
        rig.load("a", sessions: 9, connections: 16, relays: true)
        rig.load("b", sessions: 9, connections: 16, relays: false)
        for left in [16, 12, 8] {
            rig.load("a", sessions: 9, connections: left, relays: true)
            rig.advance(.minutes(1))
        }
        let nodes = try #require(rig.status).clusters[0].nodes
        #expect(nodes[0].relays && nodes[0].sessions == nil && nodes[0].connections == 8)
        #expect(
            nodes[0].verdict.text.hasPrefix("8 connections left (its sessions span nodes), half of them gone every "))
        #expect(nodes[0].drain?.sessions == nil && nodes[0].drain?.projectedEnd != nil)
        #expect(!nodes[1].relays && nodes[1].sessions == 9)
    }

    @Test func `journals of before are read: there sessions count`() throws {
        let decoder = JSONDecoder()
        let facts = try decoder.decode(NodeLedger.NodeFacts.self, from: Data(#"{"ready":true}"#.utf8))
        #expect(facts.relays == nil && facts.ready == true)
        let at = String(decoding: try JSONEncoder().encode(Moment.start.wall), as: UTF8.self)
        let sample = try decoder.decode(
            DrainCurve.Sample.self, from: Data(#"{"at":\#(at),"sessions":3,"connections":4}"#.utf8))
        #expect(sample.sessions == 3)
    }
}
