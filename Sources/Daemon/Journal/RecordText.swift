import Primitives
import Scheduling

/// Journal records as lines of the daemon's log.
package enum RecordText {
    /// Longer lines are cut.
    static let limit = 1000

    /// `02:31:04 node-02  ChangeMode block_new_session (claim)`; nil for what only a program wants to know.
    package static func line(_ record: Record) -> String? {
        record.text.map { String("\(record.at.wall.hostTimeOfDay) \($0)".plain.prefix(limit)) }
    }
}
