import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// What `nagi status --watch` paints on a terminal of 80 by 24 until it is interrupted, and how it ends.
    private func watched(on stage: Stage, seconds: Int) async throws -> (painted: String, status: Int32) {
        let watch = "\(Program.path) status --watch --state \(stage.state.path)"
        let command = "stty cols 80 rows 24; exec timeout --foreground --preserve-status -s INT \(seconds) \(watch)"
        // A terminal of its own, and the exit status of what runs in it.
        let (program, status) = try await stage.run(["-qec", command, "/dev/null"], program: "/usr/bin/script")
        return (program.outputText, status)
    }

    @Test(.timeLimit(.minutes(2)))
    func `status is painted in place until it is interrupted, and the terminal is as it was`() async throws {
        try await Stage.openEmbedded(nodes: 1) { stage in
            try stage.writeWindow(opening: 3_600, steps: "- drain: {deadline: 1m}\n- restore: {}")
            try await stage.startDaemon()
            let (painted, status) = try await watched(on: stage, seconds: 3)
            #expect(status == 0, "\(painted)")
            #expect(painted.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"), "another screen, no cursor")
            #expect(painted.contains("\u{1B}[?25h\u{1B}[?1049l"), "the one before is back, with its cursor")
            let frames = painted.components(separatedBy: "\u{1B}[H").dropFirst()
            #expect(frames.count >= 2, "\(painted)")
            #expect(
                frames.last.map { $0.contains(stage.nodes[0].name) && $0.contains("POLICIES") } == true, "\(painted)")
            // Nobody answers any more: it says so and goes on.
            try await stage.killDaemon()
            let silent = try await watched(on: stage, seconds: 2)
            #expect(silent.status == 0 && silent.painted.contains("no daemon answers on "), "\(silent)")
        }
    }
}
