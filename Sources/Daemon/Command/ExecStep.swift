import Glibc
import Primitives
import Scheduling

/// Runs one command on behalf of the daemon and outlives it: `nagi exec-step`.
///
/// What it writes into the command's directory is durable before the next thing happens, so that a daemon that
/// comes back finds the outcome, a live process, or neither.
package struct ExecStep {
    /// Bytes of the command's output that are kept.
    package static let outputLimit = 1 << 20
    /// From the polite signal to the one that cannot be ignored.
    static let graceSeconds: Double = 5
    private static let pollMilliseconds: Int32 = 10

    /// The command's directory, absolute.
    package var directory: String
    /// Where the command runs, and where a relative program starts. Absolute.
    package var workingDirectory: String
    package var timeout: Duration
    /// Program and arguments.
    package var command: [String]
    package var environment: [String: String]

    package init(
        directory: String, workingDirectory: String, timeout: Duration, command: [String], environment: [String: String]
    ) {
        self.directory = directory
        self.workingDirectory = workingDirectory
        self.timeout = timeout
        self.command = command
        self.environment = environment
    }

    /// - Returns: the exit code of `exec-step` itself: 0 if the outcome was written, 1 if the command was taken already
    ///   or the directory cannot be written.
    package func run() -> Int32 {
        // A hang-up or an interrupt of the daemon's terminal is not meant for the command.
        for number in [SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGQUIT] { signal(number, SIG_IGN) }
        let directory = CommandDirectory(path: directory)
        do {
            guard try DurableFile.claim(directory.claimPath) else { return 1 }
            guard let runner = ProcessIdentity(of: getpid()) else {
                try directory.write(.notStarted("/proc is not there"))
                return 0
            }
            try directory.write(CommandDirectory.Started(runner: runner, command: nil))
            try perform(in: directory, as: runner)
            return 0
        } catch {
            return 1
        }
    }

    private func perform(in directory: CommandDirectory, as runner: ProcessIdentity) throws {
        guard let program = command.first, !program.isEmpty else {
            return try directory.write(.notStarted("no program is given"))
        }
        guard chdir(workingDirectory) == 0 else {
            return try directory.write(.notStarted("\(String(cString: strerror(errno))): \(workingDirectory)"))
        }
        guard !directory.isEndAsked else { return try directory.write(.neverBegan) }
        let path = program.hasPrefix("/") ? program : workingDirectory + "/" + program
        let kept = open(directory.outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard kept >= 0 else { throw DurableFile.Failure("open") }
        defer { close(kept) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw DurableFile.Failure("pipe") }
        var output = CappedOutput(source: ends[0], file: kept, limit: Self.outputLimit)
        let launch = ProcessLaunch(
            program: path, arguments: Array(command.dropFirst()), environment: environment, output: ends[1])
        let pid: Int32
        do throws(DurableFile.Failure) {
            pid = try launch.start()
        } catch {
            close(ends[1])
            return try directory.write(.notStarted("\(String(cString: strerror(error.code))): \(path)"))
        }
        close(ends[1])
        do {
            try directory.write(CommandDirectory.Started(runner: runner, command: ProcessIdentity(of: pid)))
        } catch {
            // A command that no later daemon could find must not go on by itself.
            signalSession(pid, SIGKILL)
            throw error
        }
        let outcome = wait(for: pid, in: directory, output: &output)
        output.drainWhatIsThere()
        fsync(kept)
        try directory.write(outcome)
        // Something that the command left running in the background may still print: it would die of a closed pipe.
        output.drainToEnd()
    }

    private func wait(for pid: Int32, in directory: CommandDirectory, output: inout CappedOutput) -> CommandOutcome {
        let deadline = HostClock.now().uptime + timeout
        var killAt: Uptime?
        var early: CommandOutcome?
        while true {
            output.wait(milliseconds: Self.pollMilliseconds)
            if let status = Self.reap(pid) {
                if let early {
                    endSession(pid)
                    return early
                }
                return Self.outcome(of: status)
            }
            let now = HostClock.now().uptime
            if let end = killAt, end <= now {
                signalSession(pid, SIGKILL)
            } else if killAt == nil, deadline <= now || directory.isEndAsked {
                early = deadline <= now ? .timedOut : .stopped
                killAt = now + .seconds(Self.graceSeconds)
                signalSession(pid, SIGTERM)
            }
        }
    }

    /// Ends what the leader left behind: polite already asked, so it gets the rest of the grace time, then no choice.
    private func endSession(_ session: Int32) {
        let end = HostClock.now().uptime + .seconds(Self.graceSeconds)
        while isSessionAlive(session) {
            if end <= HostClock.now().uptime {
                signalSession(session, SIGKILL)
                return
            }
            usleep(20_000)
        }
    }

    private func isSessionAlive(_ session: Int32) -> Bool { !members(of: session).isEmpty }

    private func signalSession(_ session: Int32, _ number: Int32) {
        kill(-session, number)
        // A shell with job control gives its children process groups of their own within the session.
        for pid in members(of: session) { kill(pid, number) }
    }

    private func members(of session: Int32) -> [Int32] {
        ProcessStat.allProcesses().filter { pid in
            guard let stat = ProcessStat(of: pid) else { return false }
            return !stat.hasEnded && (stat.session == session || stat.group == session)
        }
    }

    private static func reap(_ pid: Int32) -> Int32? {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? status : nil
    }

    /// The status of `waitpid`: the low seven bits are the signal, the second byte is the exit status.
    private static func outcome(of status: Int32) -> CommandOutcome {
        let signal = status & 0x7F
        return signal == 0 ? .exited(status: Int(status >> 8 & 0xFF)) : .signalled(Int(signal))
    }
}
