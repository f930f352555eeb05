import Daemon
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

@Suite struct OpeningGateTests {
    private func report(
        observed: ObservedMode?, desired: RequestableMode?, cluster: String = "home", node: String = "a"
    ) -> StatusReport {
        let node = NodeStatus(
            name: node, observed: observed, desired: desired, ready: nil, version: nil, sessions: nil, connections: nil,
            observedAt: nil, verdict: Verdict(.unmanaged, ""), blockers: [], claims: [], floor: nil, isOwed: false,
            isRetained: false)
        var report = StatusReport(at: Timestamp(seconds: 0))
        report.clusters = [
            ClusterStatus(
                name: cluster, unavailable: 0, maxUnavailable: 1, minAvailable: nil, nodes: [node], unlisted: [])
        ]
        return report
    }

    private static let rows: [(ObservedMode?, RequestableMode?, String?)] = [
        (nil, nil, "a is not read yet"),
        (.known(.normal), nil, nil), (.known(.initial), nil, nil), (.known(.blockNewConnection), nil, nil),
        (nil, .blockNewSession, "block_new_session is claimed, and a cannot be read"),
        (.known(.normal), .blockNewSession, "block_new_session is claimed, and a is normal"),
        (.known(.initial), .blockNewSession, "block_new_session is claimed, and a is initial"),
        (.known(.blockNewSession), .blockNewConnection, "block_new_connection is claimed, and a is block_new_session"),
        (.known(.blockNewSession), .blockNewSession, nil), (.known(.blockNewConnection), .blockNewSession, nil),
    ]

    @Test(arguments: rows)
    func `listeners wait for the first look, and for every claim`(
        observed: ObservedMode?, desired: RequestableMode?, obstacle: String?
    ) {
        let report = report(observed: observed, desired: desired)
        #expect(OpeningGate.obstacles(for: ["a"], of: "home", in: report) == [obstacle].compactMap(\.self))
    }

    @Test func `what the daemon does not know yet is waited for`() {
        #expect(OpeningGate.obstacles(for: ["a"], of: "home", in: nil) == ["a is not known yet"])
        let other = report(observed: .known(.normal), desired: nil, cluster: "other")
        #expect(OpeningGate.obstacles(for: ["a"], of: "home", in: other) == ["a is not known yet"])
    }

    @Test func `a claim that does not come into force is spoken of, and waited for all the same`() async throws {
        let board = StatusBoard()
        board.show(report(observed: .known(.normal), desired: .blockNewConnection))
        let log = LogLines()
        let gate = OpeningGate(cluster: "home", nodes: ["a"], board: board, patience: .milliseconds(20), log: log.add)
        let passing = Task {
            try await gate.pass()
            return log.all.count
        }
        #expect(await NagiBinary.eventually { !log.all.isEmpty })
        #expect(
            log.all == [
                "embedded home: the listeners of a stay closed until every claim is in force: "
                    + "block_new_connection is claimed, and a is normal"
            ])
        board.show(report(observed: .known(.blockNewConnection), desired: .blockNewConnection))
        #expect(try await passing.value == 2, "it passed only now")
        #expect(log.all.last == "embedded home: every claim is in force, the listeners open")
    }

    @Test func `embedded nodes can be called at once, and from outside only when their claims are in force`()
        async throws
    {
        let policies = try EmbeddedNodesTests.Policies()
        let board = StatusBoard()
        let log = LogLines()
        let nodes = try EmbeddedNodes(try policies.set, board: board, patience: .milliseconds(50), log: log.add)
        let client = ModeAPIClient(directory: "/", environment: [:])
        nodes.join(client)
        client.use(try policies.set)
        let serving = Task { try await nodes.run() }
        await nodes.untilBooted()
        let isClosed = { () async -> Bool in
            (try? await post(policies.ports[0].api, target: "Sora_20211215.GetMode")) == nil
        }
        for desired in [nil, RequestableMode.blockNewConnection] {
            if desired != nil { board.show(report(observed: .known(.normal), desired: desired, node: "node-1")) }
            #expect(await NagiBinary.eventually { log.contain("the listeners of node-1 stay closed") })
            #expect(await isClosed())
            guard
                case .observed(let seen) = await client.read(
                    NodeID(cluster: "home", name: "node-1"), .whole, at: try policies.set.address)
            else {
                Issue.record("it cannot be read in process")
                break
            }
            #expect(seen.mode == .known(.normal) && seen.ready == true)
        }
        board.show(report(observed: .known(.blockNewConnection), desired: .blockNewConnection, node: "node-1"))
        #expect(await NagiBinary.eventually { await !isClosed() })
        serving.cancel()
        try await serving.value
        #expect(await isClosed())
        await client.shutdown()
    }
}
