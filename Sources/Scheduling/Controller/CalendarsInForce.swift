import Calendars
import Primitives

/// The calendars of the policies in force, compiled once, and what they say now.
struct CalendarsInForce: Sendable {
    struct Entry: Sendable {
        let policy: Policy
        let calendar: PolicyCalendar
        /// The calendar of the run that is not over: what it pinned, and the current exclusions.
        var pinned: (run: RunID, calendar: PolicyCalendar)?
        /// What the run pinned was "at any time".
        var isPinnedUnbounded: Bool
        /// When it may next answer differently.
        var nextCheck = Timestamp.distantPast
    }

    /// In the order of the policies.
    private(set) var entries: [Entry] = []
    private(set) var places: [String: Int] = [:]
    /// Policies that are suspended: as a rule none.
    private(set) var suspended: [Policy] = []
    /// Of clusters with exclusions of their own, by name.
    private var clusters: [String: PolicyCalendar] = [:]
    /// The earliest of all.
    var nextCheck: Timestamp { queue.first?.at ?? .distantFuture }
    /// When which is to be asked; one that says something else than the entry is out of date.
    private var queue = Heap<Check>()
    private var checkedAt = Timestamp.distantPast

    private struct Check: Comparable, Sendable {
        let at: Timestamp
        let place: Int

        static func < (a: Check, b: Check) -> Bool { a.at == b.at ? a.place < b.place : a.at < b.at }
    }

    /// Calendars are asked again at least this often, whatever they said.
    static let longestRest = Duration.days(1)
    /// So long before a window opens the nodes are read once more.
    static let lead = Duration.seconds(2)

    init() {}

    init(_ set: PolicySet) {
        entries = set.policies.map {
            Entry(policy: $0, calendar: set.calendar(of: $0), isPinnedUnbounded: $0.schedule.isUnbounded)
        }
        for (place, entry) in entries.enumerated() { places[entry.policy.name] = place }
        suspended = set.policies.filter(\.isSuspended)
        for cluster in set.clusters where !cluster.exclusions.isEmpty {
            clusters[cluster.name] = set.calendar(of: cluster)
        }
        checkAll()
    }

    func policy(_ name: String) -> Policy? { places[name].map { entries[$0].policy } }

    /// Something else than time may change what one of them says.
    mutating func check(_ policy: String) {
        if let place = places[policy] { check(place, at: .distantPast) }
    }

    private mutating func check(_ place: Int, at instant: Timestamp) {
        entries[place].nextCheck = instant
        queue.insert(Check(at: instant, place: place))
        while let first = queue.first, entries[first.place].nextCheck != first.at { _ = queue.popFirst() }
    }

    mutating func checkAll() {
        queue.removeAll()
        for place in entries.indices { check(place, at: .distantPast) }
    }

    /// Those that have to be asked now; all of them where the wall clock went back.
    mutating func due(at now: Timestamp) -> [Int] {
        if now < checkedAt { checkAll() }
        guard now >= nextCheck else { return [] }
        checkedAt = now
        var due: [Int] = []
        while let check = queue.popFirst(where: { $0.at <= now }) {
            if entries[check.place].nextCheck == check.at, due.last != check.place { due.append(check.place) }
        }
        return due.sorted()
    }

    mutating func rest(_ place: Int, until instant: Timestamp, from now: Timestamp) {
        check(place, at: min(max(instant, now + .nanoseconds(1)), now + CalendarsInForce.longestRest))
    }

    mutating func pin(
        _ place: Int, _ pinned: (run: RunID, calendar: PolicyCalendar)?, isUnbounded: Bool? = nil
    ) {
        entries[place].pinned = pinned
        entries[place].isPinnedUnbounded = isUnbounded ?? (pinned == nil && entries[place].policy.schedule.isUnbounded)
    }

