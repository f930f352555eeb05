import Foundation
import Testing

extension EndToEndTests {
    private static let steps = """
        - drain: {deadline: 1m, onDeadline: abort}
        - block: {}
        - restore: {}
        """

    @Test(.timeLimit(.minutes(2)))
    func `a node in trouble while it drains is called unreachable, and no other is taken out meanwhile`() async throws {
        try await Stage.open(traffic: .brisk) { stage in
            try stage.writeRollout(nodes: 3, steps: Self.steps)
            try await stage.startDaemon()
            // What happens to each node in its turn, and what is to be said of it.
            let troubles = [
                (name: "stopped", action: "stop", body: "{}", cure: "start", reason: "refused"),
                (name: "answers 500", action: "faults", body: #"{"errorRate":1}"#, cure: "faults", reason: "500"),
                (
                    name: "never answers", action: "faults", body: #"{"neverAnswer":true}"#, cure: "faults",
                    reason: "no answer in time"
                ),
            ]
            var cut = 0
            for (node, trouble) in zip(stage.nodes.map(\.name), troubles) {
                try await stage.verdict("draining", of: node)
                let answer = try stage.act(trouble.action, on: node, trouble.body)
                cut += answer.connectionsCut
                try await stage.verdict("unreachable", of: node, within: .seconds(10))
                let end = ContinuousClock.now + .seconds(3)
                try await stage.status("three seconds of it have passed") { status in
                    let verdict = try #require(status.verdict(of: node))
                    #expect(verdict.code == "unreachable", "\(trouble.name)")
                    #expect(verdict.text.contains(trouble.reason), "\(trouble.name): \(verdict.text)")
                    #expect(status.claimed == [node], "\(trouble.name)")
                    return ContinuousClock.now > end
                }
                try stage.act(trouble.cure, on: node)
                try await stage.status("\(node) is done after it was \(trouble.name)") {
                    $0.run?.nodes.first { $0.name == node }?.phase == "done"
                }
            }
            try await stage.completion()
            try await stage.expectUnharmed(cut: cut)
            for node in stage.nodes { #expect(stage.nodeLog.requestedModes(of: node.name).last == "normal") }
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a node restarted by hand while blocked is blocked again within a second of its join`() async throws {
        try await Stage.open(traffic: .brisk) { stage in
            try stage.writeRollout(
                nodes: 1,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - block: {}
                    - wait: {for: 8s}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            let node = stage.nodes[0].name
            try await stage.status("\(node) is blocked and waits") {
                $0.run?.nodes.first?.step == "wait" && $0.verdict(of: node)?.code == "blocked"
            }
            let before = stage.nodeLog.entries.count
            try stage.act("restart", on: node)
            let gap = try await eventually("\(node) is blocked again", within: .seconds(10)) {
                stage.nodeLog.secondsFromJoinToBlock(of: node, after: before)
            }
            #expect(gap < 1, "seconds from the join to the block")
            try await stage.completion()
            try await stage.expectUnharmed()
        }
    }
}

extension String {
    /// From the answer to `stop`; none in others.
    fileprivate var connectionsCut: Int {
        struct Answer: Decodable {
            var cut: Int?
            enum CodingKeys: String, CodingKey { case cut = "connections_cut" }
        }
        return (try? JSONDecoder().decode(Answer.self, from: Data(utf8)))?.cut ?? 0
    }
}
