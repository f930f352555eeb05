import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The rows of section 5's table that an operator causes, each in each phase: what becomes of the node, and what its verdict
/// is while the lever stands.
struct LeverCellTests {
    private static let restarts = RunStep(name: "up", command: ["/up"], timeout: .minutes(30), isDisruptive: true)

    private static func steps(_ verify: String?) -> StepSequence {
        StepSequence(
            name: "s",
            steps: [
                .drain(DrainStep(deadline: .minutes(30))), .block, .wait(.duration(.minutes(5))), .run(restarts),
                .verify(VerifyStep(version: verify, restarts: false, timeout: .minutes(30))), .restore,
                .soak(.minutes(30)),
            ], onFailure: .stay)
    }

    /// A node in the phase, two minutes after it came there.
    private static func rehearsal(in phase: String) throws -> (rehearsal: ScriptedRehearsal, node: String) {
        var rehearsal = ScriptedRehearsal(
            ScriptedRehearsal.rollout(Strategy(), sequence: steps(phase == "verifying" ? "9" : "2")))
        rehearsal.commandsOpen = true
        rehearsal.perform(.commandsRun(phase == "upgrading"))
        rehearsal.run(minutes: 2)
        if phase == "returning" { rehearsal.perform(.staysShut("a1")) }
        rehearsal.run(minutes: phase == "out" || phase == "queued" ? 2 : 7)
        let node = phase == "queued" ? "b2" : "a1"
        let kind =
            switch phase {
            case "upgrading", "verifying": "committed"
            default: phase
            }
        try #require(word(of: node, rehearsal).hasPrefix(kind), "\(word(of: node, rehearsal))")
        return (rehearsal, node)
    }

    private static func word(of node: String, _ rehearsal: ScriptedRehearsal) -> String {
        let parts = rehearsal.controller.status(at: rehearsal.now).runs.flatMap(\.parts)
        return parts.first { $0.name == node }.map { $0.phase + ($0.step.map { " (\($0))" } ?? "") } ?? "none"
    }

    private static func deed(_ lever: String, _ node: String) -> ScriptedRehearsal.Deed {
        switch lever {
        case "suspend":
            .loads(ScriptedRehearsal.rollout(Strategy(), sequence: steps("2"), isSuspended: true))
        case "abort": LeverTests.order(.abort, run: "r", "why")
        case "policy removed":
            .loads(PolicySet(clusters: ScriptedRehearsal.rollout(Strategy()).clusters, digest: "no policy"))
        case "pause all": LeverTests.order(.pause, "why")
        case "pause": LeverTests.order(.pause, run: "r", "why")
        case "pause --restore": LeverTests.order(.pause, run: "r", "why") { $0.givesBack = true }
        case "hold": LeverTests.order(.hold, node: node, "why")
        case "hold --mode":
            LeverTests.order(.hold, node: node, mode: .blockNewConnection, minutes: 600, "why")
        case "hold --mode normal": LeverTests.order(.hold, node: node, mode: .normal, minutes: 600, "why")
        case "resume": LeverTests.order(.resume, node: node)
        case "release": LeverTests.order(.release, node: node, "why")
        case "retry": LeverTests.order(.retry, node: node, run: "r")
        default: LeverTests.order(.skip, node: node, run: "r", "why")
        }
    }

    static let phases = ["queued", "out", "upgrading", "verifying", "returning", "soaking"]
    static let levers = [
        "abort", "suspend", "policy removed", "pause", "pause all", "pause --restore", "hold", "resume", "release",
        "skip", "retry",
    ]

    /// Why the lever was refused; else nil.
    private static func pull(_ lever: String, on node: String, _ rehearsal: inout ScriptedRehearsal) -> String? {
        let before = rehearsal.lines.count
        rehearsal.perform(deed(lever, node))
        return rehearsal.lines.dropFirst(before).first { $0.contains("refused") }?
            .split(separator: ": ", maxSplits: 1).last.map(String.init)
    }

