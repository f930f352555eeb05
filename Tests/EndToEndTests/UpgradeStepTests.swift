import Foundation
import Glibc
import Testing

extension PolicyScenarioTests {
    /// A node that had been upgraded well was called failed and stayed shut: its version was compared with the text
    /// `v{revision}` as it stood.
    @Test(.timeLimit(.minutes(2)))
    func `the revision is put into a longer text of verify's version`() async throws {
        try await Stage.open(nodes: 3, traffic: .brisk) { stage in
            let command = try stage.writeCommand(
                "upgrade", #"admin "/nodes/$NAGI_NODE/restart" "{\"version\":\"v$NAGI_REVISION\"}""#)
            try stage.writeRollout(
                nodes: 1,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - block: {}
                    - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
                    - verify: {connected: true, version: "v{revision}", timeout: 5s}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            let end = try await stage.status("the node is through", within: .seconds(25)) { status in
                status.run?.isOver == true || status.verdict(of: stage.nodes[0].name)?.code == "failed"
            }
            #expect(end.verdict(of: stage.nodes[0].name)?.code != "failed", "\(end.nodes[0].verdict.text)")
            #expect(end.run?.phase == "completed")
            #expect(end.nodes.first?.version == "v\(Stage.newVersion)")
            try await stage.expectUnharmed()
        }
    }

    /// The package was not there, the command ended with 0 all the same, and no text named what it had said.
    @Test(.timeLimit(.minutes(2)))
    func `status and log tell the last words of a command after which its node failed`() async throws {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let node = stage.nodes[0].name
            let command = try stage.writeCommand("upgrade", "echo 'E: no such package' >&2")
            try stage.writeRollout(
                nodes: 1,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - block: {}
                    - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
                    - verify: {connected: true, version: "{revision}", timeout: 1s}
                    - restore: {}
                    """)
            let daemon = try await stage.startDaemon()
            try await stage.verdict("failed", of: node)

            let status = try await stage.run(["status", "--state", stage.state.path]).program.outputText
            #expect(status.contains("\n    upgrade printed: E: no such package\n"), "\(status)")
            #expect(status.contains("\n    give it back: nagi release \(node) --reason"))
            let path = try #require(status.firstMatch(of: /the whole output of upgrade: (\S+)\n/)?.1)
            #expect(try String(contentsOfFile: String(path), encoding: .utf8).contains("E: no such package"))
            let said = /[0-9-]+ [0-9:]+ [+-][0-9:]+ warn  (\S+)  upgrade printed: E: no such package\n/
            #expect(daemon.outputText.firstMatch(of: said).map { String($0.1) } == node, "\(daemon.outputText)")

            let check = try await stage.run(["status", "--check", "--state", stage.state.path])
            #expect(check.status == 1 && check.program.outputText.hasPrefix("failed "), "\(check.program.outputText)")
        }
    }

    /// Two prefetches ran beside each other on one node: a freeze gave the node back, forgot the command that was running,
    /// and started it again when it was over.
    @Test(.timeLimit(.minutes(2)))
    func `a command that still runs when a freeze gives its node back is never beside its own next attempt`()
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let node = stage.nodes[0].name
            let command = try stage.writeCommand("prefetch", "[[ $(wc -l <starts) -gt 1 ]] || sleep 12")
            let steps = """
                - drain: {deadline: 1m, onDeadline: abort}
                - run: {name: prefetch, command: [\(command)], timeout: 30s}
                - block: {}
                - restore: {}
                """
            let more = "onWindowEnd: restore"
            try stage.writeRollout(nodes: [node], more: more, steps: steps)
            try await stage.startDaemon()
            try await stage.firstCommand()

            let freeze = Stage.Opening(in: 1, seconds: 3)
            try stage.writeRollout(nodes: [node], more: more, freeze: freeze, steps: steps)
            stage.reload()
            try await stage.requested("normal", of: node, within: .seconds(6))
            #expect(Date() < freeze.end.addingTimeInterval(1), "it is given back for the freeze")
            #expect(stage.commandMarks == ["begin \(node)"], "and the command goes on")

            try await eventually("the command starts again", within: .seconds(30)) {
                stage.commandStarts.count == 2 ? () : nil
            }
            #expect(
                Array(stage.commandMarks.prefix(3)) == ["begin \(node)", "end \(node)", "begin \(node)"],
                "what began and ended")
            try await stage.completion()
            try await stage.expectUnharmed()
        }
    }

    /// Calls were let in for seconds on a node in the middle of its upgrade: another call than GetMode hung, and the lost
    /// block was not seen before that one had timed out.
    @Test(
        .timeLimit(.minutes(2)),
        arguments: [["GetStatsReport", "ListClusterNodes"], [".ok"]])
    func `a block that a restart loses is back within a second though other calls hang`(_ hanging: [String])
        async throws
    {
        try await Stage.open(.init(downFor: 1)) { stage in
            let node = stage.nodes[0].name
            let names = hanging.map { #"\"\#($0)\""# }.joined(separator: ",")
            try stage.writeRollout(
                nodes: 1,
                steps: try stage.upgradeSteps(
                    before: #"admin "/nodes/$NAGI_NODE/faults" "{\"neverAnswer\":true,\"operations\":[\#(names)]}""#))
            try await stage.startDaemon()
            try await stage.firstCommand()
            let before = stage.nodeLog.entries.count
            let gap = try await eventually("\(node) is blocked again", within: .seconds(20)) {
                stage.nodeLog.secondsFromJoinToBlock(of: node, after: before)
            }
            #expect(gap < 1, "seconds from the join to the block")
            try stage.heal(node)
            try await stage.completion()
            try await stage.expectUnharmed()
        }
    }
}
