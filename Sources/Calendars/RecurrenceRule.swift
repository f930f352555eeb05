import Primitives

/// A recurrence rule of RFC 5545, section 3.3.10, of local times: what `rrule:` in policies and `RRULE` in calendar files
/// can say.
///
/// Read are FREQ (DAILY to YEARLY), INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY, BYSETPOS, BYHOUR, BYMINUTE and
/// WKST. Dates that do not exist, like 30 February, are left out. The start is a start only where the rule matches it:
/// elsewhere it is just where counting begins. Starts end with the year 2261.
public struct RecurrenceRule: Hashable, Sendable {
    /// Longer rules are refused, in bytes.
    public static let longestText = 1000
    public static let largestInterval = 10_000
    public static let largestCount = 100_000
    /// Where counting begins if nothing says otherwise; only rules whose starts don't depend on it may do without.
    public static let epoch = LocalDateTime(seconds: 0)

    public enum Frequency: String, Hashable, Sendable, CaseIterable {
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// The last start, where the rule itself says it; included.
    public enum Until: Hashable, Sendable {
        /// All of that local date.
        case date(LocalDate)
        case local(LocalDateTime)
        /// Compared with the start after gap and overlap are resolved.
        case instant(Timestamp)
    }

    /// As written, for texts.
    public let text: String
    /// Where counting begins (`DTSTART`): intervals are counted from it, and nothing starts before it.
    public let start: LocalDateTime
    /// Nominal starts that do not happen (`EXDATE`), sorted. COUNT counts them all the same.
    public let exceptions: [LocalDateTime]

    public var frequency: Frequency { parts.frequency }
    public var interval: Int { parts.interval }
    public var count: Int? { parts.count }
    public var until: Until? { parts.until }

    /// What the text says, completed from the start.
    let parts: Parts
    let starts: RuleStarts
    /// The last nominal start that COUNT or UNTIL allow, in seconds; an UNTIL in UTC is checked again by whoever knows
    /// the zone.
    let lastSecond: Int64

    /// - Parameter start: nil where the policy gives no `startDate`; a rule that depends on it is refused then.
    public init(
        _ text: String, start: LocalDateTime?, exceptions: [LocalDateTime] = []
    ) throws(RecurrenceRuleError) {
        var parser = RecurrenceRuleParser(text)
        var parts = try parser.parts()
        if start == nil { try parser.requireIndependence(of: parts) }
        let start = start ?? RecurrenceRule.epoch
        parts.complete(from: start)
        if let day = parts.impossibleDay {
            throw RecurrenceRuleError(
                message: "none of these months has a day \(day), so that it never starts", hint: nil,
                offset: parser.offset(of: .dayOfMonth))
        }
        self.init(text: text, start: start, exceptions: exceptions, parts: parts, lastSecond: parts.lastSecond)
        guard let count = parts.count else { return }
        // Counted once, so that no question has to count again.
        var left = count
        var last = RecurrenceRule.endOfTime
        starts.forEachStart(from: start.seconds, through: RecurrenceRule.endOfTime) { seconds in
            left -= 1
            last = seconds
            return left > 0
        }
        self.init(
            text: text, start: start, exceptions: exceptions, parts: parts,
            lastSecond: left == 0 ? last : RecurrenceRule.endOfTime)
    }

    private init(
        text: String, start: LocalDateTime, exceptions: [LocalDateTime], parts: Parts, lastSecond: Int64
    ) {
        self.text = text
        self.start = start
        self.exceptions = exceptions.sorted()
        self.parts = parts
        self.lastSecond = lastSecond
        starts = RuleStarts(parts, start: start)
    }

    /// 2261-12-31T23:59:59.
    static let endOfTime = Int64(LocalDate.daysSinceEpoch(ofMonth: 1, year: 2262)) * 86400 - 1

    /// The first start that is not before the given local time, exceptions left out; nil: there is none.
    ///
    /// An UNTIL in UTC is not looked at, as this knows no zone.
    public func next(notBefore local: LocalDateTime) -> LocalDateTime? {
        var first: LocalDateTime?
        starts.forEachStart(from: max(local.seconds, start.seconds), through: lastSecond) { seconds in
            guard !isException(seconds) else { return true }
            first = LocalDateTime(seconds: seconds)
            return false
        }
        return first
    }

    /// Whether that is one of its nominal starts, exceptions and an UNTIL in UTC aside.
    package func includes(_ local: LocalDateTime) -> Bool {
        guard local >= start else { return false }
        var isFound = false
        starts.forEachStart(from: local.seconds, through: min(local.seconds, lastSecond)) { _ in
            isFound = true
            return false
        }
        return isFound
    }

    /// Whether exceptions and an UNTIL in UTC leave a start in place.
    func allows(_ seconds: Int64, _ resolved: Timestamp) -> Bool {
        if case .instant(let last) = parts.until, last < resolved { return false }
        return !isException(seconds)
    }

    /// Whether `allows` ever says no.
    var isRestricted: Bool {
        if case .instant = parts.until { return true }
        return !exceptions.isEmpty
    }

    func isException(_ seconds: Int64) -> Bool {
        guard !exceptions.isEmpty else { return false }
        var low = 0
        var high = exceptions.count
        while low < high {
            let middle = (low + high) / 2
            if exceptions[middle].seconds < seconds { low = middle + 1 } else { high = middle }
        }
        return low < exceptions.count && exceptions[low].seconds == seconds
    }
}

/// Why a rule cannot be used.
public struct RecurrenceRuleError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    public var hint: String?
    /// Bytes from the start of the text to the fault.
    public var offset: Int

    public init(message: String, hint: String?, offset: Int) {
        self.message = message
        self.hint = hint
        self.offset = offset
    }

    public var description: String {
        message + (hint.map { " (\($0))" } ?? "") + ", at position \(offset + 1)"
    }
}

extension RecurrenceRule: Codable {
    private enum CodingKeys: String, CodingKey {
        case text, start, exceptions
    }

    /// What was written is stored; the rest is computed again.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let text = try container.decode(String.self, forKey: .text)
        do {
            try self.init(
                text, start: try container.decode(LocalDateTime.self, forKey: .start),
                exceptions: try container.decode([LocalDateTime].self, forKey: .exceptions))
        } catch let error as RecurrenceRuleError {
            throw DecodingError.dataCorruptedError(
                forKey: .text, in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(text, forKey: .text)
        try container.encode(start, forKey: .start)
        try container.encode(exceptions, forKey: .exceptions)
    }
}
