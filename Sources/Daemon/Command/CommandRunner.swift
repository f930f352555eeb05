import Glibc
import Primitives
import Scheduling

/// Starts commands through `nagi exec-step`, waits for them, and finds them again after a restart of the daemon.
package final class CommandRunner: Sendable {
    /// Directories of commands that are kept, the newest ones.
    package static let kept = 200
    static let pollInterval = Duration.milliseconds(50)
    /// How long a claimed command may take to say who runs it.
    static let startLimit = Duration.seconds(5)
    private static let gate = "gate-"
    /// What a command sees of the daemon's environment.
    static let inherited = ["HOME", "LANG", "PATH", "TZ"]

    private let folder: String
    private let journal: String
    private let policyDirectory: String
    private let environment: [String: String]
    private let executable: String
    /// In the names of this process's measurements: the programs of an earlier one may be there still, and each process counts
    /// them anew.
    private let process = String(UInt64.random(in: .min ... .max), radix: 16)

    /// - Parameters:
    ///   - folder: holds one directory per command.
    ///   - journal: the uuid of the journal that numbers the commands: it is in the names of their directories, so that
    ///     another journal's command of the same number is never taken for one of these.
    ///   - policyDirectory: where commands run, and where relative programs start. Absolute.
    ///   - environment: the daemon's own.
    ///   - executable: the program that has the verb `exec-step`.
    package init(
        folder: String, journal: String, policyDirectory: String, environment: [String: String],
        executable: String = "/proc/self/exe"
    ) {
        self.folder = folder
        self.journal = journal
        self.policyDirectory = policyDirectory
        self.environment = environment
        self.executable = executable
    }

    /// Runs the command; nil if the daemon stops meanwhile: the command goes on, and `recover` finds it.
    ///
    /// - Parameter mayBegin: asked when `stop` can find it, right before it begins.
    package func start(
        _ start: CommandStart, mayBegin: @Sendable () -> Bool = { true }
    ) async -> CommandOutcome? {
        guard case .program(let command) = start.work else { return .notStarted("it has no program") }
        guard !Self.isTooLate(start) else { return .neverBegan }
        let directory = directory(of: start.id)
        let pid: Int32
        do {
            prune()
            try directory.make()
            // The disk may have taken its time.
            guard !Self.isTooLate(start), mayBegin() else { return .neverBegan }
            pid = try launch(command, start.environment, timeout: start.timeout, in: directory)
        } catch {
            return .notStarted(NodeText(cutting: "\(error)"))
        }
        return await outcome(in: directory, child: pid, timeout: start.timeout)
    }

    /// One measurement of a gate by a program: exit status 0 is good, another one bad, and anything else unknown.
    package func measure(_ measurement: Measurement, _ command: [String]) async -> GateResult {
        let directory = CommandDirectory(path: "\(folder)/\(Self.gate)\(measurement.id).\(process)")
        defer { directory.remove() }
        let outcome: CommandOutcome?
        do {
            try directory.make()
            let pid = try launch(command, measurement.environment, timeout: measurement.limit, in: directory)
            outcome = await self.outcome(in: directory, child: pid, timeout: measurement.limit)
        } catch {
            return .unknown(NodeText(cutting: "\(error)"))
        }
        let bytes = (try? DurableFile.read(directory.outputPath, limit: ExecStep.outputLimit)) ?? nil
        let output = bytes.map { CommandOutput(lastOf: String(decoding: $0, as: UTF8.self), path: "") }
        let said = output?.lines.last.map { ": \($0)" } ?? ""
        switch outcome {
        case .exited(0)?: return .pass(NodeText(cutting: "exited with 0\(said)"))
        case .exited(let status)?: return .fail(NodeText(cutting: "exited with \(status)\(said)"))
        case .timedOut?:
            return .unknown(
                NodeText(cutting: "killed after \(measurement.limit.spoken), the longest that it may take\(said)"))
        case let outcome?: return .unknown(NodeText(cutting: "\(outcome)\(said)"))
        case nil: return .unknown("the daemon is stopping")
        }
    }

    /// Removes what measurements of earlier processes left behind: nobody asks for them any more.
    package func removeMeasurements() {
        for name in directoryEntries(folder) where name.hasPrefix(Self.gate) {
            CommandDirectory(path: "\(folder)/\(name)").remove()
        }
    }

    /// What became of a command that an earlier daemon meant to start; nil if this daemon stops meanwhile.
    package func recover(_ start: CommandStart) async -> CommandOutcome? {
        let directory = directory(of: start.id)
        guard directory.exists else { return .neverBegan }
        if let outcome = directory.outcome() { return outcome }
        // The earlier daemon may have launched exec-step just before it died. Whoever makes the claim first decides.
        do {
            if try DurableFile.claim(directory.claimPath) { return .neverBegan }
        } catch {
            // It may have begun: nobody can tell.
            return .interrupted
        }
        return await outcome(in: directory, child: nil, timeout: start.timeout)
    }

    /// Has the command ended, whoever runs it: `start` or `recover` tells what it came to. One that has not begun never will.
    package func stop(_ id: CommandID) {
        let directory = directory(of: id)
        guard directory.exists else { return }
        // Where the disk takes no more, it ends at its timeout.
        _ = try? DurableFile.claim(directory.endPath)
    }

    /// The start of what the command printed.
    package func output(of id: CommandID) -> String? {
        let bytes = (try? DurableFile.read(directory(of: id).outputPath, limit: ExecStep.outputLimit)) ?? nil
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The last of what it printed; nil where nothing can be read.
    package func lastOutput(of id: CommandID) -> CommandOutput? {
        output(of: id).map {
            CommandOutput(
                lastOf: $0, path: directory(of: id).outputPath, isCut: $0.utf8.count >= ExecStep.outputLimit)
        }
    }

    /// Where what is known about the command is.
    package func path(of id: CommandID) -> String { "\(folder)/\(id).\(journal)" }

    private func directory(of id: CommandID) -> CommandDirectory { CommandDirectory(path: path(of: id)) }

    private static func isTooLate(_ start: CommandStart) -> Bool { HostClock.now().uptime > start.notAfter.uptime }

    private func launch(
        _ command: [String], _ facts: [String: String], timeout: Duration, in directory: CommandDirectory
    ) throws(DurableFile.Failure) -> Int32 {
        var environment: [String: String] = [:]
        for name in Self.inherited { environment[name] = self.environment[name] }
        for (name, value) in facts where name.hasPrefix("NAGI_") { environment[name] = value }
        let arguments =
            ["exec-step", "--dir", directory.path, "--working-directory", policyDirectory]
            + ["--timeout", String(timeout.inSeconds), "--"] + command
        return try ProcessLaunch(
            program: executable, name: "nagi", arguments: arguments, environment: environment, output: nil
        )
        .start()
    }

    /// - Parameters:
    ///   - child: the pid of exec-step where this process started it, so that it must be reaped.
    ///   - timeout: from when the command's own process started, whoever waits for it and since when.
    private func outcome(in directory: CommandDirectory, child: Int32?, timeout: Duration) async -> CommandOutcome? {
        var unreaped = child
        let begun = HostClock.now().uptime
        // exec-step ends the command at its timeout; where it has itself come to harm, this is the only one who does.
        var ending: CommandOutcome?
        defer {
            if let pid = unreaped { Self.reapLater(pid) }
        }
        while true {
            if let pid = unreaped, Self.hasEnded(pid) { unreaped = nil }
            let started = directory.started()
            let isRunning = unreaped != nil || started?.runner.isAlive == true
            // Looked at after the process: whatever it wrote before it ended is seen here.
            if let outcome = directory.outcome() { return outcome }
            let now = HostClock.now().uptime
            if !isRunning {
                if let command = started?.command, command.isAlive {
                    let isOver = command.startedAt + timeout <= now
                    if isOver || directory.isEndAsked {
                        ending = isOver ? .timedOut : .stopped
                        kill(-command.pid, SIGKILL)
                    }
                } else if started != nil {
                    return ending ?? .interrupted
                } else if child != nil {
                    return directory.isClaimed ? .interrupted : .notStarted("exec-step did not begin")
                } else if begun + Self.startLimit <= now {
                    // One that is only slow writes that it has started, and then looks whether it is to end.
                    if (try? DurableFile.claim(directory.endPath)) != nil, directory.started() == nil {
                        return .interrupted
                    }
                }
            }
            do {
                try await Task.sleep(for: Self.pollInterval)
            } catch {
                return nil
            }
        }
    }

    /// Removes the oldest directories of commands that are over; another journal's are older than any of this one.
    private func prune() {
        let entries = directoryEntries(folder).compactMap { name -> (isOwn: Bool, number: Int, name: String)? in
            guard name.hasPrefix("command-") else { return nil }
            let parts = name.dropFirst("command-".count).split(separator: ".", maxSplits: 1)
            guard let number = parts.first.flatMap({ Int($0) }) else { return nil }
            return (parts.last.map { $0 == journal } ?? false, number, name)
        }.sorted { a, b in
            a.isOwn == b.isOwn ? (a.number, a.name) < (b.number, b.name) : b.isOwn
        }
        for entry in entries.dropLast(Self.kept) {
            let directory = CommandDirectory(path: folder + "/" + entry.name)
            guard directory.outcome() != nil || directory.started()?.runner.isAlive != true else { continue }
            directory.remove()
        }
    }

    private static func hasEnded(_ pid: Int32) -> Bool {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) != 0
    }

    /// exec-step stays for as long as something of the command's prints; nobody waits for that here.
    private static func reapLater(_ pid: Int32) {
        Task {
            while !hasEnded(pid) { try? await Task.sleep(for: .seconds(1)) }
        }
    }
}
