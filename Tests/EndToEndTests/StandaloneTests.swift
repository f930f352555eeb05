import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Calls that come and go within two seconds.
    private static let traffic = "traffic: {arrivalsPerSecond: 8, meanHold: 1s, maxHold: 2s, channels: 500}"

    @Test(.timeLimit(.minutes(2)))
    func `a window opens on embedded nodes with live calls, and cuts none`() async throws {
        try await Stage.openEmbedded(nodes: 2, options: Self.traffic) { stage in
            try stage.writeWindow(
                opening: 2,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - block: {}
                    - wait: {for: 1s}
                    - restore: {}
                    """)
            let daemon = try await stage.startDaemon()
            let (first, second) = (stage.nodes[0], stage.nodes[1])
            try await stage.status("both are open, and the window is not") { status in
                status.nodes.allSatisfy { $0.observed == "normal" } && status.claimed.isEmpty
            }
            for node in [first, second] {
                try await eventually("\(node.name) is blocked", within: .seconds(15), every: .milliseconds(20)) {
                    (try? stage.mode(of: node)) == "block_new_connection" ? () : nil
                }
                #expect(try stage.mode(of: node.name == first.name ? second : first) == "normal", "the other is open")
            }
            try await stage.completion(within: .seconds(15))
            #expect(stage.mostClaimed <= 1, "nagi claimed \(stage.mostClaimed) nodes at once")
            for node in [first, second] {
                #expect(
                    stage.embeddedLog.requestedModes(of: node.name)
                        == ["block_new_session", "block_new_connection", "normal"])
                #expect(try stage.mode(of: node) == "normal")
            }

            daemon.send(SIGTERM)
            #expect(try await daemon.ended(within: .seconds(10)) == 0)
            let end = /2 embedded nodes end with this process, live connections that end with them: [0-9]+/
            #expect(daemon.outputText.contains(end))
            let summaries = stage.embeddedLog.facts(of: "all")
            #expect(summaries.count == 2)
            for summary in summaries {
                #expect(summary.hasPrefix("summary: connections cut 0, "), "\(summary)")
                let admitted = summary.firstMatch(of: /clients ([0-9]+) admitted/).flatMap { Int($0.1) }
                #expect(try #require(admitted) > 10, "there were calls to cut")
            }
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a daemon killed while its node drains or is blocked comes back with the block before anybody can ask`()
        async throws
    {
        try await Stage.openEmbedded(options: Self.traffic) { stage in
            try stage.writeWindow(
                opening: 0,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - block: {}
                    - wait: {for: 4s}
                    - restore: {}
                    """)
            let node = stage.nodes[0]
            try await stage.startDaemon()
            try await stage.verdict("draining", of: node.name, within: .seconds(10))
            try await stage.killDaemon()

            try stage.launchDaemon()
            #expect(try await stage.firstModes(of: node) == ["block_new_session"])
            try await stage.status("\(node.name) is blocked and waits", within: .seconds(15)) {
                $0.run?.nodes.first?.step == "wait" && $0.verdict(of: node.name)?.code == "blocked"
            }
            try await stage.killDaemon()

            let daemon = try stage.launchDaemon()
            #expect(try await stage.firstModes(of: node) == ["block_new_connection"])
            #expect(
                daemon.outputText.contains("\(node.name)  is block_new_connection again: it was lost"))
            try await stage.completion(within: .seconds(20))
            #expect(try stage.mode(of: node) == "normal")
            // What each process wrote, in order; every one began with a node that was normal again.
            #expect(
                stage.embeddedLog.requestedModes(of: node.name) == [
                    "block_new_session", "block_new_session", "block_new_connection", "block_new_connection", "normal",
                ])
            daemon.send(SIGTERM)
            #expect(try await daemon.ended(within: .seconds(10)) == 0)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `what somebody else sends to an embedded node in the middle is put right, or left alone`() async throws {
        try await Stage.openEmbedded(options: Self.traffic) { stage in
            try stage.writeWindow(
                opening: 0,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - wait: {for: 4s}
                    - restore: {}
                    """)
            let node = stage.nodes[0]
            let daemon = try await stage.startDaemon()
            try await stage.verdict("draining", of: node.name, within: .seconds(10))

            // The claim is in force before the node listens.
            _ = try await eventually("the node listens", within: .seconds(5)) { try? stage.mode(of: node) }
            // Looser than the claim: back at once.
            #expect(try stage.change(node, to: "normal") == "normal")
            try await eventually("the claim is in force again", within: .seconds(5)) {
                try stage.mode(of: node) == "block_new_session" ? () : nil
            }
            try await eventually("the log says that it was shut again", within: .seconds(5)) {
                daemon.outputText.contains("\(node.name)  is block_new_session again: it was lost")
                    ? () : nil
            }
            #expect(daemon.outputText.contains("\(node.name)  somebody set normal by hand"))

            // Stricter than the claim: a floor, which nobody but its maker loosens.
            try await stage.status("\(node.name) is drained and waits", within: .seconds(15)) {
                $0.run?.nodes.first?.step == "wait"
            }
            #expect(try stage.change(node, to: "block_new_connection") == "block_new_connection")
            try await stage.status("the run has done what it could", within: .seconds(15)) {
                $0.verdict(of: node.name)?.code == "foreign" && $0.claimed.isEmpty
            }
            #expect(try stage.mode(of: node) == "block_new_connection")
            #expect(
                daemon.outputText.contains("\(node.name)  is block_new_connection, and not by nagi"))

            #expect(try stage.change(node, to: "normal") == "normal")
            try await stage.status("the run is over", within: .seconds(15)) { $0.run?.isOver == true }
            try await stage.verdict("unmanaged", of: node.name, within: .seconds(5))
            let requests = stage.embeddedLog.facts(of: node.name).filter { $0.hasPrefix("mode request ") }
            #expect(
                requests.map { $0.hasSuffix("peer nagi") ? "nagi" : "somebody else" } == [
                    "nagi", "somebody else", "nagi", "somebody else", "somebody else",
                ], "\(requests)")
            daemon.send(SIGTERM)
            #expect(try await daemon.ended(within: .seconds(10)) == 0)
            #expect(stage.embeddedLog.facts(of: "all").last?.hasPrefix("summary: connections cut 0, ") == true)
        }
    }
}

extension Stage {
    /// Asks without a pause from now on, and gives the modes in the first fifty answers, each once.
    fileprivate func firstModes(of node: ServedAddresses.Node) async throws -> Set<String> {
        var modes: [String] = []
        return try await eventually("fifty answers", within: .seconds(10), every: .milliseconds(1)) {
            // Refused as long as the listeners are closed.
            if let mode = try? mode(of: node) { modes.append(mode) }
            return modes.count == 50 ? Set(modes) : nil
        }
    }
}
