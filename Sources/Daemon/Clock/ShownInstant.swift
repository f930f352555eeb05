import Calendars
import Primitives

/// An instant for people, beside the instant at which they look: no date where it is today, and how far it is.
package struct ShownInstant: Hashable, Sendable {
    private let instant: Timestamp
    private let local: LocalDateTime
    private let now: Timestamp
    private let today: LocalDate

    /// - Parameters:
    ///   - text: RFC 3339 with the offset of the zone in which it is shown.
    ///   - now: as that, when people look.
    package init?(_ text: String, now: String) {
        guard let instant = Timestamp(rfc3339: text), let local = LocalDateTime(text.prefix(19)),
            let at = Timestamp(rfc3339: now), let today = LocalDateTime(now.prefix(19))?.date
        else { return nil }
        self.instant = instant
        self.local = local
        self.now = at
        self.today = today
    }

    /// - Parameter now: when people look; its day is that of the zone in which the instant is shown.
    package init?(_ text: String, at now: Timestamp) {
        guard let instant = Timestamp(rfc3339: text), let asUTC = Timestamp(rfc3339: "\(text.prefix(19))Z") else {
            return nil
        }
        let offset = asUTC - Timestamp(seconds: instant.seconds)
        let local = ZoneRules.utc.text(Timestamp(seconds: (now + offset).seconds))
        let shown = ZoneRules.utc.text(Timestamp(seconds: asUTC.seconds))
        self.init(shown, now: local)
    }

    /// How much later it is than now; negative: it is over.
    package var distance: Duration { instant - now }

    /// `02:31:04`, `Tue 2026-12-01 01:00` where it is not today. Seconds are never cut off: where there are none, it is the
    /// full minute of another day.
    package var clock: String {
        local.date == today
            ? String(ZoneRules.utc.text(Timestamp(seconds: local.seconds)).dropFirst(11).prefix(8))
            : "\(local.date.shownWeekday) \(local.description.replacing("T", with: " "))"
    }

    /// `02:31:04`, or with the date and how far it is: `Tue 2026-12-01 01:00 (in 2d 3h)`.
    package var ahead: String {
        local.date == today || distance <= .zero ? clock : "\(clock) (in \(ShownInstant.rough(distance)))"
    }

    /// `9m`, `2d 3h`: the two largest units, in minutes from ten of them on.
    package static func rough(_ length: Duration) -> String {
        let seconds = max(0, Int(length.nanoseconds / 1_000_000_000))
        let rounded =
            switch seconds {
            case ..<600: seconds
            case ..<86_400: seconds / 60 * 60
            default: seconds / 3600 * 3600
            }
        return Duration.seconds(rounded).spoken
    }

    /// What is left until then.
    package var left: String { ShownInstant.rough(distance) }

    /// `02:41:07` in the zone of another instant's text; in UTC where there is none, and says so.
    package static func time(of instant: Timestamp, inZoneOf text: String?) -> String {
        guard let text, let at = Timestamp(rfc3339: text), let asUTC = Timestamp(rfc3339: "\(text.prefix(19))Z")
        else { return "\(ZoneRules.utc.text(Timestamp(seconds: instant.seconds)).dropFirst(11).prefix(8)) UTC" }
        let shifted = Timestamp(seconds: (instant + (asUTC - at)).seconds)
        return String(ZoneRules.utc.text(shifted).dropFirst(11).prefix(8))
    }

    /// `Sun 2026-11-29 02:41:07 +09:00`.
    package static func whole(_ text: String) -> String {
        guard let local = LocalDateTime(text.prefix(19)) else { return text }
        let offset = text.hasSuffix("Z") ? "+00:00" : String(text.suffix(6))
        return "\(local.date.shownWeekday) \(local.date) \(text.dropFirst(11).prefix(8)) \(offset)"
    }
}

extension LocalDate {
    fileprivate var shownWeekday: String {
        let name = weekday.rawValue
        return name.prefix(1).uppercased() + name.dropFirst()
    }
}
