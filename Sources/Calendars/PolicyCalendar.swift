import Primitives

/// When one policy may act: its windows united, its exclusions subtracted. An exclusion always wins.
///
/// All spans are half-open. Overlapping or touching occurrences are one run, named by the first of them. Where a union
/// lasts longer than `longestUnionDays` (windows that touch for ever), it is cut at the first start in each calendar
/// year (UTC), so that the answer does not depend on how far one looks back.
///
/// A window whose zone is not among the rules never opens, and an exclusion whose zone is not among them excludes
/// always: what cannot be computed must not let anything happen. `missingZones` says so.
public struct PolicyCalendar: Hashable, Sendable {
    public static let longestUnionDays = 400
    /// As many occurrences as one call answers.
    public static let largestAnswer = 100_000

    public let policy: String
    /// Names of zones without rules, sorted.
    public let missingZones: [String]

    /// By name, so that answers do not depend on the order in the policy.
    private let windows: [WindowCalendar]
    private let exclusions: [ExclusionCalendar]
    /// An exclusion that cannot be computed.
    private let permanentExclusion: TakenAway?
    /// Its only window is every day of UTC, from midnight to midnight: nothing has to be searched to know that.
    private let isUnbroken: Bool

    private struct ExclusionCalendar: Hashable {
        var calendar: WindowCalendar
        var reason: String?
    }

    public init(policy: String, windows: [Window], exclusions: [Exclusion], zones: [String: ZoneRules]) {
        self.policy = policy
        var missing: Set<String> = []
        var compiled: [WindowCalendar] = []
        for window in windows {
            guard let zone = zones[window.timeZone] else {
                missing.insert(window.timeZone)
                continue
            }
            compiled.append(WindowCalendar(window: window, zone: zone))
        }
        var excluding: [ExclusionCalendar] = []
        var permanent: TakenAway?
        for exclusion in exclusions {
            guard let zone = zones[exclusion.window.timeZone] else {
                missing.insert(exclusion.window.timeZone)
                permanent = TakenAway(
                    span: Span(start: .distantPast, end: .distantFuture), by: exclusion.window.name,
                    reason: "the time zone \(exclusion.window.timeZone) is unknown")
                continue
            }
            excluding.append(
                ExclusionCalendar(
                    calendar: WindowCalendar(window: exclusion.window, zone: zone), reason: exclusion.reason))
        }
        self.windows = compiled.sorted { $0.window.name < $1.window.name }
        self.exclusions = excluding.sorted { $0.calendar.window.name < $1.calendar.window.name }
        permanentExclusion = permanent
        isUnbroken = compiled.count == 1 && compiled[0].isUnbroken
        missingZones = missing.sorted()
    }

    /// The occurrences that overlap `[from, to)`, by start, then by window name; the earliest `limit` of them.
    ///
    /// One that is entirely taken away is listed too, with nothing left open.
    public func occurrences(
        from: Timestamp, to: Timestamp, limit: Int = PolicyCalendar.largestAnswer
    ) -> [PlannedOccurrence] {
        guard from < to else { return [] }
        var found: [Occurrence] = []
        for window in windows {
            found += window.occurrences(overlapping: Span(start: from, end: to), policy: policy, limit: limit)
        }
        found.sort {
            ($0.span.start, $0.id.window, $0.id.nominal) < ($1.span.start, $1.id.window, $1.id.nominal)
        }
        let listed = found.prefix(limit)
        guard let first = listed.first else { return [] }
        let end = listed.reduce(first.span.end) { max($0, $1.span.end) }
        let taken = takenAway(overlapping: Span(start: first.span.start, end: end))
        var oldest = 0
        return listed.map { occurrence in
            // Exclusions that end before this start end before every later one; a long one keeps its followers.
            while oldest < taken.count, taken[oldest].span.end <= occurrence.span.start { oldest += 1 }
            var own: [TakenAway] = []
            for entry in taken[oldest...] {
                if entry.span.start >= occurrence.span.end { break }
                guard entry.span.overlaps(occurrence.span) else { continue }
                var clipped = entry
                clipped.span = Span(
                    start: max(entry.span.start, occurrence.span.start), end: min(entry.span.end, occurrence.span.end))
                own.append(clipped)
            }
            return PlannedOccurrence(occurrence: occurrence, takenAway: own)
        }
    }

