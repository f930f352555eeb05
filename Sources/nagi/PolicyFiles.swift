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
        PolicyReading(set: nil, messages: ["policies cannot be read yet"])
    }
}