    @Test(arguments: levers) func `what a lever makes of each phase`(lever: String) throws {
        var lines: [String] = []
        for phase in Self.phases {
            var (rehearsal, node) = try Self.rehearsal(in: phase)
            if lever == "resume" {
                rehearsal.perform(Self.deed("hold", node))
                rehearsal.advance(by: .minutes(1))
            }
            let refusal = Self.pull(lever, on: node, &rehearsal)
            rehearsal.advance(by: .minutes(1))
            let verdict = rehearsal.verdict(of: node)?.code.rawValue ?? "none"
            lines.append("\(phase): \(refusal ?? Self.word(of: node, rehearsal)), \(verdict)")
            #expect(rehearsal.isFolded)
        }
        #expect(lines.joined(separator: "\n") == Self.cells[lever])
    }

    /// A hold that says where the node is to be, and where it is a minute later.
    @Test(arguments: ["hold --mode", "hold --mode normal"]) func `what a hold with a mode makes of each phase`(
        lever: String
    ) throws {
        var lines: [String] = []
        for phase in Self.phases {
            var (rehearsal, node) = try Self.rehearsal(in: phase)
            let refusal = Self.pull(lever, on: node, &rehearsal)
            rehearsal.advance(by: .minutes(1))
            let verdict = rehearsal.verdict(of: node)?.code.rawValue ?? "none"
            let mode = rehearsal.nodes[node]?.mode.requestable?.rawValue ?? "none"
            lines.append("\(phase): \(refusal ?? Self.word(of: node, rehearsal)), \(verdict), \(mode)")
            #expect(rehearsal.isFolded)
        }
        #expect(lines.joined(separator: "\n") == Self.cells[lever])
    }

    @Test func `what is verified while a person holds it is not restored, and stays shut as long as that lasts`()
        throws
    {
        var (rehearsal, node) = try Self.rehearsal(in: "verifying")
        rehearsal.perform(Self.deed("hold", node))
        rehearsal.nodes[node]?.version = "9"
        rehearsal.nodes[node]?.mode = .known(.normal)
        rehearsal.advance(by: .minutes(1))
        #expect(Self.word(of: node, rehearsal) == "held" && rehearsal.verdict(of: node)?.code == .held)
        #expect(rehearsal.nodes[node]?.mode == .known(.blockNewConnection))
        rehearsal.perform(Self.deed("resume", node))
        rehearsal.advance(by: .minutes(1))
        #expect(rehearsal.nodes[node]?.mode == .known(.normal), "\(rehearsal.text)")
        #expect(rehearsal.verdict(of: node)?.code == .inDesiredMode)
        #expect(rehearsal.isFolded)
    }

    @Test(arguments: ["verifying", "returning", "soaking"])
    func `what is committed goes on to its end while everything is paused, and nothing else begins`(
        phase: String
    ) throws {
        var (rehearsal, node) = try Self.rehearsal(in: phase)
        rehearsal.perform(Self.deed("pause all", node))
        if phase == "verifying" {
            rehearsal.nodes[node]?.version = "9"
            rehearsal.nodes[node]?.mode = .known(.normal)
        }
        rehearsal.nodes[node]?.staysShut = false
        rehearsal.advance(by: .minutes(40))
        #expect(Self.word(of: node, rehearsal) == "done", "\(rehearsal.text)")
        #expect(!rehearsal.text.contains("a2 starts"), "\(rehearsal.text)")
        #expect(rehearsal.isFolded)
    }

    /// One that had come through its steps has got what it came for, however its part ended.
    @Test(arguments: [
        ("hold", "through its steps and then held"), ("release", "through its steps and then released"),
        ("abort", "through its steps and then ended"),
    ])
    func `a node that is taken out of the run when it was upgraded is not told as left out`(
        lever: String, word: String
    ) throws {
        var (rehearsal, node) = try Self.rehearsal(in: "soaking")
        rehearsal.perform(Self.deed(lever, node))
        rehearsal.perform(LeverTests.order(.resume, node: node))
        let run = try #require(rehearsal.controller.status(at: rehearsal.now).runs.last)
        #expect(run.parts.first { $0.name == node }?.isThrough == true && run.parts.count(where: \.isThrough) == 1)
        if lever == "abort" { return }
        #expect(run.text.hasPrefix("0 done, ") && run.text.hasSuffix(", 1 \(word)"), "\(run.text)")
        rehearsal.advance(by: .minutes(1))
        #expect(rehearsal.verdict(of: node)?.text == "\(word) in r@2#1")
    }

