import Foundation
import Glibc
import Testing

extension DaemonScenarioTests {
    /// How the deadline of a drain is missed.
    enum MissedRead: String, CaseIterable, CustomTestStringConvertible {
        case daemonBeforeNetwork = "the daemon comes back before the network"
        case oneHangingRead = "one read hangs"

        var testDescription: String { rawValue }
    }

    /// A node stayed shut for ever, failed, with a hold: the one read that could not be made fell upon the instant at
    /// which the deadline of its drain had passed.
    @Test(.timeLimit(.minutes(2)), arguments: MissedRead.allCases)
    func `a drain deadline that passes while a node cannot be read is judged by the next read`(_ way: MissedRead)
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .lasting) { stage in
            try stage.writeCluster(
                nil,
                """
                observe: {interval: 500ms, staleAfter: 6s}
                api: {timeout: 700ms}
                budget: {maxUnavailable: 1}
                """)
            try stage.writeRollout(
                nodes: 1,
                steps: """
                    - drain: {deadline: 6s, onDeadline: skip}
                    - block: {}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            let node = stage.nodes[0].name
            try await stage.requested("block_new_session", of: node)
            let deadline = try stage.instant(of: "block_new_session", on: node).addingTimeInterval(6)
            try await stage.verdict("draining", of: node, within: .seconds(3))
            switch way {
            case .daemonBeforeNetwork:
                try await stage.killDaemon()
                for node in stage.nodes { try stage.silence(node.name) }
                try await stage.wait(until: deadline.addingTimeInterval(0.5))
                try await stage.startDaemon()
                try await eventually("each node has been asked in vain", within: .seconds(5)) {
                    try stage.nodes.allSatisfy { try stage.disturbedCalls(of: $0.name) >= 3 } ? () : nil
                }
                for node in stage.nodes { try stage.heal(node.name) }
            case .oneHangingRead:
                try await stage.wait(until: deadline.addingTimeInterval(-1))
                try stage.silence(node)
                try await stage.wait(until: deadline.addingTimeInterval(1))
                try stage.heal(node)
            }
            let end = try await stage.status("the node is through", within: .seconds(15)) {
                $0.run?.isOver == true || $0.verdict(of: node)?.code == "failed"
            }
            #expect(end.verdict(of: node)?.code != "failed", "\(end.verdict(of: node)?.text ?? "")")
            #expect(end.claimed == [])
            // No run waits for a release that is owed.
            try await eventually("the node is opened", within: .seconds(5)) {
                stage.nodeLog.requestedModes(of: node) == ["block_new_session", "normal"] ? () : nil
            }
            try await stage.expectUnharmed()
        }
    }

    /// Where the part of the node is when the daemon dies.
    enum Stand: String, CaseIterable, CustomTestStringConvertible {
        case draining, blocked, commandRunning, verifying, returning, soaking

        var testDescription: String { rawValue }
    }

    /// What was half done when the daemon died had to be finished by hand.
    @Test(.timeLimit(.minutes(2)), arguments: Stand.allCases)
    func `a daemon killed in any phase finishes the node with its next start`(_ stand: Stand) async throws {
        try await Stage.open(.init(traffic: .brisk, downFor: 1)) { stage in
            try stage.writeRollout(nodes: 1, steps: try stage.stepsWithRests())
            try await stage.startDaemon()
            let node = stage.nodes[0].name
            try await stage.reach(stand, of: node)
            try await stage.killDaemon()
            // Whatever the node does meanwhile, nobody watches.
            try await stage.wait(until: .now + 1)
            if stand == .returning { try stage.heal(node) }
            try await stage.startDaemon()
            let end = try await stage.completion()
            #expect(end.nodes.first?.version == Stage.newVersion)
            #expect(stage.commandStarts == [node])
            #expect(
                stage.nodeLog.requestedModes(of: node)
                    == ["block_new_session", "block_new_connection", "block_new_connection", "normal"])
            try await stage.expectUnharmed()
        }
    }

    /// A daemon that started before the network gave up on everything that it had in work.
    @Test(.timeLimit(.minutes(2)), arguments: [Stand.draining, .blocked, .verifying])
    func `a daemon that comes back before the network goes on when the nodes answer`(_ stand: Stand) async throws {
        try await Stage.open(.init(traffic: .brisk, downFor: 1)) { stage in
            try stage.writeCluster(
                nil,
                """
                observe: {interval: 500ms, staleAfter: 2s}
                api: {timeout: 500ms}
                budget: {maxUnavailable: 1}
                """)
            try stage.writeRollout(nodes: 1, steps: try stage.stepsWithRests())
            try await stage.startDaemon()
            let node = stage.nodes[0].name
            try await stage.reach(stand, of: node)
            try await stage.killDaemon()
            for node in stage.nodes { try stage.silence(node.name) }
            try await stage.startDaemon()
            // Longer than an observation is fresh.
            try await stage.status("the nodes are unreachable", within: .seconds(10)) { status in
                status.nodes.allSatisfy { ["unreachable", "rejoining"].contains($0.verdict.code) }
            }
            let asked = stage.nodeLog.entries.count { $0.fact.hasPrefix("mode request") }
            #expect(
                try await stage.holds(for: .seconds(1)) {
                    stage.nodeLog.entries.count { $0.fact.hasPrefix("mode request") } == asked
                }, "what is asked of nodes that do not answer")
            for node in stage.nodes { try stage.heal(node.name) }
            let end = try await stage.completion()
            #expect(end.nodes.first?.version == Stage.newVersion)
            #expect(stage.commandStarts == [node])
            try await stage.expectUnharmed()
        }
    }
}

extension Stage {
    /// An upgrade with a rest in each phase, so that the daemon can be met in it.
    fileprivate func stepsWithRests() throws -> String {
        let command = try writeCommand(
            "upgrade",
            #"""
            sleep 1
            admin "/nodes/$NAGI_NODE/restart" "{\"version\":\"$NAGI_REVISION\"}"
            """#)
        return """
            - drain: {deadline: 1m, onDeadline: abort}
            - block: {}
            - wait: {for: 1s}
            - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
            - verify: {connected: true, version: "{revision}", timeout: 30s}
            - wait: {for: 1500ms}
            - restore: {}
            - soak: {for: 1500ms}
            """
    }

    /// Waits until the node's part is there.
    fileprivate func reach(_ stand: DaemonScenarioTests.Stand, of node: String) async throws {
        switch stand {
        case .draining: try await verdict("draining", of: node)
        case .blocked: try await status("\(node) waits") { $0.part(of: node)?.step == "wait" }
        case .commandRunning: try await firstCommand()
        case .verifying: try await status("\(node) is verified") { $0.part(of: node)?.step == "verify" }
        case .returning:
            try await status("\(node) waits once more", within: .seconds(30)) {
                $0.part(of: node)?.step == "wait" && !commandStarts.isEmpty
            }
            // What opens the node again is taken, and carried out late.
            try act("faults", on: node, #"{"latencySeconds":2,"operations":["ChangeMode"]}"#)
            try await verdict("restoring", of: node)
        case .soaking: try await verdict("soaking", of: node, within: .seconds(30))
        }
    }
}
