import Calendars
import Foundation
import PolicyFile
import Primitives
import Scheduling
import Testing

/// A plan as a calendar file, and back.
struct ICalendarWriterTests {
    private static let policies = """
        apiVersion: nagi/v1
        kind: MaintenanceWindow
        metadata: {name: night}
        spec:
          cluster: base
          windows:
            - {name: spring, weekly: {days: [sun], start: "01:30"}, duration: 3h, timeZone: America/New_York}
            - {name: wall, weekly: {days: [sat], start: "23:00"}, until: "05:00", timeZone: Europe/Berlin}
          exclusions:
            - name: release
              start: 2026-11-01T02:00
              end: 2026-11-01T03:00
              timeZone: America/New_York
              reason: "出荷前の凍結, 第二; \\\\ \(String(repeating: "長い", count: 40))"
          sequence: drain-then-block
        """

    private let stamp = Timestamp(seconds: 1_767_225_600)

    private func plan(_ set: PolicySet) throws -> Plan {
        let from = try #require(Timestamp(rfc3339: "2026-10-20T00:00:00Z"))
        return Scheduling.plan(set, from: from, to: from + .days(21))
    }

    private func set() throws -> PolicySet {
        let sources = [
            PolicySource(path: "night.yaml", text: ICalendarWriterTests.policies),
            try Corpus.source("good", "base.yaml"),
        ]
        let parsed = parsePolicies(sources, zones: try ICalendarCorpus.zones())
        return try #require(parsed.set, "\(parsed.diagnostics.map { $0.rendered() })")
    }

    /// The file, kept where `NAGI_ICS_OUTPUT` says, for other programs to read.
    private func text(showingFreezes: Bool) throws -> (Plan, String) {
        let set = try set()
        let plan = try plan(set)
        let text = ICalendarWriter.text(
            of: plan, name: "nagi, 凪", stamp: stamp, zones: set.zones, showingFreezes: showingFreezes)
        if let folder = ProcessInfo.processInfo.environment["NAGI_ICS_OUTPUT"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/written-\(showingFreezes).ics"))
        }
        return (plan, text)
    }

    @Test(arguments: [false, true]) func `what is written is read back as the same instants`(freezes: Bool) throws {
        let (plan, text) = try text(showingFreezes: freezes)
        let reading = ICalendarReader.spans(
            of: PolicySource(path: "plan.ics", text: text), calendar: "plan", defaultZone: nil,
            zones: try ICalendarCorpus.zones())
        #expect(reading.diagnostics.map { $0.rendered() } == [])
        var wanted: [Span] = []
        for entry in plan.occurrences {
            wanted += entry.open
            if freezes { wanted += entry.takenAway.map(\.span) }
        }
        let utc = try #require(reading.usedZones["UTC"])
        let found = reading.spans.compactMap { span in
            WindowCalendar(window: span.window, zone: utc)
                .occurrences(overlapping: Span(start: plan.from, end: plan.to), policy: "p").first?.span
        }
        #expect(found == wanted)
        #expect(plan.occurrences.contains { $0.open.count == 2 })
        #expect(plan.occurrences.contains { $0.dst })
    }

    @Test func `lines have at most 75 octets and end with CR LF, and no character is torn apart`() throws {
        let (_, text) = try text(showingFreezes: true)
        let bytes = Array(text.utf8)
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        #expect(lines.allSatisfy { $0.last == 0x0D && $0.count <= 76 })
        #expect(lines.allSatisfy { String(validating: $0, as: UTF8.self) != nil })
        #expect(lines.contains { $0.count == 76 })
    }

    @Test func `the same plan gives the same bytes, and texts say what a person wants to know`() throws {
        let (_, text) = try text(showingFreezes: false)
        let again = try self.text(showingFreezes: false).1
        #expect(text == again)
        let unfolded = text.split(separator: "\r\n ", omittingEmptySubsequences: false).joined()
        #expect(unfolded.contains("UID:night/spring/2026-11-01T01:30@nagi\r\n"))
        #expect(unfolded.contains("UID:night/spring/2026-11-01T01:30/2@nagi\r\n"))
        #expect(unfolded.contains("SUMMARY:night (spring)\r\n"))
        #expect(unfolded.contains("DTSTAMP:20260101T000000Z\r\n"))
        #expect(unfolded.contains("X-WR-CALNAME:nagi\\, 凪\r\n"))
        #expect(unfolded.contains(#"出荷前の凍結\, 第二\; \\"#))
        #expect(unfolded.contains("Sun 2026-11-01T01:30:00-04:00 to 2026-11-01T02:00:00-05:00 (America/New_York)"))
    }
}
