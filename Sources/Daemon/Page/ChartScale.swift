import Calendars
import Primitives

/// Where instants lie across a chart, in percent of its width, so that it fits any.
struct ChartScale {
    let span: Span
    let rules: ZoneRules

    /// Closer marks than this, in percent, are drawn as one.
    static let nearest = 0.16
    /// A chart that is narrower than this many pixels is scrolled, not squeezed.
    static let narrowest = 470.0

    var days: Double { span.length.inSeconds / 86400 }

    func percent(_ instant: Timestamp) -> Double {
        let clipped = min(max(instant, span.start), span.end)
        return (clipped - span.start).inSeconds / span.length.inSeconds * 100
    }

    /// `x="12.5%"`
    func x(_ instant: Timestamp, _ name: String = "x") -> String { "\(name)=\"\(Self.number(percent(instant)))%\"" }

    /// `x="12.5%" width="3%"`
    func extent(_ part: Span) -> String {
        let start = percent(part.start)
        return "x=\"\(Self.number(start))%\" width=\"\(Self.number(percent(part.end) - start))%\""
    }

    func width(_ part: Span) -> Double { percent(part.end) - percent(part.start) }

    /// With three digits after the point at most, and the same bytes everywhere.
    static func number(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        let (whole, rest) = (thousandths / 1000, thousandths % 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(rest + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    /// The local midnights of the span, from the one at or before its start on.
    func midnights() -> [(date: LocalDate, at: Timestamp)] {
        var date = rules.local(span.start).date
        var found: [(LocalDate, Timestamp)] = []
        guard let midnight = TimeOfDay(hour: 0, minute: 0) else { return [] }
        while found.count <= 4000, let at = rules.resolve(LocalDateTime(date, midnight), DSTRule()), at < span.end {
            found.append((date, at))
            date = date.adding(days: 1)
        }
        return found
    }

    /// Changes of the clocks inside the span.
    func clockChanges(_ rules: ZoneRules) -> [ZoneRules.Transition] {
        rules.transitions.filter { span.start < $0.at && $0.at < span.end }
    }
}

/// Text that may stand in XML and in quoted attributes; what XML cannot hold at all becomes a question mark.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        case "\t", "\n": result += " "
        case let scalar where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value & 0xFFFE == 0xFFFE:
            result += "?"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
