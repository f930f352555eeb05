import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// What an operator says is done, is still so after a kill -9, and what is refused changes nothing.
    @Test(.timeLimit(.minutes(2)))
    func `an operator pauses, holds, releases and aborts from the command line`() async throws {
        try await Stage.openEmbedded(nodes: 2) { stage in
            try stage.writeWindow(
                opening: 0,
                steps: """
                    - drain: {deadline: 1m}
                    - wait: {for: 1m}
                    - restore: {}
                    """)
            let (first, second) = (stage.nodes[0], stage.nodes[1])
            try await stage.startDaemon()
            let run = try #require(try await stage.verdict("draining", of: first.name).run?.id)

            func nagi(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
                let (program, status) = try await stage.run(arguments + ["--state", stage.state.path])
                return (status, program.outputText, program.errorText)
            }
            let calm = try await nagi("status", "--check")
            #expect(calm.status == 0 && calm.output == "fine: nothing needs a person\n", "\(calm)")
            let paused = try await nagi("pause", "--reason", "calls drop")
            #expect(paused.status == 0 && paused.output.contains("undo: nagi resume"), "\(paused)")
            try await stage.killDaemon()
            try await stage.startDaemon()
            let after = try await stage.verdict("paused", of: first.name)
            #expect(after.verdict(of: first.name)?.text == "everything is paused by \(NSUserName()): calls drop")
            let idle = try await nagi("resume", run, "--format", "json")
            #expect(idle.status == 4 && idle.output.hasPrefix(#"{"error":{"code":"nothing-to-do""#), "\(idle)")
            #expect(idle.errors.isEmpty)
            for asked in [["explain", "nobody"], ["runs", "nobody"], ["ok-to-stop", "nobody"]] {
                let (program, status) = try await stage.run(asked + ["--format", "json", "--state", stage.state.path])
                #expect(status == 4 && program.outputText.hasPrefix(#"{"error":{"code":"unknown-"#), "\(asked)")
            }
            #expect(try await nagi("resume").status == 0)

            let held = try await nagi("hold", second.name)
            #expect(
                held.status == 0 && held.output.hasSuffix("/\(second.name)\n")
                    && held.output.contains("undo: nagi resume "), "\(held)")
            let ended = try await nagi("resume", second.name)
            #expect(ended.status == 0 && ended.output.contains("no longer held: \(second.name) (by "), "\(ended)")
            #expect(try await nagi("resume", second.name).status == 4)
            #expect(try await nagi("hold", second.name).status == 0)
            try await stage.verdict("held", of: second.name)
            let silent = try await nagi("release", first.name)
            #expect(silent.status == 2 && silent.errors.contains("needs a reason"), "\(silent)")
            #expect(try await nagi("release", first.name, "--reason", "  ").status == 2)
            #expect(try await nagi("release", first.name, "--reason", "calls").status == 0)
            try await stage.status("it is open, and out of the run") {
                $0.observed(first.name) == "normal" && $0.part(of: first.name)?.phase == "released"
            }
            let over = try await nagi("hold", "nobody")
            #expect(over.status == 4 && over.errors.hasPrefix("refused: there is no node nobody"), "\(over)")
            for empty in [["hold", ""], ["ok-to-stop", first.name, " "]] {
                let (program, status) = try await stage.run(empty + ["--state", stage.state.path])
                #expect(status == 2 && program.errorText.contains("name is empty"), "\(empty)")
            }

            #expect(try await nagi("abort", run, "--reason", "enough", "--format", "json").output.hasPrefix("{"))
            try await stage.status("the run is over") { $0.run?.phase == "partial" }
            #expect(try await nagi("abort", run, "--reason", "enough").status == 4)
        }
    }

    /// What one is asked at night: why, may I take one, and go on.
    @Test(.timeLimit(.minutes(2)))
    func `an operator asks why, retries what failed and reserves a node from the command line`() async throws {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let (first, second) = (stage.nodes[0].name, stage.nodes[1].name)
            let command = try stage.writeCommand(
                "upgrade",
                #"[ -e repaired ] || exit 7; admin "/nodes/$NAGI_NODE/restart" "{\"version\":\"$NAGI_REVISION\"}""#)
            try stage.writeRollout(
                nodes: 2,
                steps: """
                    - drain: {deadline: 1m}
                    - block: {}
                    - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
                    - verify: {connected: true, version: "{revision}", timeout: 20s}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            func nagi(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
                let (program, status) = try await stage.run(arguments + ["--state", stage.state.path])
                return (status, program.outputText, program.errorText)
            }
            let run = try #require(try await stage.verdict("failed", of: first).run?.id)
            let why = try await nagi("explain", first)
            #expect(why.status == 0 && why.output.contains("upgrade exited with 7"), "\(why)")
            #expect(why.output.contains("\n  nagi retry \(run) demo/\(first)\n"), "\(why)")
            let json = try await nagi("explain", first, "--format", "json")
            let fields = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            #expect(
                Set(fields.keys).isSuperset(of: [
                    "at", "node", "cluster", "observed", "desired", "ready", "version", "sessions", "connections",
                    "observedAt", "verdict", "since", "claims", "floor", "owed", "holds", "run", "step", "blockers",
                    "drain", "command", "next", "levers",
                ]), "\(json)")
            let paused = try await nagi("explain", "upgrade")
            #expect(paused.output.contains("lifts by: nagi resume \(run)\n"), "\(paused)")

            let no = try await nagi("ok-to-stop", second)
            #expect(
                no.status == 1 && no.output.hasPrefix("no: demo/\(second) cannot go now\n  waiting-budget"), "\(no)")
            try Data().write(to: stage.file("repaired"))
            let retried = try await nagi("retry", "upgrade", first)
            #expect(retried.status == 0 && retried.output.contains("goes on from upgrade"), "\(retried)")
            try await stage.status("it is through") { $0.run?.phase == "completed" }

            let reserved = try await nagi("ok-to-stop", second, "--reserve", "30m", "--reason", "new card")
            #expect(
                reserved.output.firstMatch(of: /may be taken now, until ([A-Z][a-z]{2} [0-9-]+ )?[0-9:]{5,8}\n/) != nil,
                "\(reserved)")
            try await stage.verdict("reserved", of: second)
            #expect(try await nagi("ok-to-stop", stage.nodes[2].name).status == 1)

            let told = try await nagi("history", "--node", first)
            #expect(told.output.contains("\(first)  is block_new_session (asked and confirmed in "), "\(told)")
            #expect(!told.output.contains("mode confirmed") && !told.output.contains("ChangeMode accepted"), "\(told)")
            let held = try await nagi("history", "--node", second, "--actor", NSUserName())
            #expect(held.output.split(separator: "\n").count == 1 && held.output.contains("reserve by"), "\(held)")
        }
    }
}
