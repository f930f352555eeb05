import Foundation
import Glibc
import Scheduling

/// The directory of one command: what is known about it whoever dies. Written by `exec-step`, read by the daemon.
///
/// `claim` is made by whoever decides first: `exec-step` as it begins, or a daemon that wants it never to begin.
/// `end` is made by a daemon that wants it ended. `started` then says who runs it, and `outcome` how it ended. `output` holds the start of what it printed.
struct CommandDirectory: Hashable, Sendable {
    static let fileLimit = 64 << 10

    var path: String

    var claimPath: String { path + "/claim" }
    var startedPath: String { path + "/started" }
    var outcomePath: String { path + "/outcome" }
    var endPath: String { path + "/end" }
    var outputPath: String { path + "/output" }

    /// Who runs the command.
    struct Started: Hashable, Codable {
        var runner: ProcessIdentity
        /// Nil until the command's own process exists.
        var command: ProcessIdentity?
    }

    var exists: Bool { access(path, F_OK) == 0 }
    /// Whoever runs it is to end it.
    var isEndAsked: Bool { access(endPath, F_OK) == 0 }
    var isClaimed: Bool { access(claimPath, F_OK) == 0 }

    func outcome() -> CommandOutcome? { decoded(CommandOutcome.self, outcomePath) }
    func started() -> Started? { decoded(Started.self, startedPath) }

    func write(_ outcome: CommandOutcome) throws {
        try DurableFile.write(try encoded(outcome), to: outcomePath)
    }

    func write(_ started: Started) throws {
        try DurableFile.write(try encoded(started), to: startedPath)
    }

    func make() throws(DurableFile.Failure) {
        guard mkdir(path, 0o700) == 0 else { throw DurableFile.Failure("mkdir") }
        try DurableFile.syncDirectory(of: path)
    }

    func remove() {
        for name in directoryEntries(path) { unlink(path + "/" + name) }
        rmdir(path)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ path: String) -> Value? {
        guard let bytes = (try? DurableFile.read(path, limit: Self.fileLimit)) ?? nil else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }

    private func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(value))
    }
}
