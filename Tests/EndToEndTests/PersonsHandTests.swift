import Foundation
import Glibc
import Testing

extension DaemonScenarioTests {
    /// Whoever took a node back that nagi keeps shut lost it again: at once, or with the next start of the daemon.
    enum TakingBack: String, CaseIterable, CustomTestStringConvertible {
        case once = "opened once"
        case untilLeftAlone = "opened until nagi leaves it alone"

        var testDescription: String { rawValue }
    }

    /// An upgrade that fails on a node and leaves it shut.
    private func failedNode(on stage: Stage) async throws -> ServedAddresses.Node {
        let command = try stage.writeCommand("fails", "exit 3")
        try stage.writeRollout(
            nodes: 1,
            steps: """
                - drain: {deadline: 1m, onDeadline: abort}
                - block: {}
                - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
                - verify: {connected: true, timeout: 30s}
                - restore: {}
                """)
        try await stage.startDaemon()
        let node = stage.nodes[0]
        try await stage.verdict("failed", of: node.name)
        #expect(try stage.mode(of: node) == "block_new_connection")
        return node
    }

    /// A failed node that people had taken back, and that served calls, was shut again: by each read of the daemon, and
    /// then by each of its starts, outside of every window.
    @Test(.timeLimit(.minutes(2)), arguments: TakingBack.allCases)
    func `a failed node that somebody opens is theirs, also after a restart of the daemon`(_ way: TakingBack)
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .brisk) { stage in
            let node = try await failedNode(on: stage)
            func isLeftAlone() async throws -> Bool {
                try stage.change(node, to: "normal")
                return try await stage.holds(for: .seconds(3)) { try stage.mode(of: node) == "normal" }
            }
            switch way {
            case .once:
                #expect(try await isLeftAlone(), "nagi shuts it again")
            case .untilLeftAlone:
                var isTheirs = false
                for _ in 0..<6 where !isTheirs { isTheirs = try await isLeftAlone() }
                try #require(isTheirs)
            }
            let requests = stage.nodeLog.requestedModes(of: node.name)

            stage.daemon?.send(SIGTERM)
            #expect(try await stage.daemon?.ended(within: .seconds(6)) == 0)
            try await stage.startDaemon()
            try await stage.status("all nodes are read", within: .seconds(10)) { status in
                status.nodes.allSatisfy { $0.observed != nil }
            }
            let isOpen = try await stage.holds(for: .seconds(3)) { try stage.mode(of: node) == "normal" }
            #expect(isOpen, "a start of the daemon shuts it again")
            #expect(stage.nodeLog.requestedModes(of: node.name) == requests)
            let status = try await stage.status()
            #expect(status?.claimed == [], "nothing is claimed of it any more")
            try await stage.expectUnharmed()
        }
    }

    /// An operator's block was lifted at the end of a run: a write of long ago, whose answer had been lost, made nagi
    /// take the block for its own.
    @Test(.timeLimit(.minutes(2)))
    func `a block that an operator sets is not taken for an earlier one of nagi's whose answer was lost`() async throws
    {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let node = stage.nodes[0]
            // So seldom that nothing is read between the operator's block and the opening of the window.
            try stage.writeCluster(nil, Self.seldomRead)
            try stage.writeRollout(
                nodes: [node.name],
                steps: """
                    - drain: {mode: block_new_session, deadline: 1m, onDeadline: abort}
                    - restore: {}
                    """)
            try stage.act("faults", on: node.name, #"{"answerLost":true,"operations":["ChangeMode"]}"#)
            try await stage.startDaemon()
            try await stage.requested("block_new_session", of: node.name)
            try stage.heal(node.name)
            try await stage.completion()
            #expect(stage.nodeLog.requestedModes(of: node.name) == ["block_new_session", "normal"])

            let window = Stage.Opening(in: 3, seconds: 60)
            try stage.writeWindow(
                nodes: [node.name], windows: [window],
                steps: """
                    - drain: {mode: block_new_session, deadline: 1m}
                    - restore: {}
                    """)
            stage.reload()
            try await expectTheirs("block_new_session", before: window, on: node, stage)
        }
    }

    /// An operator's block was lifted at the end of a run: it had been set after nagi's last read and before its first
    /// write, which made it stricter.
    @Test(.timeLimit(.minutes(2)))
    func `a block that an operator sets right before the window opens stays when it has closed`() async throws {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let node = stage.nodes[0]
            try stage.writeCluster(nil, Self.seldomRead)
            let window = Stage.Opening(in: 4, seconds: 60)
            try stage.writeWindow(
                nodes: [node.name], windows: [window],
                steps: """
                    - drain: {mode: block_new_connection, deadline: 1m}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            try await stage.status("all nodes are read", within: .seconds(10)) { status in
                status.nodes.allSatisfy { $0.observed == "normal" }
            }
            try await expectTheirs("block_new_session", before: window, on: node, stage)
        }
    }

    private static let seldomRead = """
        observe: {interval: 20s, jitter: 0%, staleAfter: 60s}
        budget: {maxUnavailable: 1}
        """

    /// An operator's block right before a window opens outlives what nagi does in it.
    private func expectTheirs(
        _ mode: String, before window: Stage.Opening, on node: ServedAddresses.Node, _ stage: Stage
    ) async throws {
        try await stage.wait(until: window.start.addingTimeInterval(-0.8))
        try stage.change(node, to: mode)
        try #require(Date() < window.start, "the machine is too slow for this test")
        try await stage.status("nagi has seen that it is somebody else's, or is through", within: .seconds(25)) {
            $0.verdict(of: node.name)?.code == "foreign" || $0.run(of: "tonight")?.isOver == true
        }
        #expect(try stage.mode(of: node) == mode, "what the operator set")
        #expect(try await stage.holds(for: .seconds(2)) { try stage.mode(of: node) == mode })
        let verdict = try await stage.status()?.verdict(of: node.name)
        #expect(verdict?.code == "foreign", "\(verdict?.text ?? "")")
        try await stage.expectUnharmed(closed: [node.name])
    }
}
