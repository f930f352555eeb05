import Foundation
import Glibc
import Synchronization
import TestSupport

/// One start of the built program. What it prints goes to files: no pipe fills up, and a failed test can show it.
final class Program: Sendable {
    /// Beside the tests; where these were started in another way, in the package's release build.
    static let path: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folders = [
            Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent(),
            package.appendingPathComponent(".build/release"),
        ]
        let places = folders.map { $0.appendingPathComponent("nagi").path }
        return places.first { FileManager.default.isExecutableFile(atPath: $0) } ?? places[places.count - 1]
    }()

    let output: URL
    let errors: URL
    let pid: Int32
    private let name: String
    /// The exit status once it has ended; of a process that a signal ended, the signal's number as a negative one.
    private let status = Mutex<Int32?>(nil)

    struct NotStarted: Error, CustomStringConvertible {
        var description: String
    }

    /// - Parameters:
    ///   - program: absolute; the built nagi unless given.
    ///   - directory: takes the files of its output, and is its working directory and its home.
    ///   - name: of these files.
    ///   - further: variables beside the few that are always set.
    init(
        _ arguments: [String], program: String = Program.path, in directory: URL, name: String,
        environment further: [String: String] = [:]
    ) throws {
        self.name = ([URL(fileURLWithPath: program).lastPathComponent] + arguments.prefix(1)).joined(separator: " ")
        output = directory.appendingPathComponent(name + ".out")
        errors = directory.appendingPathComponent(name + ".err")
        let environment =
            [
                "HOME=\(directory.path)", "PATH=\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
                "TZ=UTC",
                "LANG=C.UTF-8",
            ] + further.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        // Not Foundation's Process: started some two hundred times in one test process, it crashed in its own `run`.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let writing = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output.path, writing, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors.path, writing, 0o600)
        Self.keepOpenFilesToOneself()

        var started: pid_t = 0
        // `env -C` changes the directory and then becomes the program.
        let code = Self.withCStrings(["env", "-C", directory.path, program] + arguments) { argv in
            Self.withCStrings(environment) { envp in
                posix_spawn(&started, "/usr/bin/env", &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw NotStarted(description: "\(program): \(String(cString: strerror(code)))") }
        pid = started
    }

    var isRunning: Bool { endStatus == nil }
    var outputText: String { text(of: output) }
    var errorText: String { text(of: errors) }

    /// Does nothing to a process that has ended: its id may be another's by now.
    func send(_ signal: Int32) {
        status.withLock { status in
            status = status ?? Self.reap(pid)
            if status == nil { kill(pid, signal) }
        }
    }

    /// - Returns: the exit status; of a process that a signal ended, the signal's number as a negative one.
    func ended(within limit: Duration) async throws -> Int32 {
        try await eventually("\(name) ends", within: limit, every: .milliseconds(10)) { endStatus }
    }

    private var endStatus: Int32? {
        status.withLock { status in
            status = status ?? Self.reap(pid)
            return status
        }
    }

    /// The low seven bits are the signal, the second byte is the exit status.
    private static func reap(_ pid: Int32) -> Int32? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : -signal
    }

    /// Sockets of tests that run beside these must not stay open in a program.
    private static func keepOpenFilesToOneself() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            let flags = fcntl(descriptor, F_GETFD)
            if flags >= 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
        }
    }

    /// The texts as a null-terminated array of C strings, valid during `body`.
    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let strings = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { strings[index] = strdup(text) }
        strings[texts.count] = nil
        defer {
            for index in texts.indices { free(strings[index]) }
            strings.deallocate()
        }
        return body(strings)
    }

    private func text(of file: URL) -> String {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
}

/// What did not come to be in time.
struct TimedOut: Error, CustomStringConvertible {
    var what: String
    var limit: Duration

    var description: String { "not within \(limit): \(what)" }
}

/// Asks until there is an answer.
func eventually<Answer>(
    _ what: String, within limit: Duration, every interval: Duration = .milliseconds(50),
    _ probe: () async throws -> Answer?
) async throws -> Answer {
    guard let answer = try await Patience.answer(within: limit, every: interval, probe) else {
        throw TimedOut(what: what, limit: limit)
    }
    return answer
}
