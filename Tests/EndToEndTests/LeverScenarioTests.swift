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
            #expect(try await nagi("resume", run).status == 4, "the run is not paused by itself")
            #expect(try await nagi("resume").status == 0)

            #expect(try await nagi("hold", second.name).status == 0)
            try await stage.verdict("held", of: second.name)
            let silent = try await nagi("release", first.name)
            #expect(silent.status == 2 && silent.errors.contains("needs a reason"), "\(silent)")
            #expect(try await nagi("release", first.name, "--reason", "calls").status == 0)
            try await stage.status("it is open, and out of the run") {
                $0.observed(first.name) == "normal" && $0.part(of: first.name)?.phase == "released"
            }
            let over = try await nagi("hold", "nobody")
            #expect(over.status == 4 && over.errors.hasPrefix("refused: there is no node nobody"), "\(over)")

            #expect(try await nagi("abort", run, "--reason", "enough", "--format", "json").output.hasPrefix("{"))
            try await stage.status("the run is over") { $0.run?.phase == "partial" }
            #expect(try await nagi("abort", run, "--reason", "enough").status == 4)
        }
    }
}
