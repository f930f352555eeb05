import Primitives

/// Occurrences that overlap or touch, while they are being collected in the order of their starts.
struct OccurrenceUnion {
    struct Member {
        var span: Span
        var nominal: LocalDateTime
        /// Index of the window in its policy calendar.
        var window: Int
    }

    private(set) var first: Member
    private(set) var span: Span
    /// The first member to start in each calendar year (UTC) after the one in which the union starts.
    private(set) var firstOfYears: [Member] = []
    private var nextYear: Timestamp

    init(first: Member) {
        self.first = first
        span = first.span
        nextYear = .startOfYear(after: first.span.start)
    }

    /// Whether the member belongs to this union; if so it is taken in. Members come by start.
    mutating func join(_ member: Member) -> Bool {
        guard member.span.start <= span.end else { return false }
        span.end = max(span.end, member.span.end)
        if member.span.start >= nextYear {
            firstOfYears.append(member)
            nextYear = .startOfYear(after: member.span.start)
        }
        return true
    }

    /// The part from the first start in a year to the first start in the next that contains the instant.
    func year(containing instant: Timestamp) -> (first: Member, span: Span) {
        var part = (first: first, span: span)
        for cut in firstOfYears {
            if cut.span.start <= instant {
                part.first = cut
                part.span.start = cut.span.start
            } else {
                part.span.end = min(part.span.end, cut.span.start)
            }
        }
        return part
    }
}

extension Timestamp {
    /// 1 January, 00:00:00Z, of the year; at the ends of the range: the nearest instant there is.
    static func startOfYear(_ year: Int) -> Timestamp {
        guard let date = LocalDate(year: year, month: 1, day: 1) else {
            return year < 1970 ? .distantPast : .distantFuture
        }
        return Timestamp(seconds: Int64(date.daysSinceEpoch) * 86400)
    }

    static func startOfYear(after instant: Timestamp) -> Timestamp {
        startOfYear(ZoneRules.utc.local(instant).date.year + 1)
    }
}
