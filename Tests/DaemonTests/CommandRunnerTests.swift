import Daemon
import Foundation
import Primitives
import Testing

@testable import Scheduling

@Suite struct CommandRunnerTests {
    let directory: TemporaryDirectory
    let runner: CommandRunner

    init() throws {
        directory = try TemporaryDirectory()
        runner = CommandRunner(
            folder: directory.path, journal: "j", policyDirectory: directory.path,
            environment: ["PATH": "/usr/bin:/bin", "HOME": "/root", "SECRET": "hidden"], executable: NagiBinary.path)
    }

    private func start(
        _ command: [String], number: Int = 1, timeout: Duration = .seconds(30), facts: [String: String] = [:]
    ) -> CommandStart {
        CommandStart(
            id: CommandID(number: number), node: node01, address: nowhere,
            run: RunID(policy: "p", revision: "r", ordinal: 1), step: "s",
            attempt: 1, work: .program(command), environment: facts, timeout: timeout, notAfter: noLimit)
    }

    private func shell(_ script: String, number: Int = 1, timeout: Duration = .seconds(30)) -> CommandStart {
        start(["/bin/sh", "-c", script], number: number, timeout: timeout)
    }

    private func file(_ name: String, of number: Int = 1) -> String { "\(directory.path)/command-\(number).j/\(name)" }

