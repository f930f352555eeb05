import Calendars
import Foundation
import PolicyFile
import Primitives
import Scheduling
import Testing

/// What surprises people in YAML: a value means what its key says, never what it looks like.
struct TrapTests {
    /// Written after a key of a rollout, and what is read: the value, or the code of what is wrong with it.
    struct Row: CustomTestStringConvertible, Sendable {
        var key: String
        var written: String
        var expected: String

        init(_ key: String, _ written: String, _ expected: String) {
            (self.key, self.written, self.expected) = (key, written, expected)
        }

        var testDescription: String { "\(key): \(written)" }
    }

    static let rows = [
        // A text is the text, whatever a YAML 1.1 reader would make of it.
        Row("revision", "22:30", "22:30"), Row("revision", "no", "no"), Row("revision", "on", "on"),
        Row("revision", "y", "y"), Row("revision", "true", "true"), Row("revision", "010", "010"),
        Row("revision", "0o10", "0o10"), Row("revision", "0x1F", "0x1F"), Row("revision", "1e3", "1e3"),
        Row("revision", ".5", ".5"), Row("revision", "+5", "+5"), Row("revision", "1_000", "1_000"),
        Row("revision", "2025.10", "2025.10"), Row("revision", ".inf", ".inf"), Row("revision", ".nan", ".nan"),
        Row("revision", "2026-12-06", "2026-12-06"), Row("revision", "2026-12-06T02:00:00Z", "2026-12-06T02:00:00Z"),
        Row("revision", "190:20:30", "190:20:30"), Row("revision", "=", "="), Row("revision", "'it''s'", "it's"),
        Row("revision", "\"\\u00e9\"", "é"), Row("revision", "🚀", "🚀"), Row("revision", "a # comment", "a"),
        Row("revision", "a#b", "a#b"), Row("revision", "\"~\"", "~"), Row("revision", "\"null\"", "null"),
        Row("revision", "caf\u{E9}", "caf\u{E9}"), Row("revision", "cafe\u{301}", "cafe\u{301}"),
        Row("revision", "|-\n    block", "block"), Row("revision", ">-\n    two\n    lines", "two lines"),
        Row("revision", "a\n    b", "a b"), Row("revision", "NULL", "NULL"),
        Row("revision", "~", "missing-value"), Row("revision", "null", "missing-value"),
        Row("revision", "", "missing-value"), Row("revision", "\"\"", "invalid-text"),
        Row("revision", "!!str 5", "tag-not-allowed"), Row("revision", "!!int \"5\"", "tag-not-allowed"),
        Row("revision", "[5]", "wrong-type"), Row("revision", "{5: 6}", "wrong-type"),
        Row("revision", "@5", "yaml-syntax"), Row("revision", "`5`", "yaml-syntax"),
        Row("revision", "%5", "yaml-syntax"), Row("revision", "a: b", "yaml-syntax"),
        Row("revision", "*none", "unknown-alias"),
        // Numbers are decimal, and only that.
        Row("maxFailures", "010", "10"), Row("maxFailures", "10", "10"), Row("maxFailures", "0o10", "invalid-number"),
        Row("maxFailures", "0x10", "invalid-number"), Row("maxFailures", "1e3", "invalid-number"),
        Row("maxFailures", ".5", "invalid-number"), Row("maxFailures", "+5", "invalid-number"),
        Row("maxFailures", "1_000", "invalid-number"), Row("maxFailures", "1,000", "invalid-number"),
        Row("maxFailures", "1:30", "invalid-number"), Row("maxFailures", "5.0", "invalid-number"),
        Row("maxFailures", "-1", "invalid-number"), Row("maxFailures", "0", "invalid-number"),
        Row("maxFailures", "99999999999999999999", "invalid-number"), Row("maxFailures", "\"5\"", "invalid-number"),
        Row("maxFailures", "~", "missing-value"), Row("maxFailures", "٣", "invalid-number"),
        // Two words are booleans.
        Row("suspend", "true", "true"), Row("suspend", "false", "false"), Row("suspend", "no", "invalid-boolean"),
        Row("suspend", "on", "invalid-boolean"), Row("suspend", "y", "invalid-boolean"),
        Row("suspend", "True", "invalid-boolean"), Row("suspend", "1", "invalid-boolean"),
        Row("suspend", "\"true\"", "invalid-boolean"), Row("suspend", "null", "missing-value"),
        // Times and dates.
        Row("start", "22:30", "22:30"), Row("start", "\"22:30\"", "22:30"), Row("start", "02:00:30", "02:00:30"),
        Row("start", "2:30", "invalid-time"), Row("start", "1350", "invalid-time"),
        Row("start", "24:00", "invalid-time"),
        Row("start", "23:60", "invalid-time"), Row("start", "10:00 pm", "invalid-time"),
        Row("start", "22.30", "invalid-time"), Row("start", "~", "missing-value"),
        Row("startDate", "2026-12-06", "2026-12-06"), Row("startDate", "\"2026-12-06\"", "2026-12-06"),
        Row("startDate", "2026-12-6", "invalid-date"), Row("startDate", "2027-02-29", "invalid-date"),
        Row("startDate", "06.12.2026", "invalid-date"), Row("startDate", "2026-12-06T00:00", "invalid-date"),
        Row("startDate", "20261206", "invalid-date"),
        // Durations and amounts.
        Row("cutoff", "90m", "1h30m"), Row("cutoff", "1h30m", "1h30m"), Row("cutoff", "0", "invalid-duration"),
        Row("cutoff", "1.5h", "invalid-duration"), Row("cutoff", "30", "invalid-duration"),
        Row("cutoff", "1:30", "invalid-duration"), Row("cutoff", "PT30M", "invalid-duration"),
        Row("cutoff", "-30m", "invalid-duration"), Row("cutoff", "1H", "invalid-duration"),
    ]

