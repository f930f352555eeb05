import Calendars
import Daemon
import Foundation
import PolicyFile
import Primitives
import Scheduling
import Testing

/// What `nagi diff` says, as data: in `diffs` each directory has two texts of the policies and what is said of them as a
/// table, a table of 80 columns, Markdown and JSON. After a change of wording run the tests with
/// `NAGI_REWRITE_EXPECTED=1` and read the difference.
struct DiffTests {
    private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "diffs")
    private static let zones = ZoneCatalog([
        .utc, ZoneRules(name: "Asia/Tokyo", initialOffset: 32400, transitions: []),
    ])

    private static func parsed(_ file: URL) throws -> (set: PolicySet, written: WrittenPolicies) {
        let source = PolicySource(path: file.lastPathComponent, bytes: Array(try Data(contentsOf: file)))
        let parsed = parsePolicies([source], zones: zones)
        let set = try #require(parsed.set, "\(parsed.diagnostics.map { $0.rendered() }.joined())")
        return (set, parsed.written)
    }

    private static func difference(_ folder: String) throws -> (SetDifference, [String: ZoneRules], DisplayZone) {
        let old = try parsed(directory.appending(path: "\(folder)/old.yaml"))
        let new = try parsed(directory.appending(path: "\(folder)/new.yaml"))
        let from = try #require(Timestamp(rfc3339: "2026-11-27T00:00:00Z"))
        let difference = SetDifference(
            old: old.set, new: new.set, written: (old.written, new.written), from: from, to: from + .days(14),
            reachesTo: from + SetDifference.reach)
        return (
            difference, old.set.zones.merging(new.set.zones) { _, new in new }, DisplayZone(of: [old.set, new.set])
        )
    }

    @Test(arguments: ["an-edit", "come-and-go", "comments"])
    func `what is said of two texts of the policies`(folder: String) throws {
        let (difference, zones, zone) = try Self.difference(folder)
        let table = DiffText(difference, zones: zones)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let json = try encoder.encode(DiffDocument(difference, zones: zones, zone: zone))
        let said = [
            "table": table.text, "narrow": table.text(width: 80),
            "markdown": DiffMarkdown(difference, zones: zones).text, "json": String(decoding: json, as: UTF8.self),
        ]
        let isRewriting = ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1"
        for (format, text) in said.sorted(by: { $0.key < $1.key }) {
            let file = Self.directory.appending(path: "\(folder)/\(format).expected")
            if isRewriting { try Data((text + "\n").utf8).write(to: file) }
            #expect(text + "\n" == (try String(contentsOf: file, encoding: .utf8)), "\(folder)/\(format)")
        }
        let widths = table.text(width: 80).split(separator: "\n").map { TextFold.width($0) }
        #expect(widths.allSatisfy { $0 <= 80 })
    }

    @Test func `without the former text windows and runs are still compared`() throws {
        let old = try Self.parsed(Self.directory.appending(path: "an-edit/old.yaml"))
        let new = try Self.parsed(Self.directory.appending(path: "an-edit/new.yaml"))
        let from = try #require(Timestamp(rfc3339: "2026-11-27T00:00:00Z"))
        let difference = SetDifference(
            old: old.set, new: new.set, written: nil, from: from, to: from + .days(14), reachesTo: from + .days(14))
        let text = DiffText(difference, zones: new.set.zones).text
        #expect(text.contains("The former text is not at hand"))
        #expect(text.contains("sora-upgrade: moved"))
    }
}