    /// A run acts where what it pinned and what the policy says now are both open.
    func clearance(of place: Int, origin: Run.Origin, at now: Timestamp) -> Clearance {
        let entry = entries[place]
        var end = Timestamp.distantFuture
        if case .window(_, let span) = origin { end = span.end }
        // First: what goes on after its window's end does not go on in a freeze.
        if let taken = entry.calendar.isExcluded(at: now) {
            let over = endOfExclusions(from: taken.span.end, place)
            return .closed(
                .init(cause: .excluded(by: taken.by, reason: taken.reason), until: over, reopens: over < end))
        }
        if case .window(_, let span) = origin {
            guard now < span.end else { return .closed(.init(cause: .outsideWindow, reopens: false)) }
            guard now >= span.start else {
                return .closed(.init(cause: .outsideWindow, until: span.start, reopens: true))
            }
        }
        let pinned = entry.pinned?.calendar ?? entry.calendar
        guard let a = pinned.opening(at: now), let b = entry.calendar.opening(at: now) else {
            let next = nextCommonOpening(pinned, entry.calendar, after: now)
            let isInTime = next.map { $0 < end } ?? (end == .distantFuture)
            return .closed(.init(cause: .outsideWindow, until: isInTime ? next : nil, reopens: isInTime))
        }
        // The turn of a year is a cut for the sake of the search only.
        for (opening, isUnbounded) in [(a, entry.isPinnedUnbounded), (b, entry.policy.schedule.isUnbounded)] {
            end = min(end, isUnbounded ? entry.calendar.isExcluded(at: opening.end)?.span.start ?? end : opening.end)
        }
        return .open(until: end == .distantFuture ? nil : end)
    }

    /// What keeps a policy shut though a window may be open, and until when.
    func exclusion(of place: Int, at now: Timestamp) -> (by: String, reason: String?, until: Timestamp?)? {
        guard let taken = entries[place].calendar.isExcluded(at: now) else { return nil }
        let end = endOfExclusions(from: taken.span.end, place)
        return (taken.by, taken.reason, end == .distantFuture ? nil : end)
    }

    /// Exclusions that touch are one.
    private func endOfExclusions(from first: Timestamp, _ place: Int) -> Timestamp {
        var end = first
        for _ in 0..<CalendarsInForce.searchLimit {
            guard let next = entries[place].calendar.isExcluded(at: end) else { break }
            end = next.span.end
        }
        return end
    }

    /// What forbids everybody to take nodes of the cluster out now.
    func exclusion(of cluster: String, at now: Timestamp) -> TakenAway? {
        clusters[cluster]?.isExcluded(at: now)
    }

    /// When the windows of the policy and of the run, inside which it is now, end, whatever the exclusions; nil: it is
    /// outside of them.
    func endOfWindows(_ place: Int, origin: Run.Origin, at now: Timestamp) -> Timestamp? {
        if case .window(_, let span) = origin { return span.contains(now) ? span.end : nil }
        let entry = entries[place]
        var end = Timestamp.distantFuture
        for calendar in [entry.calendar] + (entry.pinned.map { [$0.calendar] } ?? []) {
            guard let span = calendar.containing(at: now)?.span else { return nil }
            end = min(end, span.end)
        }
        return entry.policy.schedule.isUnbounded ? .distantFuture : end
    }

    /// When both are next open; nil: not in sight.
    private func nextCommonOpening(_ a: PolicyCalendar, _ b: PolicyCalendar, after now: Timestamp) -> Timestamp? {
        var instant = now
        for _ in 0..<CalendarsInForce.searchLimit {
            guard let first = a.opening(at: instant) == nil ? a.nextOpening(after: instant)?.start : instant,
                let second = b.opening(at: first) == nil ? b.nextOpening(after: first)?.start : first
            else { return nil }
            if second > now, a.opening(at: second) != nil { return second }
            instant = max(second, instant + .nanoseconds(1))
        }
        return nil
    }

    private static let searchLimit = 64

    /// When the run's clearance, or that of the policy's next, may change.
    func nextChange(of place: Int, origin: Run.Origin?, at now: Timestamp) -> Timestamp {
        let entry = entries[place]
        var next = entry.calendar.nextChange(after: now) ?? .distantFuture
        if let pinned = entry.pinned?.calendar.nextChange(after: now) { next = min(next, pinned) }
        // A run may be let out of its windows: then only a freeze stands in its way.
        if origin != nil,
            let edge = entry.calendar.nextExclusionChange(after: now, within: CalendarsInForce.longestRest)
        {
            next = min(next, edge)
        }
        if case .window(_, let span)? = origin, now < span.end {
            next = min(next, now < span.start ? span.start : span.end)
        }
        // Nodes are read once more before a known opening.
        return next - CalendarsInForce.lead > now ? next - CalendarsInForce.lead : next
    }

    /// Whether a window of the policy opens within the lead.
    func isAboutToOpen(_ place: Int, at now: Timestamp) -> Bool {
        let calendar = entries[place].calendar
        guard calendar.opening(at: now) == nil, let next = calendar.nextOpening(after: now)?.start else { return false }
        return next - now <= CalendarsInForce.lead
    }
}
