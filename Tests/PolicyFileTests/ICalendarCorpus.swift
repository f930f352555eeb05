import Calendars
import Foundation
import PolicyFile
import Primitives

/// The calendar files beside the tests, and the zones of the host that they name.
enum ICalendarCorpus {
    static let directory = Corpus.directory.appending(path: "ics")

    static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path)
            .filter { $0.hasSuffix(".ics") }.sorted()
    }

    static func source(_ folder: String, _ name: String) throws -> PolicySource {
        let bytes = try Data(contentsOf: directory.appending(path: folder).appending(path: name))
        return PolicySource(path: "\(folder)/\(name)", bytes: Array(bytes))
    }

    static func zones() throws -> ZoneCatalog {
        let names = ["America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Europe/Berlin", "Europe/London", "UTC"]
        return ZoneCatalog(
            try names.map { name in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/" + name))
                return try ZoneRules(name: name, tzif: Array(bytes))
            })
    }

    /// Every occurrence of 2026 and 2027 in UTC, at most 20 for each span.
    static func text(of reading: ICalendarReading) -> String {
        let years = Span(start: Timestamp(seconds: 1_767_225_600), end: Timestamp(seconds: 1_830_297_600))
        var text = ""
        for span in reading.spans {
            text += "\(span.window.name) \(span.window.timeZone)\(span.reason.map { ": " + $0 } ?? "")\n"
            guard let zone = reading.usedZones[span.window.timeZone] else { continue }
            let calendar = WindowCalendar(window: span.window, zone: zone)
            for occurrence in calendar.occurrences(overlapping: years, policy: "p").prefix(20) {
                text += "  \(occurrence.span.start.rfc3339) \(occurrence.span.end.rfc3339)\n"
            }
        }
        return text
    }
}