    private func pid(in name: String) -> Int32? {
        let text = try? String(contentsOfFile: directory.path + "/" + name, encoding: .utf8)
        return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    @Test(arguments: [
        ("exit 0", CommandOutcome.exited(status: 0)), ("exit 7", .exited(status: 7)),
        ("kill -SEGV $$", .signalled(11)),
    ])
    func `a command ends as it ended`(script: String, outcome: CommandOutcome) async {
        #expect(await runner.start(shell(script)) == outcome)
    }

    @Test func `both outputs are kept, and facts and little else are in the environment`() async throws {
        let start = start(["/usr/bin/env"], facts: ["NAGI_NODE": "node 1; $(x)", "OTHER": "no"])
        #expect(await runner.start(start) == .exited(status: 0))
        let lines = Set(try #require(runner.output(of: start.id)).split(separator: "\n").map(String.init))
        #expect(lines == ["HOME=/root", "NAGI_NODE=node 1; $(x)", "PATH=/usr/bin:/bin"])
        #expect(await runner.start(shell("pwd; echo b >&2; cat", number: 2)) == .exited(status: 0))
        let here = URL(fileURLWithPath: directory.path).resolvingSymlinksInPath().path
        #expect(runner.output(of: CommandID(number: 2)) == here + "\nb\n")
    }

    @Test func `a relative program is looked for beside the policies`() async throws {
        let path = directory.path + "/tool.sh"
        try "#!/bin/sh\nexit 3\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        #expect(await runner.start(start(["./tool.sh"])) == .exited(status: 3))
        #expect(await runner.start(start(["tool.sh"], number: 2)) == .exited(status: 3))
        guard case .notStarted(let reason)? = await runner.start(start(["gone.sh"], number: 3)) else {
            Issue.record("a program that is not there was started")
            return
        }
        #expect(reason.description.hasPrefix("No such file or directory: /"))
    }

    @Test func `output past the limit is dropped and does not stall the command`() async throws {
        #expect(await runner.start(shell("head -c 3000000 /dev/zero; exit 4")) == .exited(status: 4))
        let size = try FileManager.default.attributesOfItem(atPath: file("output"))[.size] as? Int
        #expect(size == ExecStep.outputLimit)
    }

    @Test func `a timeout ends grandchildren too, also those that ignore the polite signal`() async throws {
        let here = directory.path
        let script = """
            sh -c 'echo $$ > \(here)/child; exec sleep 600' &
            sh -c 'trap "" TERM; echo $$ > \(here)/deaf; while :; do sleep 0.1; done' &
            sleep 600
            """
        let begun = HostClock.now().uptime
        #expect(await runner.start(shell(script, timeout: .seconds(1))) == .timedOut)
        let took = HostClock.now().uptime - begun
        #expect(took >= .seconds(5) && took < .seconds(15), "the deaf one got its five seconds")
        let child = try #require(pid(in: "child"))
        let deaf = try #require(pid(in: "deaf"))
        #expect(await NagiBinary.eventually { !NagiBinary.isAlive(child) && !NagiBinary.isAlive(deaf) })
    }

    /// Waits for the file `go`, as a script.
    private var waits: String { "while [ ! -e \(directory.path)/go ]; do sleep 0.05; done" }

    private func go() throws { try Data().write(to: URL(fileURLWithPath: directory.path + "/go")) }

    @Test func `something left in the background neither delays the outcome nor dies of it`() async throws {
        let script = "(\(waits); echo late; echo ok > \(directory.path)/late) & exit 0"
        #expect(await runner.start(shell(script)) == .exited(status: 0))
        try go()
        #expect(await NagiBinary.eventually { FileManager.default.fileExists(atPath: directory.path + "/late") })
    }

    @Test func `a command is never run twice`() async throws {
        let path = directory.path + "/count"
        let start = shell("echo x >> \(path)")
        #expect(await runner.start(start) == .exited(status: 0))
        let again = Process()
        again.executableURL = URL(fileURLWithPath: NagiBinary.path)
        again.arguments =
            ["exec-step", "--dir", directory.path + "/command-1.j", "--timeout", "5", "--"]
            + (try #require(start.work.program))
        try again.run()
        again.waitUntilExit()
        #expect(again.terminationStatus == 1)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "x\n")
    }

    @Test func `a stopped daemon leaves the command running, and the next one adopts it`() async throws {
        let start = shell("\(waits); exit 9")
        let first = Task { [runner] in await runner.start(start) }
        #expect(await NagiBinary.eventually { FileManager.default.fileExists(atPath: file("started")) })
        first.cancel()
        #expect(await first.value == nil)
        try go()
        #expect(await runner.recover(start) == .exited(status: 9))
        #expect(await runner.recover(start) == .exited(status: 9), "an outcome stays")
    }

    @Test func `what was never launched never begins`() async throws {
        let start = shell("echo no > \(directory.path)/ran")
        #expect(await runner.recover(start) == .neverBegan)
        try FileManager.default.createDirectory(
            atPath: directory.path + "/command-1.j", withIntermediateDirectories: false)
        #expect(await runner.recover(start) == .neverBegan)
        let late = Process()
        late.executableURL = URL(fileURLWithPath: NagiBinary.path)
        late.arguments =
            ["exec-step", "--dir", directory.path + "/command-1.j", "--timeout", "5", "--"]
            + (try #require(start.work.program))
        try late.run()
        late.waitUntilExit()
        #expect(late.terminationStatus == 1)
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/ran"))
    }

    /// Kills the exec-step of the first command, once the command's own process is there.
    private func killRunner() async throws {
        #expect(
            await NagiBinary.eventually {
                (try? String(contentsOfFile: file("started"), encoding: .utf8))?.contains("\"command\"") == true
            })
        let started = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: file("started"))))
        let pid = try #require(((started as? [String: Any])?["runner"] as? [String: Any])?["pid"] as? Int)
        kill(Int32(pid), SIGKILL)
    }

    @Test func `a runner that died leaves an interrupted command, once its process is gone too`() async throws {
        let start = shell("\(waits); echo done > \(directory.path)/done")
        let first = Task { [runner] in await runner.start(start) }
        try await killRunner()
        try go()
        #expect(await first.value == .interrupted)
        #expect(FileManager.default.fileExists(atPath: directory.path + "/done"), "it was left to end by itself")
    }

    /// Nobody else would end it: what nagi waits for would be late by as long as it likes.
    @Test func `a command whose runner died is ended at its timeout all the same`() async throws {
        let start = shell("sleep 600", timeout: .seconds(3))
        let first = Task { [runner] in await runner.start(start) }
        try await killRunner()
        #expect(await first.value == .timedOut)
    }

    @Test func `a command that is adopted without its runner has the time that is left, not its whole timeout`()
        async throws
    {
        let timeout = Duration.seconds(6)
        let start = shell("sleep 600", timeout: timeout)
        let first = Task { [runner] in await runner.start(start) }
        try await killRunner()
        let seen = HostClock.now().uptime
        first.cancel()
        #expect(await first.value == nil)
        // No daemon is there meanwhile.
        #expect(await NagiBinary.eventually { HostClock.now().uptime >= seen + .seconds(4) })
        #expect(await runner.recover(start) == .timedOut)
        #expect(HostClock.now().uptime < seen + .seconds(4) + timeout, "its time ran on")
    }

