import Foundation
import ModeCore
import PolicyFile
import Scheduling

/// The files beside the tests.
enum Corpus {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// Zones without daylight saving are enough here: only their names matter.
    static let zones = ZoneCatalog(
        [
            .utc, ZoneRules(name: "Asia/Tokyo", initialOffset: 32400, transitions: []),
            ZoneRules(name: "Asia/Kolkata", initialOffset: 19800, transitions: []),
            ZoneRules(name: "Europe/Berlin", initialOffset: 3600, transitions: []),
            ZoneRules(name: "America/New_York", initialOffset: -18000, transitions: []),
        ], version: "test")

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
        if name != "base.yaml" { sources.append(try source("good", "base.yaml")) }
        return parsePolicies(sources, zones: zones)
    }

    static func parsed(text: String) throws -> ParsedPolicies {
        parsePolicies([PolicySource(path: "test.yaml", text: text), try source("good", "base.yaml")], zones: zones)
    }
}
