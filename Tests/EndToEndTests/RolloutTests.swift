import Foundation
import Glibc
import Testing

/// The built program, started as an operator starts it, against mode servers in a process of their own. One after
/// another: each has several processes.
@Suite(.serialized) struct EndToEndTests {}

extension EndToEndTests {
    /// What a node is asked for in an upgrade: it loses the block with its restart, and gets it back.
    private static let upgradeModes = ["block_new_session", "block_new_connection", "block_new_connection", "normal"]

    @Test(.timeLimit(.minutes(2))) func `rollout of three nodes under live calls cuts none`() async throws {
        try await Stage.open(traffic: .brisk) { stage in
            try stage.writeRollout(nodes: 3, steps: try stage.upgradeSteps())
            try await stage.startDaemon()
            let end = try await stage.completion(within: .seconds(60))
            #expect(end.nodes.map(\.version) == Array(repeating: Stage.newVersion, count: 3))
            #expect(end.nodes.map(\.observed) == ["normal", "normal", "normal"])
            #expect(stage.commandStarts == stage.nodes.map(\.name))
            try await stage.expectUnharmed()
            let log = stage.nodeLog
            #expect((log.summary?.admitted ?? 0) > 50)
            for node in stage.nodes {
                #expect(log.requestedModes(of: node.name) == Self.upgradeModes)
                #expect(log.facts(of: node.name).contains("stopped, connections cut 0"))
                #expect(log.summary(of: node.name)?.contains("version \(Stage.newVersion)") == true)
            }
        }
    }

    /// What is done to the daemon, and when.
    enum Ending: String, CaseIterable, CustomTestStringConvertible {
        case killedWhileDraining = "kill -9 in mid-drain"
        case killedInCommand = "kill -9 in mid-command"
        case killedAfterCommand = "kill -9 right after the command ended"
        case terminatedInCommand = "SIGTERM in mid-command"

        var testDescription: String { rawValue }
    }

    @Test(.timeLimit(.minutes(2)), arguments: Ending.allCases)
    func `a new start finishes what the daemon had begun, and starts no command twice`(_ ending: Ending) async throws {
        let isSlow = ending == .killedInCommand || ending == .terminatedInCommand
        try await Stage.open(traffic: .brisk) { stage in
            try stage.writeRollout(
                nodes: 2,
                steps: try stage.upgradeSteps(before: isSlow ? "sleep 3" : "", after: "touch ended-$NAGI_NODE"))
            try await stage.startDaemon()
            let first = stage.nodes[0].name
            switch ending {
            case .killedWhileDraining:
                try await stage.verdict("draining", of: first)
                try await stage.killDaemon()
            case .killedInCommand:
                try await eventually("the command runs", within: .seconds(20), every: .milliseconds(5)) {
                    stage.commandStarts.isEmpty ? nil : ()
                }
                try await stage.killDaemon()
            case .killedAfterCommand:
                let mark = stage.file("ended-\(first)")
                try await eventually("the command has ended", within: .seconds(20), every: .milliseconds(2)) {
                    FileManager.default.fileExists(atPath: mark.path) ? () : nil
                }
                try await stage.killDaemon()
            case .terminatedInCommand:
                try await stage.verdict("running-command", of: first)
                let begun = ContinuousClock.now
                stage.daemon?.send(SIGTERM)
                #expect(try await stage.daemon?.ended(within: .seconds(6)) == 0)
                #expect(ContinuousClock.now - begun < .seconds(6))
            }
            try await stage.startDaemon()
            let end = try await stage.completion()
            #expect(end.nodes.prefix(2).map(\.version) == [Stage.newVersion, Stage.newVersion])
            #expect(stage.commandStarts == stage.nodes.prefix(2).map(\.name))
            // A node that was given back and drained anew would have been asked for more.
            for node in stage.nodes.prefix(2) {
                #expect(stage.nodeLog.requestedModes(of: node.name) == Self.upgradeModes)
            }
            try await stage.expectUnharmed()
        }
    }
}
