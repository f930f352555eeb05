import Calendars
import Foundation
import Primitives
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
struct ZoneTests {
    /// Names that release 2024b of the zone tables turned into links, with another history than they had before:
    /// Foundation brings its own tables, which may be older than the files.
    static let redefined: Set<String> = [
        "CET", "CST6CDT", "EET", "EST", "EST5EDT", "HST", "MET", "MST", "MST7MDT",
        "PST8PDT", "WET",
    ]

    @Test func `every zone file agrees with Foundation from 1970 to 2099`() throws {
        var compared = 0
        var differing: [String] = []
        for name in try ZoneFiles.names() {
            guard !Self.redefined.contains(name), let zone = TimeZone(identifier: name) else { continue }
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
            // Around each change, to the second.
            for transition in rules.transitions where (0..<4_102_444_800).contains(transition.at.seconds) {
                for second in [transition.at.seconds - 1, transition.at.seconds] {
                    let expected = zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second)))
                    if rules.offset(at: Timestamp(seconds: second)) != expected { differences += 1 }
                }
            }
            if differences > 0 { differing.append("\(name): \(differences)") }
        }
        #expect(compared > 400 * 4000)
        #expect(differing == [])
    }

    @Test func `local times and instants convert to one another`() throws {
        for name in ["Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu"] {
            let rules = try ZoneFiles.rules(name)
            var seconds: Int64 = 1_260_000_000
            while seconds < 1_830_000_000 {
                let instant = Timestamp(seconds: seconds)
                let local = rules.local(instant)
                let first = try #require(rules.resolve(local, DSTRule(overlap: .first)))
                let last = try #require(rules.resolve(local, DSTRule(overlap: .last)))
                #expect(first == instant || last == instant)
                #expect(rules.local(first) == local && rules.local(last) == local)
                seconds += 1800 * 7
            }
        }
    }

    @Test func `what is cut or damaged is refused or read, and never crashes`() throws {
        let whole = try ZoneFiles.read("Europe/Paris")
        for length in 0..<whole.count {
            #expect(throws: TZifError.self) { try ZoneRules(name: "cut", tzif: Array(whole.prefix(length))) }
        }
        var random = RandomStream(seed: 1)
        var read = 0
        for name in ["Europe/Paris", "America/New_York", "Africa/Casablanca"] {
            let whole = try ZoneFiles.read(name)
            for _ in 0..<5000 {
                var bytes = whole
                for _ in 0...(random.next() % 3) {
                    bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
                }
                if let rules = try? ZoneRules(name: "damaged", tzif: bytes) {
                    read += 1
                    #expect(rules.transitions.count <= ZoneRules.largestTransitionCount + 1000)
                    #expect(zip(rules.transitions, rules.transitions.dropFirst()).allSatisfy { $0.at < $1.at })
                }
            }
        }
        #expect(read > 0)
    }

    @Test func `a file that counts leap seconds is refused`() throws {
        var bytes = Self.file(version: 0, footer: nil)
        bytes[44 - 24 + 11] = 1
        #expect(throws: TZifError.leapSeconds) { try ZoneRules(name: "right", tzif: bytes) }
    }

    /// A file without transitions, of one local time type at UTC, with that rule for the future.
    static func file(version: UInt8, footer: String?) -> [UInt8] {
        let header = Array("TZif".utf8) + [version] + Array(repeating: UInt8(0), count: 15)
        let counts: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4]
        let block = header + counts + [0, 0, 0, 0, 0, 0] + Array("UTC\0".utf8)
        return footer.map { block + block + Array("\n\($0)\n".utf8) } ?? block
    }

    static let footers: [(String, [(String, Int)])] = [
        ("", [("2026-01-01T00:00:00Z", 0)]),
        ("JST-9", [("2026-01-01T00:00:00Z", 32400), ("1950-01-01T00:00:00Z", 32400)]),
        ("<+0330>-3:30", [("2026-01-01T00:00:00Z", 12600)]),
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            [
                ("2026-03-29T00:59:59Z", 3600), ("2026-03-29T01:00:00Z", 7200), ("2026-10-25T00:59:59Z", 7200),
                ("2026-10-25T01:00:00Z", 3600), ("2100-07-01T00:00:00Z", 7200), ("2101-07-01T00:00:00Z", 3600),
            ]
        ),
        // Daylight saving at the turn of the year, in the south.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", [("2026-01-01T00:00:00Z", 39600), ("2026-06-01T00:00:00Z", 36000)]),
        // Days of the year, with and without 29 February: day 60 is 1 March, ordinal 59 is 29 February in leap years.
        ("AAA0BBB,J60/0,J300/0", [("2028-02-29T12:00:00Z", 0), ("2028-03-01T00:00:00Z", 3600)]),
        ("AAA0BBB,59/0,299/0", [("2028-02-28T23:59:59Z", 0), ("2028-02-29T00:00:00Z", 3600)]),
        // Times beyond a day, and before it.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", [("2026-03-29T00:59:59Z", -7200), ("2026-03-29T01:00:00Z", -3600)]),
        // Dublin: standard time is that of the summer, and winter saves less than nothing.
        (
            "IST-1GMT0,M10.5.0,M3.5.0/1",
            [
                ("2026-10-25T00:59:59Z", 3600), ("2026-10-25T01:00:00Z", 0), ("2026-03-29T00:59:59Z", 0),
                ("2026-03-29T01:00:00Z", 3600),
            ]
        ),
        // Lord Howe: half an hour, and names in brackets.
        (
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            [
                ("2026-10-03T15:29:59Z", 37800), ("2026-10-03T15:30:00Z", 39600), ("2026-04-04T14:59:59Z", 39600),
                ("2026-04-04T15:00:00Z", 37800),
            ]
        ),
        // Gaza: fifty hours after the fourth Thursday began.
        (
            "EET-2EEST,M3.4.4/50,M10.4.4/50",
            [
                ("2026-03-27T23:59:59Z", 7200), ("2026-03-28T00:00:00Z", 10800), ("2026-10-23T22:59:59Z", 10800),
                ("2026-10-23T23:00:00Z", 7200),
            ]
        ),
        // Daylight saving all year.
        ("EST5EDT,0/0,J365/25", [("2026-01-01T05:00:00Z", -14400), ("2026-07-01T00:00:00Z", -14400)]),
    ]

    @Test(arguments: footers) func `the rule for the future is written out`(
        _ footer: String, _ expected: [(String, Int)]
    ) throws {
        let rules = try ZoneRules(name: "z", tzif: Self.file(version: UInt8(ascii: "3"), footer: footer))
        for (text, offset) in expected {
            #expect(rules.offset(at: try #require(Timestamp(rfc3339: text))) == offset, "\(text)")
        }
    }

    @Test(arguments: [
        "X", "JST", "JST-25", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "A-1", "<A-1",
    ])
    func `a rule that cannot be read is refused`(_ footer: String) {
        #expect(throws: TZifError.self) {
            try ZoneRules(name: "z", tzif: Self.file(version: UInt8(ascii: "2"), footer: footer))
        }
    }
}
