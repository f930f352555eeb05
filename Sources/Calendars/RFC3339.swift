import Primitives

extension Timestamp {
    /// The instant of an RFC 3339 text such as `2026-11-29T02:00:00+09:00` or `2026-11-29T02:00:00.25Z`; nil where it
    /// is none or lies outside the years 1678 to 2261.
    ///
    /// `t` and `z` may be small and a space may stand for the `T`. Digits past the nanosecond are dropped. A leap
    /// second, 23:59:60Z, is the second after it, which is how the clocks of computers count.
    public init?(rfc3339 text: some StringProtocol) {
        var scanner = DigitScanner(text)
        guard let date = scanner.date(), scanner.take(anyOf: "Tt "), let hour = scanner.number(digits: 2),
            scanner.take(anyOf: ":"), let minute = scanner.number(digits: 2), scanner.take(anyOf: ":"),
            let second = scanner.number(digits: 2), second <= 60, let time = TimeOfDay(hour: hour, minute: minute)
        else { return nil }
        var fraction: Int64 = 0
        if scanner.take(anyOf: ".") {
            guard let nanoseconds = scanner.nanoseconds() else { return nil }
            fraction = nanoseconds
        }
        guard let offset = scanner.offset(), scanner.isAtEnd else { return nil }
        let seconds = LocalDateTime(date, time).seconds + Int64(second) - Int64(offset)
        if second == 60, floorRemainder(seconds, 86400) != 0 { return nil }
        guard let whole = Timestamp(exactlySeconds: seconds) else { return nil }
        self = whole + .nanoseconds(fraction)
    }

    /// RFC 3339 in UTC: `2026-11-28T17:00:00Z`, with as many digits of a second as there are.
    public var rfc3339: String { ZoneRules.utc.local(self).fullText + fractionText + "Z" }

    /// `.25`, or nothing on a whole second.
    var fractionText: String {
        let nanoseconds = floorRemainder(self.nanoseconds, 1_000_000_000)
        guard nanoseconds != 0 else { return "" }
        var digits = padded(Int(nanoseconds), 9)
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }
}

extension ZoneRules {
    /// RFC 3339 with the zone's offset at that instant: `2026-11-29T02:00:00+09:00`.
    ///
    /// An offset with seconds (local mean time, before zones were introduced) is rounded to the minute, and the local
    /// time with it: the text names the same instant.
    public func text(_ instant: Timestamp) -> String {
        let minutes = Int(floorDivide(Int64(offset(at: instant)) + 30, 60))
        let local = LocalDateTime(seconds: instant.wholeSeconds + Int64(minutes) * 60)
        let sign = minutes < 0 ? "-" : "+"
        let distance = abs(minutes)
        return local.fullText + instant.fractionText + sign + padded(distance / 60, 2) + ":" + padded(distance % 60, 2)
    }
}

extension LocalDateTime {
    /// The local time of an ISO 8601 text without offset, `2026-12-06T02:00` or `2026-12-06T02:00:30`; nil where no such
    /// date and time of day exist.
    public init?(_ text: some StringProtocol) {
        var scanner = DigitScanner(text)
        guard let date = scanner.date(), scanner.take(anyOf: "Tt "), let hour = scanner.number(digits: 2),
            scanner.take(anyOf: ":"), let minute = scanner.number(digits: 2)
        else { return nil }
        var second = 0
        if scanner.take(anyOf: ":") {
            guard let number = scanner.number(digits: 2) else { return nil }
            second = number
        }
        guard scanner.isAtEnd, let time = TimeOfDay(hour: hour, minute: minute, second: second) else { return nil }
        self.init(date, time)
    }

    /// `2026-11-29T02:00:00`, seconds included.
    var fullText: String {
        let time = secondsSinceMidnight
        return "\(date)T\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
    }
}

/// Reads the fixed forms of dates and times from the front of a text.
private struct DigitScanner {
    private var rest: ArraySlice<UInt8>

    /// Longer texts are no date: what would be read of them ends in a refusal anyway.
    init(_ text: some StringProtocol) { rest = ArraySlice(text.utf8.prefix(64)) }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(anyOf characters: StaticString) -> Bool {
        guard let next = rest.first else { return false }
        let isOne = characters.withUTF8Buffer { $0.contains(next) }
        if isOne { rest.removeFirst() }
        return isOne
    }

    private mutating func digit() -> Int? {
        guard let next = rest.first, (0x30...0x39).contains(next) else { return nil }
        rest.removeFirst()
        return Int(next) - 0x30
    }

    mutating func number(digits: Int) -> Int? {
        var value = 0
        for _ in 0..<digits {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    mutating func date() -> LocalDate? {
        guard let year = number(digits: 4), take(anyOf: "-"), let month = number(digits: 2), take(anyOf: "-"),
            let day = number(digits: 2)
        else { return nil }
        return LocalDate(year: year, month: month, day: day)
    }

    /// The digits after the point, of which there is at least one.
    mutating func nanoseconds() -> Int64? {
        guard var value = digit().map(Int64.init) else { return nil }
        var digits = 1
        while let digit = digit() {
            if digits < 9 {
                value = value * 10 + Int64(digit)
                digits += 1
            }
        }
        while digits < 9 {
            value *= 10
            digits += 1
        }
        return value
    }

    /// `Z`, `+09:00` or `-03:30` in seconds.
    mutating func offset() -> Int? {
        if take(anyOf: "Zz") { return 0 }
        let isWest = rest.first == 0x2D
        guard take(anyOf: "+-"), let hours = number(digits: 2), hours <= 23, take(anyOf: ":"),
            let minutes = number(digits: 2), minutes <= 59
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