    /// Whether the policy may act at that instant, in which run and until when; nil outside its windows or excluded.
    public func opening(at instant: Timestamp) -> Opening? {
        guard permanentExclusion == nil, let joined = containing(at: instant) else { return nil }
        var start = joined.span.start
        var end = joined.span.end
        var resumption: Timestamp?
        for excluded in excluded(touching: joined.span).spans {
            if excluded.contains(instant) { return nil }
            if excluded.end <= instant {
                start = max(start, excluded.end)
            } else if excluded.start < end {
                end = excluded.start
                resumption = excluded.end
            }
        }
        return Opening(
            occurrence: joined.occurrence, span: joined.span, start: start, end: end,
            resumesAfterExclusion: resumption.map { $0 < joined.span.end } ?? false)
    }

    /// The exclusion that forbids acting at that instant, with its own span; of several the one that ends last.
    public func isExcluded(at instant: Timestamp) -> TakenAway? {
        if let permanentExclusion { return permanentExclusion }
        return takenAway(overlapping: Span(start: instant, end: instant + .nanoseconds(1)))
            .filter { $0.span.contains(instant) }
            .max { ($0.span.end, $1.by) < ($1.span.end, $0.by) }
    }

    /// The union of occurrences that contains the instant, whatever the exclusions: a run resumes after an exclusion
    /// while this is not nil.
    public func containing(at instant: Timestamp) -> JoinedOccurrence? {
        if isUnbroken, let year = wholeYear(of: instant) { return year }
        var union = Span(start: instant, end: instant)
        var reach = Duration.zero
        let longest = Duration.days(PolicyCalendar.longestUnionDays)
        while true {
            let known = Span(start: union.start - reach, end: union.end + reach)
            let found = joined(touching: known)
            guard let grown = found.first(where: { $0.span.contains(instant) }) else { return nil }
            // Nothing outside the region touches a union that ends within it.
            if known.start < grown.span.start, grown.span.end < known.end {
                if grown.span.length > longest { break }
                return named(grown.first, grown.span)
            }
            if grown.span.length > longest { break }
            union = grown.span
            reach = reach == .zero ? .hours(1) : reach * 4
        }
        return yearOfUnion(at: instant)
    }

    /// The part of a union without a foreseeable end that contains the instant: from the first start in a year (UTC) to
    /// the first start in the next.
    private func yearOfUnion(at instant: Timestamp) -> JoinedOccurrence? {
        let year = ZoneRules.utc.local(instant).date.year
        let region = Span(start: Timestamp.startOfYear(year - 1), end: Timestamp.startOfYear(year + 2))
        guard let union = joined(touching: region).first(where: { $0.span.contains(instant) }) else { return nil }
        let part = union.year(containing: instant)
        return named(part.first, part.span)
    }

    /// Nil at the ends of time.
    private func wholeYear(of instant: Timestamp) -> JoinedOccurrence? {
        let year = ZoneRules.utc.local(instant).date.year
        guard 1680...2260 ~= year else { return nil }
        let span = Span(start: .startOfYear(year), end: .startOfYear(year + 1))
        let first = OccurrenceUnion.Member(span: span, nominal: ZoneRules.utc.local(span.start), window: 0)
        return named(first, span)
    }

    private func named(_ first: OccurrenceUnion.Member, _ span: Span) -> JoinedOccurrence {
        let window = windows[first.window].window.name
        return JoinedOccurrence(
            occurrence: OccurrenceID(policy: policy, window: window, nominal: first.nominal), span: span)
    }

    /// The earliest opening that starts after the instant; the one that is open at the instant is not it. Nil: none
    /// within the horizon.
    public func nextOpening(after instant: Timestamp, horizonDays: Int = 1600) -> Opening? {
        guard permanentExclusion == nil else { return nil }
        // Only a union that is cut at the turn of a year goes on at its very end.
        let cut = containing(at: instant).flatMap { opening(at: $0.span.end) }
        let horizon = instant + .days(horizonDays)
        var from = instant
        var length = Duration.days(16)
        while from < horizon {
            let to = min(from + length, horizon)
            if let start = firstStart(after: instant, in: Span(start: from, end: to)) {
                if let cut, cut.start <= start { return cut }
                return opening(at: start)
            }
            if let cut, cut.start <= to { return cut }
            from = to
            length = length * 2
        }
        return nil
    }

