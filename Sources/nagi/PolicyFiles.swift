import Daemon
import Foundation
import PolicyFile
import Primitives
import Scheduling

/// The policies that the daemon was given, read afresh each time.
struct PolicyFiles: Sendable {
    let path: String
    /// Where relative commands and secret files start. Absolute.
    let directory: String
    let absolutePath: String

    init(path: String) {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        var isDirectory: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
        self.path = path
        absolutePath = url.path
        directory = exists && !isDirectory.boolValue ? url.deletingLastPathComponent().path : url.path
    }

    /// Everything that is right: to look at, to plan with. Windows are looked at from now on.
    func read() -> PolicyReading { reading(now: HostClock.now().wall) }

    /// As `read()`, for verbs that can do nothing without a set: exit code 2 where a path cannot be read, 1 where a policy
    /// is wrong.
    func validSet() throws -> PolicySet { try valid().set }

    /// The set, and the documents as they are written.
    func valid() throws -> (set: PolicySet, written: WrittenPolicies?) {
        let reading = read()
        if let set = reading.set { return (set, reading.written) }
        let isUnreadable = PolicyDirectory.scan([path]).faults.contains { $0.code == .unreadableFile }
        // That is all of it but for the notes.
        throw Refusal(isUnreadable ? .usage : .no, reading.messages.joined(separator: "\n"))
    }

    /// For a daemon, to which a window that is over is no fault.
    func readToAct() -> PolicyReading { reading(now: nil) }

    private func reading(now: Timestamp?) -> PolicyReading {
        let contents = PolicyDirectory.scan([path])
        let parsed = parsePolicies(
            contents.sources, zones: HostZones.catalog(), calendarFiles: PolicyDirectory.calendarFiles,
            programs: PolicyDirectory.programs, now: now)
        let diagnostics = (contents.faults + parsed.diagnostics).sorted()
        let isWrong = diagnostics.contains { $0.severity == .error }
        return PolicyReading(
            set: isWrong ? nil : parsed.set,
            messages: diagnostics.filter { $0.severity != .note }.map {
                $0.rendered().trimmingCharacters(in: .newlines)
            }, written: parsed.written)
    }
}
