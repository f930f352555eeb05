import Foundation
import Glibc

/// The built program, and one start of it. What it prints goes to files, so that no pipe fills up and a failed test can show it.
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
    private let process = Process()

    /// - Parameters:
    ///   - program: absolute; the built nagi unless given.
    ///   - directory: takes the files of its output, and is its working directory and its home.
    ///   - name: of these files.
    init(
        _ arguments: [String], program: String = Program.path, in directory: URL, name: String,
        environment: [String: String] = [:]
    ) throws {
        output = directory.appendingPathComponent(name + ".out")
        errors = directory.appendingPathComponent(name + ".err")
        for file in [output, errors] { try Data().write(to: file) }
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        let base = [
            "HOME": directory.path, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "TZ": "UTC", "LANG": "C.UTF-8",
        ]
        process.environment = base.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    var outputText: String { text(of: output) }
    var errorText: String { text(of: errors) }

    func send(_ signal: Int32) {
        if isRunning { kill(pid, signal) }
    }

    /// - Returns: the exit status; of a process that a signal ended, the signal's number as a negative one.
    func ended(within limit: Duration) async throws -> Int32 {
        try await eventually(
            "\(process.arguments?.first ?? "the program") ends", within: limit, every: .milliseconds(10)
        ) {
            isRunning ? nil : ()
        }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
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
    let end = ContinuousClock.now + limit
    while true {
        if let answer = try await probe() { return answer }
        guard ContinuousClock.now < end else { throw TimedOut(what: what, limit: limit) }
        try await Task.sleep(for: interval)
    }
}
