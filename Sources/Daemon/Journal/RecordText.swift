import Primitives
import Scheduling

/// Journal records as lines of the daemon's log.
public enum RecordText {
    /// Longer lines are cut.
    static let limit = 1000

    /// `02:31:04 node-02  ChangeMode block_new_session (claim)`; nil for what only a program wants to know. Control and
    /// direction characters, which may come from a node or a policy, are replaced.
    public static func line(_ record: Record) -> String? {
        guard let text = record.text else { return nil }
        let clean = "\(record.at.wall.hostTimeOfDay) \(text)".unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "?" : Character(scalar)
        }
        return String(clean.prefix(limit))
    }
}
