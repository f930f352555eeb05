import Foundation
import Glibc
import Testing

extension PolicyScenarioTests {
    /// When the policy gets another name.
    enum Renaming: String, CaseIterable, CustomTestStringConvertible {
        case inDrain = "in mid-drain"
        case inCommand = "in mid-command"

        var testDescription: String { rawValue }
    }

    /// A policy that is renamed in mid-run is one that is gone and another one: what was out stayed out, or the command
    /// ran twice.
    @Test(.timeLimit(.minutes(2)), arguments: Renaming.allCases)
    func `a policy renamed in mid-run leaves nothing behind, and the new run does what is left`(_ renaming: Renaming)
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .brisk) { stage in
            let names = stage.nodes.map(\.name)
            let steps = try stage.upgradeSteps(
                before: renaming == .inCommand ? "[[ -e slow ]] || { touch slow; sleep 3; }" : "")
            try stage.writeRollout("upgrade", nodes: names, steps: steps)
            try await stage.startDaemon()
            switch renaming {
            case .inDrain: try await stage.verdict("draining", of: names[0])
            case .inCommand:
                try await stage.firstCommand()
            }
            try stage.writeRollout("renamed", nodes: names, steps: steps)
            stage.reload()
            let end = try await stage.status("the new run is over", within: .seconds(60)) {
                $0.run(of: "renamed")?.isOver == true
            }
            #expect(end.run(of: "renamed")?.phase == "completed")
            #expect(end.run(of: "upgrade")?.isOver ?? true)
            #expect(end.nodes.map(\.version) == Array(repeating: Stage.newVersion, count: 3))
            #expect(stage.commandStarts.sorted() == names)
            #expect(end.claimed.isEmpty)
            try await stage.expectUnharmed()
        }
    }

    /// A night's maintenance that is renamed while its window is open had its node forgotten.
    @Test(.timeLimit(.minutes(2)))
    func `a window renamed in mid-drain gives its node back and begins anew under the new name`() async throws {
        try await Stage.open(nodes: 3, traffic: .brisk) { stage in
            let names = stage.nodes.map(\.name)
            let window = Stage.Opening(in: 1, seconds: 120)
            let steps = """
                - drain: {deadline: 1m}
                - block: {}
                - restore: {}
                """
            try stage.writeWindow("tonight", nodes: names, windows: [window], steps: steps)
            try await stage.startDaemon()
            try await stage.verdict("draining", of: names[0])
            try stage.writeWindow("renamed", nodes: names, windows: [window], steps: steps)
            stage.reload()
            let end = try await stage.status("the new run is over", within: .seconds(45)) {
                $0.run(of: "renamed")?.isOver == true
            }
            #expect(end.run(of: "renamed")?.phase == "completed")
            #expect(end.run(of: "tonight")?.isOver ?? true)
            try await stage.expectUnharmed()
        }
    }

    /// After a failure nothing got the node back: the new revision with the cure waited for ever for the node that the old
    /// one kept shut.
    @Test(.timeLimit(.minutes(2)))
    func `a new revision takes over the node that failed under the old one, first, and does not open it before`()
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .brisk) { stage in
            let cure = "2025.3.0"
            let names = stage.nodes.map(\.name)
            let steps = try stage.upgradeSteps(before: "[[ $NAGI_REVISION == \(cure) ]]")
            // The second of three fails, so that "first" is another order than that of the names.
            try stage.writeRollout(nodes: Array(names.dropFirst()), steps: steps)
            try await stage.startDaemon()
            try await stage.verdict("failed", of: names[1])

            try stage.writeRollout(revision: cure, nodes: names, steps: steps)
            stage.reload()
            try await eventually("a command of the new revision has started", within: .seconds(25)) {
                stage.commandStarts.count > 1 ? () : nil
            }
            #expect(Array(stage.commandStarts.prefix(2)) == [names[1], names[1]])
            let end = try await stage.status("the new run is over", within: .seconds(60)) {
                $0.run?.id.contains(cure) == true && $0.run?.isOver == true
            }
            #expect(end.run?.phase == "completed")
            #expect(end.nodes.map(\.version) == [cure, cure, cure])
            #expect(stage.commandStarts == [names[1], names[1], names[0], names[2]])
            #expect(
                stage.nodeLog.requestedModes(of: names[1])
                    == ["block_new_session", "block_new_connection", "block_new_connection", "normal"])
            try await stage.expectUnharmed()
        }
    }
}
