import Foundation
import Glibc
import Testing

extension PolicyScenarioTests {
    /// A program that is a gate: good while the stage has a file `calm`; `measured` has a line for each call.
    private static func writeGate(_ stage: Stage) throws -> String {
        let program = stage.file("calm-enough")
        try Data(
            #"""
            #!/usr/bin/env bash
            cd "\#(stage.directory.path)"
            echo "$NAGI_NODE" >>measured
            [ -e calm ] || { echo "7 errors a minute"; exit 1; }

            """#.utf8
        ).write(to: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        return program.path
    }

    private static func history(_ stage: Stage, actor: String? = nil) async throws -> String {
        let asked = try await stage.run(
            ["history", "--limit", "500", "--state", stage.state.path] + (actor.map { ["--actor", $0] } ?? []))
        #expect(asked.status == 0, "\(asked.program.errorText)")
        return asked.program.outputText
    }

    @Test(.timeLimit(.minutes(2)))
    func `nothing begins before a person's word and a good gate, and the journal says whose word it was`() async throws
    {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let gate = try Self.writeGate(stage)
            let names = stage.nodes.map(\.name)
            try stage.writeRollout(
                nodes: Array(names.prefix(2)),
                more: """
                    approval: {required: true}
                    gates: [{name: calm, command: [\(gate)], interval: 1s, failureLimit: 2}]
                    """,
                steps: """
                    - approval: {timeout: 1h}
                    \(try stage.upgradeSteps())
                    """)
            try await stage.startDaemon()
            try await stage.verdict("waiting-approval", of: names[0])
            #expect(stage.text("measured").isEmpty, "nothing is measured before anybody has agreed")
            let approve = ["approve", "upgrade", "--reason", "as agreed", "--state", stage.state.path]
            let approved = try await stage.run(approve)
            #expect(approved.status == 0, "\(approved.program.errorText)")
            #expect(approved.program.outputText.contains("its start (approval → drain → block → upgrade"))

            // Bad, twice: a person has to look, and a restart forgets neither the word nor the count.
            let paused = try await stage.status("the gate has paused the run") { $0.run?.phase == "paused" }
            #expect(paused.claimed.isEmpty)
            #expect(stage.text("measured").split(separator: "\n").count == 2)
            try await stage.killDaemon()
            try await stage.startDaemon()
            let explained = try await stage.run(["explain", "upgrade", "--state", stage.state.path])
            #expect(
                explained.program.outputText.contains("gate calm: bad: exited with 1"),
                "\(explained.program.outputText)")
            #expect(try await stage.status()?.run?.phase == "paused")

            try Data().write(to: stage.file("calm"))
            let resumed = try await stage.run([
                "resume", "upgrade", "--reason", "it was the load test", "--state", stage.state.path,
            ])
            #expect(resumed.status == 0, "\(resumed.program.errorText)")

            // The step's word is about one node, and each is asked about.
            for name in names.prefix(2) {
                try await stage.status("\(name) waits for its word") {
                    $0.part(of: name)?.step == "approval" && $0.verdict(of: name)?.code == "waiting-approval"
                }
                #expect(stage.nodeLog.requestedModes(of: name).isEmpty, "it is in service while it waits")
                let word = try await stage.run([
                    "approve", "upgrade", name, "--reason", "go", "--state", stage.state.path,
                ])
                #expect(word.status == 0, "\(word.program.errorText)")
            }
            let done = try await stage.completion()
            #expect(names.prefix(2).allSatisfy { done.part(of: $0)?.phase == "done" })
            #expect(stage.nodeLog.requestedModes(of: names[2]).isEmpty)

            let log = try await Self.history(stage)
            let actor = try #require(log.firstMatch(of: /approve by (\S+) \(as agreed\)/)?.1)
            #expect(log.contains("resume by \(actor) (it was the load test)"), "\(log)")
            let own = try await Self.history(stage, actor: String(actor))
            #expect(own.matches(of: /approve by/).count == 3, "\(own)")
            try await stage.expectUnharmed()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a gate that turns bad between two nodes holds up the second, and lets it go when it is good again`()
        async throws
    {
        try await Stage.open(nodes: 3, traffic: .brisk) { stage in
            let gate = try Self.writeGate(stage)
            let names = stage.nodes.map(\.name)
            try Data().write(to: stage.file("calm"))
            // The upgrade of the first node brings the errors.
            let steps = try stage.upgradeSteps(after: "rm -f calm")
            try stage.writeRollout(
                nodes: Array(names.prefix(2)),
                more: "gates: [{name: calm, command: [\(gate)], interval: 1s, failureLimit: 1000}]", steps: steps)
            try await stage.startDaemon()
            // First nobody knows; then it is known to be bad.
            try await stage.status("a gate that is bad", within: .seconds(30)) { status in
                let verdict = status.verdict(of: names[1])
                return verdict?.code == "waiting-gate"
                    && verdict?.text.contains("gate calm: bad: exited with 1") == true
            }
            #expect(try await stage.holds(for: .seconds(2)) { stage.commandStarts == [names[0]] })
            #expect(stage.nodeLog.requestedModes(of: names[1]).isEmpty)
            try Data().write(to: stage.file("calm"))
            try await stage.completion()
            #expect(stage.commandStarts == Array(names.prefix(2)))
            let log = try await Self.history(stage)
            #expect(log.contains("gate calm before its start is bad"))
            #expect(log.contains("gate calm before its start is good"))
            try await stage.expectUnharmed()
        }
    }
}
