import Daemon
import Foundation
import PolicyFile
import Scheduling

/// The policies that the daemon was given, read afresh each time.
struct PolicyFiles: Sendable {
    let path: String
    /// Where relative commands and secret files start. Absolute.
    let directory: String

    init(path: String) {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        self.path = path
        directory = exists && !isDirectory.boolValue ? url.deletingLastPathComponent().path : url.path
    }

    func read() -> PolicyReading {
        let contents = PolicyDirectory.scan([path])
        let parsed = parsePolicies(contents.sources, zones: HostZones.catalog())
        let diagnostics = (contents.faults + parsed.diagnostics).sorted()
        let isWrong = diagnostics.contains { $0.severity == .error }
        return PolicyReading(
            set: isWrong ? nil : parsed.set,
            messages: diagnostics.map { $0.rendered().trimmingCharacters(in: .newlines) })
    }
}
