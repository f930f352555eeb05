import Calendars
import Foundation
import Primitives

/// Answers cases, and remembers the rules of the zones that they name.
struct Answers {
    private var zones: [String: ZoneRules] = [:]

    private mutating func rules(of name: String) throws -> ZoneRules {
        if let known = zones[name] { return known }
        guard let bytes = FileManager.default.contents(atPath: "/usr/share/zoneinfo/\(name)") else {
            throw Unreadable(message: "no zone \(name)")
        }
        let rules = try ZoneRules(name: name, tzif: Array(bytes))
        zones[name] = rules
        return rules
    }

    mutating func answer(_ line: Substring) -> String {
        let id = line.prefix { $0 != "\t" }
        do {
            let question = try Case(line)
            let calendar = WindowCalendar(window: question.window, zone: try rules(of: question.window.timeZone))
            let found = calendar.occurrences(overlapping: question.span, policy: "")
            let texts = found.map { "\($0.id.nominal)/\($0.span.start.seconds)/\($0.span.end.seconds)" }
            return "\(id)\t" + texts.joined(separator: " ")
        } catch let error as Unreadable {
            return "\(id)\t!\(error.message)"
        } catch {
            return "\(id)\t!\(error)"
        }
    }
}
