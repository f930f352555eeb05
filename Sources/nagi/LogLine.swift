import Foundation

/// The daemon's log on standard output.
enum LogLine {
    /// Written at once and whole, so that a reader of a pipe or a file is never behind.
    static func write(_ line: String) {
        // A log that nobody takes any more must not end the daemon.
        try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
    }
}
