import Foundation
import Testing

extension EndToEndTests {
    /// Before the first night: what would not work is found by looking, and nothing is touched.
    @Test(.timeLimit(.minutes(2)))
    func `preflight finds a name that the cluster does not know, and a command that cannot be run`() async throws {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            try stage.writeRollout(nodes: 2, steps: "- drain: {deadline: 1m}\n- restore: {}")
            let fine = try await stage.run(["preflight", stage.policies.path])
            #expect(fine.status == 0, "\(fine.program.outputText)\(fine.program.errorText)")
            #expect(fine.program.outputText.contains("3 of 3 APIs answer"))
            #expect(fine.program.outputText.contains("fine: a daemon can be started"))

            var listed = stage.nodes
            let name = listed[2].name
            listed[2].name = String(name.prefix { $0 != "@" })
            try stage.writeCluster(listed)
            try stage.writeRollout(
                nodes: 2,
                steps: """
                    - drain: {deadline: 1m}
                    - run: {name: up, command: [./up.sh], timeout: 1m}
                    - restore: {}
                    """)
            let wrong = try await stage.run(["preflight", stage.policies.path])
            let text = wrong.program.outputText
            #expect(wrong.status == 1)
            #expect(text.contains("the cluster calls it \(name)") && text.contains("cluster.yaml:"), "\(text)")
            #expect(text.contains("./up.sh is not on this machine") && text.contains("rollout.yaml:"), "\(text)")
            #expect(stage.nodeLog.requestedModes(of: name).isEmpty, "it changes nothing")
        }
    }
}
