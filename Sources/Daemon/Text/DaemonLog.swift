import Primitives
import Scheduling
import Synchronization

/// The daemon's log: lines with the instant, its offset, and who has to do something about them.
package final class DaemonLog: Sendable {
    /// Longer lines are cut.
    package static let limit = 1_000

    private let zone = Mutex(DisplayZone.utc)
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes one line, without its end.
    package init(_ write: @escaping @Sendable (String) -> Void) {
        self.write = write
    }

    /// Instants are written in this zone from now on.
    package func use(_ zone: DisplayZone) { self.zone.withLock { $0 = zone } }

    /// Something of the daemon's own; several lines are several lines.
    package func callAsFunction(_ text: String, _ severity: Severity = .info) {
        let now = HostClock.now().wall
        for line in text.split(whereSeparator: \.isNewline) { add(String(line), severity, at: now) }
    }

    /// One line, whatever is in it: a person's reason, or a node's answer, is no line of the log.
    package func add(_ line: String, _ severity: Severity, at instant: Timestamp) {
        write(Self.line(line, severity, at: instant, zone.withLock { $0 }))
    }

    /// `2026-11-29 02:31:04 +09:00 info  node-02  is block_new_session (asked and confirmed in 12 ms)`.
    package static func line(
        _ text: String, _ severity: Severity, at instant: Timestamp, _ zone: DisplayZone
    ) -> String {
        let written = zone.text(instant)
        let word = severity.rawValue + String(repeating: " ", count: 5 - severity.rawValue.count)
        return String(
            "\(written.prefix(10)) \(written.dropFirst(11).prefix(8)) \(written.suffix(6)) \(word) \(text)".plain
                .prefix(limit))
    }
}
