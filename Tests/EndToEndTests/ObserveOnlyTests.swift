import Foundation
import Glibc
import Testing

extension DaemonScenarioTests {
    /// A daemon that sends nothing would leave calls blocked for as long as nobody looks.
    @Test(.timeLimit(.minutes(2)))
    func `where a node was left shut a daemon that is only to observe is refused, or forced and does nothing`()
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .lasting) { stage in
            try stage.writeRollout(
                nodes: 1,
                steps: """
                    - drain: {deadline: 10m}
                    - block: {}
                    - restore: {}
                    """)
            let node = stage.nodes[0]
            let acting = try await stage.startDaemon()
            let run = try await stage.verdict("draining", of: node.name).run?.id
            acting.send(SIGTERM)
            #expect(try await acting.ended(within: .seconds(10)) == 0)

            let refused = try stage.launchDaemon("--observe-only")
            #expect(try await refused.ended(within: .seconds(10)) == 4)
            #expect(
                refused.errorText == """
                    with --observe-only this would be left as it is:
                      demo/\(node.name): block_new_session by nagi
                      start it without --observe-only and let it finish, or leave that so: --observe-only --force

                    """)
            let mistaken = try stage.launchDaemon("--force")
            #expect(try await mistaken.ended(within: .seconds(10)) == 2)

            let observing = try await stage.startDaemon("--observe-only", "--force")
            let left = " warn  left as it is: demo/\(node.name): block_new_session by nagi\n"
            #expect(observing.outputText.contains(left), "\(observing.outputText)")
            try stage.change(node, to: "normal")
            let seen = try await stage.status("somebody has opened it") { $0.observed(node.name) == "normal" }
            #expect(seen.observing && seen.run?.id == run)
            let table = try await stage.run(["status", "--state", stage.state.path]).program.outputText
            #expect(table.contains("! observe-only: nothing is sent"), "\(table)")
            #expect(
                try await stage.holds(for: .seconds(2)) {
                    stage.nodeLog.requestedModes(of: node.name) == ["block_new_session", "normal"]
                })
            observing.send(SIGTERM)
            #expect(try await observing.ended(within: .seconds(10)) == 0)

            try await stage.startDaemon()
            try await stage.requested("block_new_session", of: node.name)
            let after = try await stage.verdict("draining", of: node.name)
            #expect(!after.observing && after.runs.map(\.id) == [run])
            try await stage.expectUnharmed(closed: [node.name])
        }
    }
}
