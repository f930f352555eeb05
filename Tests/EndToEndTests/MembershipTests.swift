import Foundation
import Testing

extension ClusterScenarioTests {
    /// Two of three regular nodes were stopped at once, and the last one, without a majority, closed to every new call:
    /// temporary nodes in the file had been counted as regular ones.
    @Test(.timeLimit(.minutes(2)))
    func `temporary nodes stand in for nobody: never are two of three regular nodes out of the cluster at once`()
        async throws
    {
        try await Stage.open(.init(nodes: 5, temporary: 2, traffic: .brisk, downFor: 2)) { stage in
            try stage.writeCluster(
                nil,
                """
                observe: {interval: 500ms, staleAfter: 10s}
                budget: {maxUnavailable: 2}
                """)
            let regular = stage.nodes.prefix(3).map(\.name)
            try stage.writeRollout(
                nodes: regular, more: "strategy: {maxUnavailable: 2}", steps: try stage.upgradeSteps())
            try await stage.startDaemon()
            try await eventually("the last command has started", within: .seconds(45)) {
                Set(stage.commandStarts) == Set(regular) ? () : nil
            }
            #expect(stage.nodeLog.mostAway(of: regular) == 1, "regular nodes out of the cluster at once")
            for node in regular {
                let facts = stage.nodeLog.facts(of: node)
                #expect(!facts.contains("isolated"), "\(node) is without a majority")
            }
            try await stage.completion()
            #expect(try await stage.finishedLog().summary?.cut == 0)
        }
    }

    /// A node that the cluster had lost was opened to calls: two temporary nodes on its side of the split gave it the
    /// majority of votes.
    @Test(.timeLimit(.minutes(2)))
    func `a node that is cut off together with temporary ones stays shut until it is back`() async throws {
        try await Stage.open(.init(nodes: 5, temporary: 2)) { stage in
            let node = stage.nodes[0].name
            let temporary = stage.nodes.suffix(2).map(\.name)
            try stage.writeCluster(
                nil,
                """
                observe: {interval: 500ms, staleAfter: 10s}
                budget: {maxUnavailable: 2}
                """)
            try stage.writeRollout(
                nodes: [node],
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - block: {}
                    - wait: {for: 3s}
                    - restore: {}
                    """)
            try await stage.startDaemon()
            try await stage.status("\(node) is blocked and waits") { $0.part(of: node)?.step == "wait" }
            let company = temporary.map { "\"\($0)\"" }.joined(separator: ",")
            try stage.act("isolate", on: node, #"{"with":[\#(company)]}"#)

            let shut = ["block_new_session", "block_new_connection"]
            try await stage.status("it is called isolated, or was opened", within: .seconds(15)) {
                $0.verdict(of: node)?.code == "isolated" || stage.nodeLog.requestedModes(of: node) != shut
            }
            #expect(
                try await stage.holds(for: .seconds(3)) { stage.nodeLog.requestedModes(of: node) == shut },
                "it is opened while the cluster has lost it")

            for name in [node] + temporary { try stage.act("rejoin", on: name) }
            try await stage.requested("normal", of: node, within: .seconds(15))
        }
    }

    /// Three of five nodes in the file, all five in service, and nothing ever happened: the other two were taken for
    /// nodes out of service.
    @Test(.timeLimit(.minutes(2)))
    func `nodes in service that the policies do not list hold nobody up`() async throws {
        try await Stage.open(nodes: 5, traffic: .brisk) { stage in
            let listed = Array(stage.nodes.prefix(3))
            try stage.writeCluster(listed)
            try stage.writeRollout(nodes: listed.map(\.name), steps: try stage.upgradeSteps())
            try await stage.startDaemon()
            try await stage.firstCommand()
            try await stage.completion(within: .seconds(60))
            #expect(stage.commandStarts == listed.map(\.name))
            try await stage.expectUnharmed()
        }
    }

    /// Nobody could see why a rollout stood still: the node that was down was not in the file, and no text named it.
    @Test(.timeLimit(.minutes(2)))
    func `a node out of service that the policies do not list is waited for by its name`() async throws {
        try await Stage.open(nodes: 5, traffic: .none) { stage in
            let (node, missing) = (stage.nodes[0].name, stage.nodes[4].name)
            try stage.act("stop", on: missing)
            try stage.writeCluster(Array(stage.nodes.prefix(3)))
            try stage.writeRollout(nodes: [node], steps: try stage.upgradeSteps())
            try await stage.startDaemon()
            try await stage.verdict("waiting-budget", of: node, within: .seconds(10))
            let text = try await stage.status()?.verdict(of: node)?.text ?? ""
            #expect(text.contains(missing), "\(text)")

            try stage.act("start", on: missing)
            try await stage.completion()
            try await stage.expectUnharmed()
        }
    }

    /// Live calls were cut: one node was drained, and the command, which knows a node by its name, restarted the other.
    @Test(.timeLimit(.minutes(2)))
    func `of two nodes with each other's addresses none is upgraded, and what was shut is opened again`() async throws {
        try await Stage.open(nodes: 3, traffic: .busy) { stage in
            let (first, second) = (stage.nodes[0], stage.nodes[1])
            var listed = stage.nodes
            (listed[0].api, listed[0].ready) = (second.api, second.ready)
            (listed[1].api, listed[1].ready) = (first.api, first.ready)
            try stage.writeCluster(
                listed,
                """
                observe: {interval: 500ms, staleAfter: 2s}
                budget: {maxUnavailable: 1}
                """)
            try stage.writeRollout(nodes: [first.name], steps: try stage.upgradeSteps())
            try await stage.startDaemon()
            try await stage.status("\(first.name) is wrong-address, or its command has run", within: .seconds(50)) {
                $0.verdict(of: first.name)?.code == "wrong-address"
                    || stage.commandMarks.contains("end \(first.name)")
            }
            #expect(stage.commandStarts.isEmpty, "the command knows the node by its name")
            let verdict = try await stage.status()?.verdict(of: first.name)
            #expect(verdict?.code == "wrong-address", "\(verdict?.text ?? "")")
            try await stage.requested("normal", of: second.name, within: .seconds(10))
            try await stage.expectUnharmed()
        }
    }
}