    @Test func `a node that is taken out of the run before that is left out`() throws {
        var (rehearsal, node) = try Self.rehearsal(in: "out")
        rehearsal.perform(Self.deed("release", node))
        let run = try #require(rehearsal.controller.status(at: rehearsal.now).runs.last)
        #expect(run.text.hasSuffix(", 1 left out") && !run.parts.contains(where: \.isThrough), "\(run.text)")
    }

    /// The phase or the result a minute later, or why the lever was refused; and the verdict. A run that ends waits for no node
    /// that is not yet open: the node owes that.
    static let cells = [
        "abort": """
        queued: ended, unmanaged
        out: ended, unmanaged
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: ended, owed
        soaking: ended, unmanaged
        """,
        "suspend": """
        queued: ended, suspended
        out: ended, suspended
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: ended, owed
        soaking: ended, suspended
        """,
        "policy removed": """
        queued: ended, unmanaged
        out: ended, unmanaged
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: ended, owed
        soaking: ended, unmanaged
        """,
        "pause all": """
        queued: queued, paused
        out: out (wait), paused
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: returning (restore), restoring
        soaking: soaking (soak), soaking
        """,
        "hold --mode": """
        queued: queued, held, block_new_connection
        out: out (wait), held, block_new_connection
        upgrading: committed (run), held, block_new_connection
        verifying: committed (verify), held, block_new_connection
        returning: held, held, block_new_connection
        soaking: held, held, block_new_connection
        """,
        "hold --mode normal": """
        queued: released, kept-open, normal
        out: released, kept-open, normal
        upgrading: refused (command-running) up is running on a1 and would cut the calls that you let in, running-command, \
        block_new_connection
        verifying: released, kept-open, normal
        returning: held, kept-open, block_new_connection
        soaking: released, kept-open, normal
        """,
        "pause": """
        queued: queued, paused
        out: out (wait), paused
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: returning (restore), restoring
        soaking: soaking (soak), soaking
        """,
        "pause --restore": """
        queued: queued, paused
        out: queued, paused
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: returning (restore), restoring
        soaking: soaking (soak), soaking
        """,
        "hold": """
        queued: queued, held
        out: out (wait), held
        upgrading: committed (run), held
        verifying: committed (verify), held
        returning: held, held
        soaking: held, held
        """,
        "resume": """
        queued: queued, waiting-previous
        out: out (wait), blocked
        upgrading: committed (run), running-command
        verifying: committed (verify), verifying
        returning: held, owed
        soaking: held, in-desired-mode
        """,
        "release": """
        queued: released, in-desired-mode
        out: released, in-desired-mode
        upgrading: refused (command-running) up is running on a1 and would cut the calls that you let in, running-command
        verifying: released, in-desired-mode
        returning: returning (restore), restoring
        soaking: released, in-desired-mode
        """,
        "skip": """
        queued: skipped, in-desired-mode
        out: skipped, in-desired-mode
        upgrading: refused (command-running) up is running on a1, running-command
        verifying: skipped, failed
        returning: refused (nothing-to-do) a1 is returning in r@2#1: there is nothing to skip, restoring
        soaking: refused (nothing-to-do) a1 is soaking in r@2#1: there is nothing to skip, soaking
        """,
        "retry": """
        queued: refused (nothing-to-do) b2 is queued in r@2#1: there is nothing to retry, waiting-previous
        out: refused (nothing-to-do) a1 is out in r@2#1: there is nothing to retry, blocked
        upgrading: refused (nothing-to-do) a1 is committed in r@2#1: there is nothing to retry, running-command
        verifying: refused (nothing-to-do) a1 is committed in r@2#1: there is nothing to retry, verifying
        returning: refused (nothing-to-do) a1 is returning in r@2#1: there is nothing to retry, restoring
        soaking: refused (nothing-to-do) a1 is soaking in r@2#1: there is nothing to retry, soaking
        """,
    ]
}
