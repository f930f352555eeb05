import Calendars
import Primitives

/// The dates above a chart: months, and days or weeks where there is room.
struct ChartAxis {
    struct Mark {
        var at: Timestamp
        var text: String
        var isMonth = false
        var isLine = true
        /// Left out where the chart is narrow.
        var isMinor = false
    }

    let marks: [Mark]

    init(_ scale: ChartScale) {
        let midnights = scale.midnights()
        var marks: [Mark] = []
        var lastMonth = -100.0
        for (index, (date, at)) in midnights.enumerated() {
            let place = scale.percent(max(at, scale.span.start))
            let name = ChartAxis.months[date.month - 1]
            if index == 0 || date.day == 1 {
                // The first month is named at the edge, unless the next one needs the room.
                let needed = scale.days > 200 ? 5.0 : 14
                let isTight = index == 0 && ChartAxis.daysLeft(date) / scale.days * 100 < needed
                // Near the right edge there is no room for the year, and then none at all.
                let short = scale.days > 200 && date.month != 1 && index != 0 || place > 86
                if !isTight, place <= 94,
                    place - lastMonth >= (scale.days > 200 ? 4 : 10) || place > 0 && scale.days <= 200
                {
                    marks.append(
                        Mark(
                            at: max(at, scale.span.start), text: short ? name : "\(name) \(date.year)", isMonth: true,
                            isLine: date.day == 1 && index != 0, isMinor: short && date.month % 3 != 1))
                    lastMonth = place
                }
            }
            guard scale.span.start <= at, let day = ChartAxis.day(date, scale.days) else { continue }
            // Nothing is written past the right edge.
            let isLast = 100 - place < (scale.days <= 16 ? 100 / scale.days * 0.9 : 3)
            marks.append(
                Mark(at: at, text: isLast ? "" : day.text, isLine: day.isLine, isMinor: day.isMinor))
        }
        self.marks = marks
    }

    static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func daysLeft(_ date: LocalDate) -> Double {
        Double(LocalDate.length(ofMonth: date.month, year: date.year) - date.day + 1)
    }

    private static func day(_ date: LocalDate, _ days: Double) -> (text: String, isLine: Bool, isMinor: Bool)? {
        let name = date.weekday.rawValue.prefix(1).uppercased() + date.weekday.rawValue.dropFirst()
        let isMonday = date.weekday == .mon
        if days <= 9 { return ("\(name) \(date.day)", true, false) }
        if days <= 16 { return ("\(name) \(date.day)", true, !isMonday && date.weekday != .thu) }
        if days <= 35 { return ("\(date.day)", true, !isMonday) }
        if days <= 120 { return isMonday ? ("\(date.day)", true, days > 70) : nil }
        return nil
    }
}