    /// The next instant at which `opening(at:)` may answer differently; nil: none within the horizon, look again then.
    public func nextChange(after instant: Timestamp, horizonDays: Int = 1600) -> Timestamp? {
        if let opening = opening(at: instant) { return opening.end }
        return nextOpening(after: instant, horizonDays: horizonDays)?.start
    }

    /// The next instant at which `isExcluded(at:)` may answer differently, also outside the windows; nil: none so soon.
    public func nextExclusionChange(after instant: Timestamp, within length: Duration) -> Timestamp? {
        for span in excluded(touching: Span(start: instant, end: instant + length)).spans {
            if span.start > instant { return span.start }
            if span.end > instant { return span.end }
        }
        return nil
    }

    /// When the policy may act in the region, and when its windows by themselves would let it.
    public func spans(in region: Span) -> (open: SpanSet, windows: SpanSet) {
        let windows = SpanSet(
            joined(touching: region).map {
                Span(start: max($0.span.start, region.start), end: min($0.span.end, region.end))
            })
        guard permanentExclusion == nil else { return (SpanSet(), windows) }
        return (windows.minus(excluded(touching: region)), windows)
    }

    /// Where the first open stretch begins that starts after the instant and inside the region, its end included.
    private func firstStart(after instant: Timestamp, in region: Span) -> Timestamp? {
        for union in joined(touching: region) {
            let open = SpanSet(union.span).minus(excluded(touching: union.span))
            for stretch in open.spans where instant < stretch.start && region.start <= stretch.start {
                if stretch.start <= region.end { return stretch.start }
            }
        }
        return nil
    }

    /// The united exclusions that overlap or touch the span.
    private func excluded(touching span: Span) -> SpanSet {
        guard !exclusions.isEmpty else { return SpanSet() }
        var spans: [Span] = []
        for exclusion in exclusions {
            exclusion.calendar.forEachUnited(touching: span) { resolved in
                spans.append(resolved.span)
                return true
            }
        }
        return SpanSet(spans)
    }

    private func takenAway(overlapping span: Span) -> [TakenAway] {
        if let permanentExclusion { return [permanentExclusion] }
        var taken: [TakenAway] = []
        for exclusion in exclusions {
            for resolved in exclusion.calendar.resolved(touching: span) where resolved.span.overlaps(span) {
                taken.append(
                    TakenAway(
                        span: resolved.span, by: exclusion.calendar.window.name, reason: exclusion.reason))
            }
        }
        return taken.sorted { ($0.span.start, $0.by, $0.span.end) < ($1.span.start, $1.by, $1.span.end) }
    }

    /// The unions of the occurrences that overlap or touch the region, by start. What lies outside the region is not
    /// looked at, except the ends of those occurrences.
    private func joined(touching region: Span) -> [OccurrenceUnion] {
        var members: [OccurrenceUnion.Member] = []
        for (index, window) in windows.enumerated() {
            // A schedule that starts every few minutes is united at once, except where a year may be cut.
            var nextYear = Timestamp.distantPast
            window.forEachUnited(touching: region) { resolved in
                let span = resolved.span
                if let last = members.indices.last, members[last].window == index,
                    members[last].span.start <= span.start, span.start <= members[last].span.end,
                    span.start < nextYear
                {
                    members[last].span.end = max(members[last].span.end, span.end)
                    return true
                }
                members.append(OccurrenceUnion.Member(span: span, nominal: resolved.nominal, window: index))
                nextYear = .startOfYear(after: span.start)
                return true
            }
        }
        members.sort { ($0.span.start, $0.window, $0.nominal) < ($1.span.start, $1.window, $1.nominal) }
        var unions: [OccurrenceUnion] = []
        for member in members {
            if let last = unions.indices.last, unions[last].join(member) { continue }
            unions.append(OccurrenceUnion(first: member))
        }
        return unions
    }
}
