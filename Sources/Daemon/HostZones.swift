import Calendars
import Foundation
import PolicyFile
import Primitives

/// The time zones of the host, as the policy parser wants them.
package enum HostZones {
    private static let directory = "/usr/share/zoneinfo"

    /// All names, the version of the data, and the rules by name. Rules are made when they are asked for.
    package static func catalog() -> ZoneCatalog {
        let source = text("\(directory)/tzdata.zi") ?? ""
        var names = names(in: source)
        if names.isEmpty { names = TimeZone.knownTimeZoneIdentifiers.sorted() }
        let known = Set(names)
        return ZoneCatalog(names: names, version: version(in: source)) { name in
            known.contains(name) ? rules(named: name) : nil
        }
    }

    /// The first line of `tzdata.zi` says `# version 2025b`; other systems have a file `+VERSION`.
    private static func version(in source: String) -> String? {
        let first = source.prefix { $0 != "\n" }
        if first.hasPrefix("# version ") { return String(first.dropFirst(10)) }
        return text("\(directory)/+VERSION").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// Zones (`Z name …`) and links (`L target name`) of the compact source.
    private static func names(in source: String) -> [String] {
        var names: Set<String> = []
        for line in source.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("Z "), words.count > 1 { names.insert(String(words[1])) }
            if line.hasPrefix("L "), words.count > 2 { names.insert(String(words[2])) }
        }
        return names.sorted()
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// From the compiled file of the host; where there is none that can be read, from Foundation. The name is one of
    /// the listed ones, so that it cannot lead out of the directory.
    private static func rules(named name: String) -> ZoneRules? {
        if let bytes = FileManager.default.contents(atPath: "\(directory)/\(name)"), bytes.count <= 1_048_576,
            let rules = try? ZoneRules(name: name, tzif: Array(bytes))
        {
            return rules
        }
        return foundationRules(named: name)
    }

    /// Every change of the offset from 1970 to 2100, as Foundation tells it.
    private static func foundationRules(named name: String) -> ZoneRules? {
        guard let zone = TimeZone(identifier: name) else { return nil }
        let end = Date(timeIntervalSince1970: 4_102_444_800)
        var date = Date(timeIntervalSince1970: 0)
        let initial = zone.secondsFromGMT(for: date)
        var offset = initial
        var transitions: [ZoneRules.Transition] = []
        while let next = zone.nextDaylightSavingTimeTransition(after: date), next > date, next < end {
            date = next
            let changed = zone.secondsFromGMT(for: next)
            if changed != offset {
                let at = Timestamp(seconds: Int64(next.timeIntervalSince1970.rounded()))
                transitions.append(.init(at: at, offset: changed))
            }
            offset = changed
        }
        return ZoneRules(name: name, initialOffset: initial, transitions: transitions)
    }
}
