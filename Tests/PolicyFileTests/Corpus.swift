import Calendars
import Foundation
import PolicyFile
import Primitives

/// The files beside the tests.
enum Corpus {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// Zones without daylight saving are enough for most files: only their names matter. Where it matters, a file is
    /// about Europe/Paris, whose clocks change on the last Sundays of March and October 2027.
    static let zones = ZoneCatalog(
        [
            .utc, ZoneRules(name: "Asia/Tokyo", initialOffset: 32400, transitions: []),
            ZoneRules(name: "Asia/Kolkata", initialOffset: 19800, transitions: []),
            ZoneRules(name: "Europe/Berlin", initialOffset: 3600, transitions: []),
            ZoneRules(name: "America/New_York", initialOffset: -18000, transitions: []),
            ZoneRules(
                name: "Europe/Paris", initialOffset: 3600,
                transitions: [("2027-03-28T01:00:00Z", 7200), ("2027-10-31T01:00:00Z", 3600)].compactMap { at, offset in
                    Timestamp(rfc3339: at).map { ZoneRules.Transition(at: $0, offset: offset) }
                }),
        ], version: "test")

    /// What is on the machine of the corpus.
    static let programs = Programs { program, _ in
        if program.contains("/absent/") { return .missing }
        if program == "/usr/bin" { return .directory }
        return program.contains("/plain/") ? .notExecutable : .executable
    }

    /// Names of the policy files in `good` or `bad`, sorted.
    static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path)
            .filter { $0.hasSuffix(".yaml") }.sorted()
    }

    static func source(_ folder: String, _ name: String) throws -> PolicySource {
        let bytes = try Data(contentsOf: directory.appending(path: folder).appending(path: name))
        return PolicySource(path: "\(folder)/\(name)", bytes: Array(bytes))
    }

    /// The file, together with the cluster that it refers to.
    static func parsed(_ folder: String, _ name: String) throws -> ParsedPolicies {
        var sources = [try source(folder, name)]
        let now = now(of: sources[0])
        if name != "base.yaml" { sources.append(try source("good", "base.yaml")) }
        return parsePolicies(sources, zones: zones, programs: programs, now: now)
    }

    /// A file that begins with `# now: 2026-11-22T00:00:00Z` is looked at ahead from then.
    private static func now(of source: PolicySource) -> Timestamp? {
        let first = String(decoding: source.bytes.prefix { $0 != 0x0A }, as: UTF8.self)
        guard first.hasPrefix("# now: ") else { return nil }
        return Timestamp(rfc3339: first.dropFirst(7))
    }

    static func parsed(text: String) throws -> ParsedPolicies {
        parsePolicies([PolicySource(path: "test.yaml", text: text), try source("good", "base.yaml")], zones: zones)
    }
}
