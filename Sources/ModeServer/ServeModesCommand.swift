import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// How a mode server that runs by itself tells where its nodes are.
package enum ServeModesFormat: String, Sendable, CaseIterable {
    /// Columns for people.
    case table
    /// One line of JSON for programs. The log goes to standard error then, unless it has a file.
    case json
}

/// Serves modes until SIGTERM or SIGINT, then ends gracefully: the last lines of the log are a summary.
///
/// - Parameter logPath: file that the log is appended to; nil is standard output.
package func serveModes(
    _ settings: ModeServerSettings, format: ServeModesFormat = .table, logPath: String? = nil
) async throws {
    let output = FileHandle.standardOutput
    let log = try logPath.map(openLog) ?? (format == .json ? .standardError : output)
    let server = try ModeServer(settings) { lines in
        write(lines.joined(separator: "\n") + "\n", to: log)
    } onReady: { addresses in
        write((format == .json ? addresses.json : addresses.table) + "\n", to: output)
    }
    try await ServiceGroup(
        services: [server], gracefulShutdownSignals: [.sigterm, .sigint],
        logger: Logger(label: "nagi.serve-modes") { _ in SwiftLogNoOpLogHandler() }
    ).run()
}

private func openLog(_ path: String) throws(ModeServerError) -> FileHandle {
    if !FileManager.default.fileExists(atPath: path) {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    do {
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        _ = try handle.seekToEnd()
        return handle
    } catch {
        throw .cannotWriteLog(path: path, reason: error.localizedDescription)
    }
}

/// A reader that went away does not stop the server.
private func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
}
