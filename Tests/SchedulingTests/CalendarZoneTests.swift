import Foundation
import ModeCore
import Scheduling
import Testing

/// Zone files of the machine that runs the tests.
enum ZoneFiles {
    static let root = "/usr/share/zoneinfo"

    static func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: root + "/" + name)))
    }

    static func rules(_ name: String) throws -> ZoneRules {
        name == "UTC" ? .utc : try ZoneRules(name: name, tzif: try read(name))
    }

    static func isPresent() -> Bool { FileManager.default.fileExists(atPath: root + "/Europe/Paris") }

    /// Every zone of the table of zones, sorted.
    static func names() throws -> [String] {
        let table = try String(contentsOfFile: root + "/tzdata.zi", encoding: .utf8)
        var names: [String] = []
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("Z "), words.count > 1 { names.append(String(words[1])) }
            if line.hasPrefix("L "), words.count > 2 { names.append(String(words[2])) }
        }
        return names.sorted()
    }
}

@Suite(.enabled(if: ZoneFiles.isPresent(), "needs the zone files of the system (package tzdata)"))
struct CalendarZoneTests {
    @Test func `every zone file agrees with Foundation from 1970 to 2099`() throws {
        var compared = 0
        var differing: [String] = []
        for name in try ZoneFiles.names() {
            guard let zone = TimeZone(identifier: name) else { continue }
            let rules = try ZoneFiles.rules(name)
            var differences = 0
            // Not a divisor of a day, so that every time of day is met.
            var seconds: Int64 = 0
            while seconds < 4_102_444_800 {
                let expected = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
                if rules.offset(at: Timestamp(seconds: seconds)) != expected { differences += 1 }
                compared += 1
                seconds += 1_000_003
            }
            if differences > 0 { differing.append("\(name): \(differences)") }
        }
        #expect(compared > 400 * 4000)
        #expect(differing == [])
    }
}
