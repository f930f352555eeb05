import Calendars
import Primitives

/// The next opening of each policy that has windows, looked up once and again when it is over.
package struct SoonWindows: Sendable {
    /// How long before it opens people are told.
    package static let ahead = Duration.minutes(30)
    /// A policy that does not open in sight is looked at again after so long.
    private static let patience = Duration.days(1)

    private struct Entry: Sendable {
        var policy: Policy
        var calendar: PolicyCalendar
        var opening: Opening?
        /// Not looked at before.
        var next: Timestamp
    }

    private var entries: [Entry] = []
    private var lastAsked: Timestamp?

    package init(_ set: PolicySet) {
        entries = set.policies.filter { !$0.isSuspended && !$0.schedule.isUnbounded }.map {
            Entry(policy: $0, calendar: set.calendar(of: $0), opening: nil, next: .distantPast)
        }
    }

    /// What opens within half an hour, the first of them first.
    ///
    /// - Parameters:
    ///   - isIdle: a policy that has nothing to do in its windows: nobody is told of those.
    ///   - clock: how an instant is shown.
    package mutating func notices(
        at now: Timestamp, isIdle: (Policy) -> Bool = { _ in false }, clock: (Timestamp) -> String
    ) -> [Notice] {
        // A clock that was put back makes what was looked up too late.
        if let lastAsked, now < lastAsked { for index in entries.indices { entries[index].next = .distantPast } }
        lastAsked = now
        for index in entries.indices where entries[index].next <= now {
            let opening = entries[index].calendar.nextOpening(after: now)
            entries[index].opening = opening
            entries[index].next = opening.map { min($0.start, now + Self.patience) } ?? now + Self.patience
        }
        let soon = entries.compactMap { entry -> (policy: Policy, opening: Opening)? in
            guard let opening = entry.opening, opening.start > now, opening.start - now <= Self.ahead else {
                return nil
            }
            return isIdle(entry.policy) ? nil : (entry.policy, opening)
        }
        return soon.sorted { ($0.opening.start, $0.policy.name) < ($1.opening.start, $1.policy.name) }.map {
            Notice($0.policy, $0.opening, at: now, clock)
        }
    }
}

extension Notice {
    fileprivate init(_ policy: Policy, _ opening: Opening, at now: Timestamp, _ clock: (Timestamp) -> String) {
        cause = .occasion(.windowSoon)
        at = now
        since = now
        severity = .info
        let seconds = Int(((opening.start - now).nanoseconds + 999_999_999) / 1_000_000_000)
        let left = Duration.seconds(seconds < 60 ? seconds : (seconds + 59) / 60 * 60)
        title = "\(policy.name) opens in \(left.spoken)"
        text =
            "window \(opening.occurrence.window) of \(policy.name) opens at \(clock(opening.start))"
            + (opening.end == .distantFuture ? "" : ", until \(clock(opening.end))")
        hint = "nagi plan shows what it will do; nagi pause stops everything"
        cluster = policy.cluster
        self.policy = policy.name
        once = .window("\(opening.occurrence)", opening.start)
    }
}
