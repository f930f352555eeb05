import Foundation
import Glibc
import Testing

extension EndToEndTests {
    private static let steps = """
        - drain: {deadline: 1m, onDeadline: abort}
        - block: {}
        - restore: {}
        """

    @Test(.timeLimit(.minutes(2)))
    func `a broken reload changes nothing, and no second daemon starts on the same state`() async throws {
        try await Stage.open(traffic: .brisk) { stage in
            try stage.writeRollout(nodes: 2, steps: Self.steps)
            let daemon = try await stage.startDaemon()
            try await stage.verdict("draining", of: stage.nodes[0].name)

            try stage.write("rollout.yaml", "kind: Rollout\nspec: {cluster: nowhere")
            daemon.send(SIGHUP)
            try await eventually("the log says that the reload is refused", within: .seconds(5)) {
                daemon.outputText.contains("reload refused: the policies in force stay") ? () : nil
            }
            #expect(daemon.outputText.contains("rollout.yaml:"), "where the error is")

            let second = try await stage.run([
                "daemon", stage.policies.path, "--state", stage.state.path, "--listen", "127.0.0.1:0",
            ])
            #expect(second.status == 4)
            #expect(
                second.program.errorText.contains("another nagi daemon (pid \(daemon.pid)) uses the state directory"))

            try await stage.completion()
            try await stage.expectUnharmed()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a start with broken policies finishes by the stored ones what has begun, and starts nothing`() async throws {
        try await Stage.open(traffic: .brisk) { stage in
            try stage.writeRollout(nodes: 2, steps: Self.steps)
            let (first, second) = (stage.nodes[0].name, stage.nodes[1].name)
            try await stage.startDaemon()
            try await stage.verdict("draining", of: first)
            stage.daemon?.send(SIGTERM)
            #expect(try await stage.daemon?.ended(within: .seconds(6)) == 0)

            let good = stage.policies.appendingPathComponent("rollout.yaml")
            let text = try Data(contentsOf: good)
            try stage.write("rollout.yaml", "kind: Rollout\nspec: {cluster: nowhere")
            let daemon = try await stage.startDaemon()
            #expect(daemon.outputText.contains("the policies are wrong: going on with those of the last start"))
            let end = ContinuousClock.now + .seconds(2)
            try await stage.status("\(first) is done, and two seconds have passed") {
                $0.run?.nodes.first?.phase == "done" && ContinuousClock.now > end
            }
            #expect(stage.nodeLog.requestedModes(of: first).last == "normal")
            #expect(stage.nodeLog.requestedModes(of: second).isEmpty)

            try text.write(to: good)
            daemon.send(SIGHUP)
            try await stage.completion()
            #expect(stage.nodeLog.requestedModes(of: second).last == "normal")
            try await stage.expectUnharmed()
        }
    }
}
