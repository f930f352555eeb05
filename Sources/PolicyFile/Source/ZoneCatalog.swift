import Calendars
import Scheduling

/// The time zones that the caller knows. The parser asks nobody else: no files, no host settings.
package struct ZoneCatalog: Sendable {
    /// Every name, sorted; for "did you mean".
    package var names: [String]
    /// The version of the time zone data, `2025b`, where it is known.
    package var version: String?
    /// The rules of a zone, nil where there is none of that name.
    package var rules: @Sendable (String) -> ZoneRules?

    package init(names: [String], version: String? = nil, rules: @escaping @Sendable (String) -> ZoneRules?) {
        self.names = names
        self.version = version
        self.rules = rules
    }

    /// A catalog of these zones and no others.
    package init(_ zones: [ZoneRules], version: String? = nil) {
        let byName = Dictionary(zones.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.init(names: byName.keys.sorted(), version: version) { byName[$0] }
    }
}
