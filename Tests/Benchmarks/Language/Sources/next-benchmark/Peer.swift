import Foundation

/// Another program that answers the same questions, kept running between the rounds.
final class Peer {
    let name: String
    let answers: [Int64]
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle
    private let count: Int

    /// Why there is no such peer.
    struct Absent: Error {
        var reason: String
    }

    /// Starts it, and waits until it has answered every query once.
    init(_ name: String, _ command: [String], queries: URL, count: Int) throws {
        self.name = name
        self.count = count
        let (input, output, process) = (Pipe(), Pipe(), Process())
        let file = queries.deletingLastPathComponent().appendingPathComponent("answers-\(UUID().uuidString)")
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = command.dropFirst() + [queries.path, file.path, String(count)]
        process.standardInput = input
        process.standardOutput = output
        guard FileManager.default.isExecutableFile(atPath: command[0]) else {
            throw Absent(reason: "\(command[0]) is not there")
        }
        try process.run()
        self.process = process
        self.input = input.fileHandleForWriting
        self.output = output.fileHandleForReading
        guard Peer.line(self.output) == "ready" else { throw Absent(reason: "it did not start") }
        answers = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { Int64($0) }
    }

    /// Queries per second in one round.
    func round() -> Double {
        input.write(Data("\n".utf8))
        guard let nanoseconds = Double(Peer.line(output)), nanoseconds > 0 else { return 0 }
        return Double(count) / nanoseconds * 1e9
    }

    func end() {
        try? input.close()
        process.waitUntilExit()
    }

    private static func line(_ output: FileHandle) -> String {
        var line = Data()
        while let byte = try? output.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) { line += byte }
        return String(decoding: line, as: UTF8.self)
    }
}