    @Test(arguments: rows)
    func `a value is read as its key says`(row: Row) throws {
        let parsed = try Corpus.parsed(text: Self.policy(row.key, row.written))
        let codes = parsed.diagnostics.filter { $0.severity == .error }.map(\.code.rawValue)
        if let set = parsed.set {
            let rollout = try #require(set.policies.first)
            #expect(Self.value(row.key, rollout) == row.expected)
        } else {
            #expect(codes.first == row.expected)
            #expect(codes.count == 1)
        }
    }

    private static func policy(_ key: String, _ written: String) -> String {
        func line(_ name: String, _ value: String) -> String { "\(name): \(key == name ? written : value)" }
        return """
            apiVersion: nagi/v1
            kind: Rollout
            metadata: {name: trap}
            spec:
              cluster: base
              \(line("revision", "v1"))
              \(line("suspend", "false"))
              \(line("cutoff", "1m"))
              windows:
                - weekly:
                    days: [sun]
                    \(line("start", "02:00"))
                  \(line("startDate", "2026-12-01"))
                  duration: 4h
                  timeZone: UTC
              strategy:
                \(line("maxFailures", "2"))
              sequence: drain-then-block

            """
    }

    private static func value(_ key: String, _ rollout: Policy) -> String {
        switch key {
        case "revision": rollout.revision ?? ""
        case "maxFailures": "\(rollout.strategy.maxFailures)"
        case "suspend": "\(rollout.isSuspended)"
        case "cutoff": rollout.schedule.cutoff.written
        case "startDate": rollout.schedule.windows[0].startDate.map { "\($0)" } ?? ""
        default:
            if case .weekly(_, let start) = rollout.schedule.windows[0].recurrence { "\(start)" } else { "" }
        }
    }

