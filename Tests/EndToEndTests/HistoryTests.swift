import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// What happened is told from the journal: to whoever asks afterwards, to whoever follows across a kill -9, and by run.
    @Test(.timeLimit(.minutes(2)))
    func `history is followed across a crash, each record once, and a run says where its time went`() async throws {
        try await Stage.openEmbedded(nodes: 2) { stage in
            try stage.writeRollout(
                nodes: 2,
                steps: """
                    - drain: {deadline: 1m}
                    - wait: {for: 1s}
                    - restore: {}
                    """)
            func nagi(_ arguments: String...) async throws -> (status: Int32, output: String, errors: String) {
                let (program, status) = try await stage.run(arguments + ["--state", stage.state.path])
                return (status, program.outputText, program.errorText)
            }
            try await stage.startDaemon()
            let follower = try stage.start([
                "history", "--follow", "--all", "--format", "json", "--state", stage.state.path,
            ])
            try await eventually("the follower has seen something", within: .seconds(10)) {
                follower.outputText.contains(#""kind":"part-changed""#) ? () : nil
            }
            try await stage.killDaemon()
            try await eventually("the follower says that the daemon is away", within: .seconds(10)) {
                follower.errorText.contains("the daemon is away") ? () : nil
            }
            try await stage.startDaemon()
            let end = try await stage.completion()
            try await eventually("the follower has seen the end", within: .seconds(10)) {
                follower.outputText.contains(#""kind":"run-ended""#) ? () : nil
            }
            follower.send(SIGTERM)
            struct Line: Decodable { var id: Int }
            let ids = try follower.outputText.split(separator: "\n").map { line in
                try JSONDecoder().decode(Line.self, from: Data(line.utf8)).id
            }
            #expect(ids == Array(1...(ids.last ?? 0)), "each record once, none left out")

            let node = stage.nodes[1].name
            let night = try await nagi("history", "--since", "1h", "--node", node)
            #expect(night.status == 0 && night.output.contains("\(node)  drain"), "\(night)")
            #expect(!night.output.contains("\(stage.nodes[0].name)  drain"))
            let odd = try await nagi("history", "--since", "soon")
            #expect(odd.status == 2 && odd.errors.contains("1h, 02:00"), "\(odd)")
            let nobody = try await nagi("history", "--node", "nobody")
            #expect(
                nobody.status == 4 && nobody.errors.hasPrefix("refused: nowhere in the journal: node nobody"),
                "\(nobody)")

            let run = try #require(end.run?.id)
            let list = try await nagi("runs")
            #expect(list.status == 0 && list.output.contains("\(run)  completed  2 done"), "\(list)")
            struct Account: Decodable {
                struct Share: Decodable {
                    var reason: String
                    var seconds: Double
                }
                var seconds: Double
                var time: [Share]
            }
            let told = try await nagi("runs", "upgrade", "--format", "json")
            let account = try JSONDecoder().decode(Account.self, from: Data(told.output.utf8))
            #expect(abs(account.time.reduce(0) { $0 + $1.seconds } - account.seconds) < 0.001)
            let waited = account.time.first { $0.reason == "wait" }?.seconds ?? 0
            #expect(waited >= 2, "\(told.output)")
            #expect(try await nagi("runs", run).output.contains("WHERE ITS TIME WENT"))
            let unknown = try await nagi("runs", "nobody@1#1")
            #expect(unknown.status == 4 && unknown.errors.contains("knows no run nobody@1#1"), "\(unknown)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `reload shows what it changes, takes it, and refuses what is wrong with every reason`() async throws {
        try await Stage.openEmbedded(nodes: 1) { stage in
            let steps = "- drain: {deadline: 1m}\n- restore: {}"
            try stage.writeWindow(opening: 3600, steps: steps)
            try await stage.startDaemon()
            func reload(_ options: String...) async throws -> (status: Int32, output: String, errors: String) {
                let (program, status) = try await stage.run(["reload", "--state", stage.state.path] + options)
                return (status, program.outputText, program.errorText)
            }
            #expect(try await reload().output.hasPrefix("nothing has changed: "))
            try stage.writeWindow(opening: 7200, steps: steps)
            let trial = try await reload("--dry-run")
            #expect(trial.status == 0 && trial.output.hasPrefix("would be taken: "), "\(trial)")
            #expect(trial.output.contains("moved to"), "\(trial)")
            // Field by field too: the daemon keeps the text that is in force.
            #expect(trial.output.contains("  MaintenanceWindow tonight\n    windows["), "\(trial)")
            let taken = try await reload("--format", "json")
            #expect(taken.status == 0 && taken.output.contains(#""outcome":"taken""#), "\(taken)")
            #expect(try await reload().output.hasPrefix("nothing has changed: "))
            try stage.writeWindow(opening: 10_800, steps: steps)
            let plain = try await reload()
            #expect(plain.output.hasPrefix("would be taken: ") && plain.output.contains("moved to"), "\(plain)")
            #expect(plain.output.split(separator: "\n").last?.hasPrefix("taken: ") == true, "\(plain)")

            try stage.write("window.yaml", "kind: Rollout\nspec: {cluster: nowhere")
            let wrong = try await reload()
            #expect(wrong.status == 4 && wrong.errors.hasPrefix("refused: the policies in force stay\n"), "\(wrong)")
            #expect(wrong.errors.contains("window.yaml:") && wrong.errors.contains("nagi check /"), "\(wrong)")

            try FileManager.default.removeItem(at: stage.policies.appendingPathComponent("window.yaml"))
            let none = try await reload()
            #expect(
                none.status == 4 && none.errors.contains("there is no policy in it")
                    && none.errors.contains("nagi reload --confirm"), "\(none)")
            let meant = try await reload("--confirm")
            #expect(meant.status == 0 && meant.output.contains("MaintenanceWindow tonight (removed)"), "\(meant)")
        }
    }
}
