import Calendars
import Primitives
import Scheduling

/// The zone in which instants are shown: the one that all policies use, or UTC where there is none or more than one.
package struct DisplayZone: Hashable, Sendable {
    package let rules: ZoneRules
    /// The windows of the policies are in more than one zone: a local time could mean any of them.
    package let isAmbiguous: Bool

    package static let utc = DisplayZone(rules: .utc)

    package init(rules: ZoneRules) {
        self.rules = rules
        isAmbiguous = false
    }

    package init(of set: PolicySet) { self.init(of: [set]) }

    package init(of sets: [PolicySet]) {
        let names = Set(sets.flatMap(\.policies).flatMap(\.schedule.windows).map(\.timeZone))
        let only = names.count == 1 ? names.first : nil
        rules = only.flatMap { name in sets.lazy.compactMap { $0.zones[name] }.first } ?? .utc
        isAmbiguous = names.count > 1
    }

    /// `2026-11-29T02:41:07+09:00`; fractions of a second are cut off.
    package func text(_ instant: Timestamp) -> String { rules.text(Timestamp(seconds: instant.seconds)) }

    /// RFC 3339, or a local date and time of this zone, or a local date for its midnight; nil where it is none of them.
    package func instant(_ text: String) -> Timestamp? {
        if let instant = Timestamp(rfc3339: text) { return instant }
        // The seconds may be left out before an offset as well.
        if let instant = Timestamp(rfc3339: "\(text.prefix(16)):00\(text.dropFirst(16))") { return instant }
        return localTime(text).flatMap { rules.resolve($0, DSTRule()) }
    }

    /// Whether the text needs this zone to be understood.
    package func isLocal(_ text: String) -> Bool { localTime(text) != nil }

    private func localTime(_ text: String) -> LocalDateTime? {
        LocalDateTime(text.contains(":") ? text : text + "T00:00")
    }
}