    @Test func `only the newest directories are kept`() async throws {
        for number in 1...(CommandRunner.kept + 5) {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/command-\(number).j", withIntermediateDirectories: false)
        }
        #expect(await runner.start(shell("exit 0", number: 999)) == .exited(status: 0))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.count == CommandRunner.kept + 1)
        #expect(!names.contains("command-5.j") && names.contains("command-6.j") && names.contains("command-999.j"))
    }

    @Test func `directories of another journal go first, whatever their numbers`() async throws {
        for number in 1...CommandRunner.kept {
            for journal in number <= 10 ? ["j", "older"] : ["j"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory.path)/command-\(journal == "j" ? number : number + 5000).\(journal)",
                    withIntermediateDirectories: false)
            }
        }
        #expect(await runner.start(shell("exit 0", number: 999)) == .exited(status: 0))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(names.count == CommandRunner.kept + 1 && names.allSatisfy { $0.hasSuffix(".j") })
    }

    @Test func `a command of another journal with the same number is another command`() async throws {
        let start = shell("exit 3")
        #expect(await runner.start(start) == .exited(status: 3))
        let other = CommandRunner(
            folder: directory.path, journal: "k", policyDirectory: directory.path, environment: [:],
            executable: NagiBinary.path)
        #expect(await other.recover(start) == .neverBegan)
        #expect(await other.start(shell("exit 4")) == .exited(status: 4))
        #expect(await runner.recover(start) == .exited(status: 3))
    }

    private func runner(measuring script: String) -> Task<GateResult, Never> {
        let runner = CommandRunner(
            folder: directory.path, journal: "j", policyDirectory: directory.path,
            environment: ["PATH": "/usr/bin:/bin"], executable: NagiBinary.path)
        let command = ["/bin/sh", "-c", script]
        let measurement = Measurement(
            id: 1, node: node01, probe: .command(command), environment: [:], limit: .seconds(30))
        return Task { await runner.measure(measurement, command) }
    }

    /// Each process counts its measurements from 1, and the programs of one that was killed go on.
    @Test(.timeLimit(.minutes(1))) func `what an earlier process measured is not taken for what this one measures`()
        async throws
    {
        let here = directory.path
        let former = runner(measuring: "touch \(here)/former; \(waits); exit 5")
        #expect(await NagiBinary.eventually { FileManager.default.fileExists(atPath: here + "/former") })
        former.cancel()
        #expect(await former.value == .unknown("the daemon is stopping"))
        let current = runner(measuring: "touch \(here)/current; while [ ! -e \(here)/on ]; do sleep 0.05; done")
        #expect(await NagiBinary.eventually { FileManager.default.fileExists(atPath: here + "/current") })
        try go()
        // The former one has ended when its exec-step has.
        #expect(await NagiBinary.eventually { !Self.hasExecStep(in: here, exiting: "exit 5") })
        try Data().write(to: URL(fileURLWithPath: here + "/on"))
        #expect(await current.value == .pass("exited with 0"))
    }

    private static func hasExecStep(in directory: String, exiting text: String) -> Bool {
        let pids = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return pids.contains { pid in
            guard Int32(pid) != nil, let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/cmdline"))
            else { return false }
            let words = String(decoding: line, as: UTF8.self)
            return words.contains(directory) && words.contains(text)
        }
    }

    @Test func `measurements that a killed daemon left behind are removed, and no commands`() async throws {
        for name in ["gate-1.j", "gate-7.ab12", "command-1.j"] {
            let path = "\(directory.path)/\(name)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try Data().write(to: URL(fileURLWithPath: path + "/claim"))
        }
        runner.removeMeasurements()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["command-1.j"])
    }

    @Test func `what is too late never begins`() async throws {
        var late = shell("echo no > \(directory.path)/ran")
        late.notAfter = HostClock.now() + .milliseconds(-1)
        #expect(await runner.start(late) == .neverBegan)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
}

extension Command.Work {
    fileprivate var program: [String]? { if case .program(let command) = self { command } else { nil } }
}
