import Foundation
import Glibc
import Testing

extension ClusterScenarioTests {
    private static let drainForEver = """
        - drain: {deadline: 30m}
        - block: {}
        - restore: {}
        """
    private static let roomForTwo = """
        observe: {interval: 500ms, staleAfter: 2s}
        api: {timeout: 1s}
        budget: {maxUnavailable: 2}
        """

    /// A node that died while it was drained kept its policy from every later night: the run never ended, and no text
    /// said so.
    @Test(.timeLimit(.minutes(2)))
    func `a node that died in mid-drain does not keep its policy from the next occurrence`() async throws {
        try await Stage.open(nodes: 5, traffic: .lasting) { stage in
            let (dead, next) = (stage.nodes[0].name, stage.nodes[1].name)
            try stage.writeCluster(nil, Self.roomForTwo)
            let tonight = Stage.Opening(in: 2, seconds: 5)
            let tomorrow = Stage.Opening(in: 14, seconds: 120)
            try stage.writeWindow(nodes: [dead, next], windows: [tonight, tomorrow], steps: Self.drainForEver)
            try await stage.startDaemon()
            try await stage.verdict("draining", of: dead, within: .seconds(8))
            try stage.act("crash", on: dead)
            try await stage.wait(until: tomorrow.start.addingTimeInterval(-1))
            #expect(stage.nodeLog.requestedModes(of: next).isEmpty, "it had no turn in the first window")

            try await stage.verdict("draining", of: next, within: .seconds(15))
            try await stage.verdict("unreachable", of: dead, within: .seconds(2))
        }
    }

    /// A node that had died for good could not be taken out of the file: the reload was refused, with the words "give it
    /// back first".
    @Test(.timeLimit(.minutes(2)))
    func `a node that died in mid-drain can be taken out of the file, and the run goes on without it`() async throws {
        try await Stage.open(nodes: 5, traffic: .lasting) { stage in
            let (dead, next) = (stage.nodes[0].name, stage.nodes[1].name)
            try stage.writeRollout(nodes: [dead, next], steps: Self.drainForEver)
            try await stage.startDaemon()
            try await stage.verdict("draining", of: dead)
            try stage.act("crash", on: dead)
            try stage.act("purge", on: dead)
            try await stage.verdict("unreachable", of: dead)

            try stage.writeCluster(Array(stage.nodes.dropFirst()))
            try stage.writeRollout(nodes: [next], steps: Self.drainForEver)
            stage.reload()
            try await stage.status("\(next) has its turn, or the policies are refused", within: .seconds(15)) {
                status in
                status.verdict(of: next)?.code == "draining" || stage.refusal != nil
            }
            if let refusal = stage.refusal {
                Issue.record("\(refusal)")
                return
            }

            // It comes back by itself as a node that nobody has anything to do with.
            try stage.act("start", on: dead)
            try await eventually("\(dead) is normal", within: .seconds(10)) {
                try? stage.mode(of: stage.nodes[0]) == "normal" ? () : nil
            }
            #expect(
                try await stage.holds(for: .seconds(2)) {
                    stage.nodeLog.requestedModes(of: dead) == ["block_new_session"]
                }, "and nobody asks anything of it")
        }
    }

    /// Renaming the policy did not help either: its run stayed for ever, waiting for a node that was dead.
    @Test(.timeLimit(.minutes(2)))
    func `a run whose node died in mid-drain ends when its policy is renamed`() async throws {
        try await Stage.open(nodes: 5, traffic: .lasting) { stage in
            let (dead, next) = (stage.nodes[0].name, stage.nodes[1].name)
            try stage.writeCluster(nil, Self.roomForTwo)
            try stage.writeRollout("upgrade", nodes: [dead, next], steps: Self.drainForEver)
            try await stage.startDaemon()
            try await stage.verdict("draining", of: dead)
            try stage.act("crash", on: dead)
            try await stage.verdict("unreachable", of: dead)

            try stage.writeRollout("renamed", nodes: [dead, next], steps: Self.drainForEver)
            stage.reload()
            try await stage.verdict("draining", of: next, within: .seconds(15))
            try await stage.status("the run of the former name is over", within: .seconds(10)) {
                $0.run(of: "upgrade")?.isOver ?? true
            }
        }
    }

    /// What stands in the way of the disruptive step of a node that is shut.
    enum Obstacle: String, CaseIterable, CustomTestStringConvertible {
        case quorum = "of three one is dead, and there is no majority to spare"
        case budget = "of two one is dead, and no more may be out"

        var testDescription: String { rawValue }
    }

    /// The only healthy node stayed shut for as long as another one was dead: it was ready for its upgrade, which was not
    /// allowed, and nothing opened it.
    @Test(.timeLimit(.minutes(2)), arguments: Obstacle.allCases)
    func `a healthy node that is shut is given back when another one dies`(_ obstacle: Obstacle) async throws {
        let isClustered = obstacle == .quorum
        try await Stage.open(.init(nodes: isClustered ? 3 : 2, isClustered: isClustered)) { stage in
            let (node, dead) = (stage.nodes[0].name, stage.nodes[1].name)
            try stage.writeCluster(
                nil,
                """
                observe: {interval: 500ms, staleAfter: 2s}
                api: {timeout: 1s}
                budget: {maxUnavailable: \(isClustered ? 2 : 1)}
                """)
            let command = try stage.writeCommand("upgrade", "")
            try stage.writeRollout(
                nodes: [node],
                steps: """
                    - drain: {deadline: 1m}
                    - block: {}
                    - wait: {for: 3s}
                    - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            try await stage.status("\(node) is blocked and waits") { $0.part(of: node)?.step == "wait" }
            try stage.act("crash", on: dead)
            try await stage.requested("normal", of: node, within: .seconds(15))
            #expect(stage.commandStarts.isEmpty)
            #expect(
                stage.nodeLog.requestedModes(of: node) == ["block_new_session", "block_new_connection", "normal"])
            try await stage.status("nothing is claimed", within: .seconds(5)) { $0.claimed.isEmpty }
            #expect(
                try await stage.holds(for: .seconds(2)) { stage.nodeLog.requestedModes(of: node).last == "normal" },
                "it is not shut again at once")
        }
    }
}

extension Stage {
    /// The line of the daemon's log that says why it did not take a set of policies.
    fileprivate var refusal: Substring? {
        daemon?.outputText.split(separator: "\n").first { $0.contains("policies ") && $0.contains("refused") }
    }
}