    /// A file as a whole, and the codes of everything that is found in it.
    static let files: [(name: String, text: String, codes: [String])] = [
        ("nothing", "", ["no-policies"]), ("a marker alone", "---\n", ["no-policies"]),
        ("markers and comments", "---\n# nothing\n---\n...\n", ["no-policies"]),
        ("a version of YAML", "%YAML 1.1\n---\n" + step, []),
        ("a version to come", "%YAML 3.0\n---\n" + step, ["yaml-syntax"]),
        ("a directive without a document", "%YAML 1.2\n", ["yaml-syntax"]),
        ("two documents", step + "---\n" + step.replacing("one", with: "two"), []),
        ("an end marker", step + "...\n", []),
        ("a byte order mark", "\u{FEFF}" + step, []), ("carriage returns", step.replacing("\n", with: "\r\n"), []),
        ("old line ends", step.replacing("\n", with: "\r"), []),
        ("a tab as indentation", step.replacing("  steps", with: "\tsteps"), ["yaml-syntax"]),
        ("a tab before a comment", step + "\t# a tab\n", ["yaml-syntax"]),
        ("a NUL", step + "\0", ["control-character"]), ("an escape", step + "# \u{1B}[2J\n", ["control-character"]),
        ("a key twice", step.replacing("spec:", with: "kind: Sequence\nspec:"), ["duplicate-key"]),
        ("a key twice, once in quotes", step.replacing("spec:", with: "\"kind\": Sequence\nspec:"), ["duplicate-key"]),
        (
            "a merge key", step.replacing("metadata: {name: one}", with: "metadata: {name: one, <<: {name: two}}"),
            ["merge-key"]
        ),
        ("an anchor and its alias", step.replacing("block: {}", with: "drain: &d {deadline: 1m}\n    - drain: *d"), []),
        ("a number as key", step.replacing("spec:", with: "1: 2\nspec:"), ["unknown-key"]),
        ("a boolean as key", step.replacing("spec:", with: "on: 2\nspec:"), ["unknown-key"]),
        ("nothing as key", step.replacing("spec:", with: "~: 2\nspec:"), ["key-not-text"]),
        ("a list as key", step.replacing("spec:", with: "? [a]\n: 2\nspec:"), ["key-not-text"]),
        ("an emoji as key", step.replacing("spec:", with: "🚀: 2\nspec:"), ["unknown-key"]),
        ("keys that look alike", "caf\u{E9}: 1\ncafe\u{301}: 1\n" + step, ["unknown-key", "duplicate-key"]),
        (
            "flow on many lines",
            "{apiVersion: nagi/v1,\n kind: Sequence,\nmetadata: {name: one},\n spec: {steps: [\n{block: {}}]}}\n", []
        ),
        ("a list", "- a\n", ["wrong-type"]), ("a text", "hello\n", ["wrong-type"]),
        ("a comma at the end", step.replacing("{name: one}", with: "{name: one,}"), []),
        (
            "JSON",
            #"{"apiVersion":"nagi/v1","kind":"Sequence","metadata":{"name":"one"},"spec":{"steps":[{"block":{}}]}}"#, []
        ),
        ("a very long line", step + "#" + String(repeating: " long", count: 100_000) + "\n", []),
        ("a name in capitals", step.replacing("one", with: "One"), ["invalid-name"]),
        ("a name that is a number", step.replacing("one", with: "007"), []),
        ("a tag on a mapping", step.replacing("metadata: {", with: "metadata: !!map {"), ["tag-not-allowed"]),
    ]

    private static let step = """
        apiVersion: nagi/v1
        kind: Sequence
        metadata: {name: one}
        spec:
          steps:
            - block: {}

        """

    @Test(arguments: files.indices)
    func `a file is taken or refused as expected`(index: Int) {
        let (name, text, codes) = Self.files[index]
        let parsed = parsePolicies([PolicySource(path: "trap.yaml", text: text)], zones: Corpus.zones)
        #expect(parsed.diagnostics.map(\.code.rawValue) == codes, "\(name)")
    }

    @Test(arguments: [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16, .utf32LittleEndian])
    func `other encodings are refused, and it is said what to do`(encoding: String.Encoding) throws {
        let bytes = try #require(Self.step.data(using: encoding))
        let parsed = parsePolicies([PolicySource(path: "wide.yaml", bytes: Array(bytes))], zones: Corpus.zones)
        #expect(parsed.set == nil)
        let first = try #require(parsed.diagnostics.first)
        #expect(["invalid-utf8", "control-character"].contains(first.code.rawValue))
        #expect(first.hint == "save it as UTF-8")
    }
}
