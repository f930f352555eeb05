import Foundation
import PolicyFile
import Testing

/// The schema beside the parser: a validator from PyPI must say of every file what `check` says, where a schema can know.
struct SchemaTests {
    /// What a schema can see in a loaded document.
    private static let visible: Set<DiagnosticCode> = [
        .unknownKey, .missingKey, .missingValue, .wrongType, .unknownWord, .invalidText, .invalidName,
        .invalidDuration, .invalidTime, .invalidDate, .invalidNumber, .invalidBoolean, .invalidAmount,
        .invalidSchedule, .invalidNetwork, .invalidURL, .emptyList, .tooManyItems, .secretInText, .unknownKind,
        .unknownVersion, .conflictingKeys, .dateOnlyEnd, .bareCommandName,
    ]

    /// What a loader refuses, repairs or never shows.
    private static let ofYAML: Set<DiagnosticCode> = [
        .yamlSyntax, .invalidUTF8, .controlCharacter, .tooDeep, .tooManyNodes, .tooManyDocuments, .tagNotAllowed,
        .mergeKey, .keyNotText, .duplicateKey, .unknownAlias,
    ]

    /// Wrong by one of the visible codes, and valid all the same.
    private static let exceptions: [String: String] = [
        "cron-bad-field.yaml": "the pattern counts the fields of cron, it does not read them",
        "cron-never.yaml": "there is no 30 February: a matter of the calendar",
        "date-that-does-not-exist.yaml": "the pattern does not know how long the months are",
        "notification-address-is-a-secret.yaml": "it is a good address, and a warning",
        "number-in-hexadecimal.yaml": "a loader has turned 0x10 into 16",
        "number-with-exponent.yaml": "a loader has turned 1e3 into 1000",
    ]

    @Test(.timeLimit(.minutes(5)))
    func `a validator says of every file what check says, where a schema can know`() throws {
        guard let python = try SchemaPython.prepared() else { return }
        let schema = FileManager.default.temporaryDirectory.appending(path: "nagi-schema-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: schema) }
        try Data(PolicySchema.text().utf8).write(to: schema)
        let expected = try Self.expectations()
        let paths = expected.keys.sorted()
        let run = try SchemaPython.run([python, SchemaPython.script.path, schema.path] + paths)
        #expect(run.status == 0, "the schema is no JSON Schema, or the script failed")
        var seen = 0
        for line in run.output.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 2)
            guard parts.count >= 2, let wanted = expected[String(parts[0])] else { continue }
            seen += 1
            #expect(parts[1] == wanted, "\(line)")
        }
        #expect(seen == paths.count)
    }

    /// By path: `valid` or `invalid`.
    private static func expectations() throws -> [String: Substring] {
        var expected: [String: Substring] = [:]
        for name in try Corpus.files("good") { expected[path("good", name)] = "valid" }
        for name in try Corpus.files("bad") {
            let codes = try Corpus.parsed("bad", name).diagnostics.filter { $0.file.hasPrefix("bad/") }.map(\.code)
            // Recurrence rules are a language of their own: the pattern wants a frequency and leaves the rest to `check`.
            guard ofYAML.isDisjoint(with: codes), !codes.contains(.invalidRule) else { continue }
            let isVisible = !visible.isDisjoint(with: codes) && exceptions[name] == nil
            expected[path("bad", name)] = isVisible ? "invalid" : "valid"
        }
        let root = Corpus.directory.appending(path: "../..")
        for folder in ["policies", "examples"] {
            let url = root.appending(path: folder).resolvingSymlinksInPath()
            let files = FileManager.default.enumerator(
                at: url, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
            for case let file as URL in files ?? .init() where file.pathExtension == "yaml" {
                expected[file.path] = "valid"
            }
        }
        return expected
    }

    private static func path(_ folder: String, _ name: String) -> String {
        Corpus.directory.appending(path: folder).appending(path: name).path
    }

    @Test func `every exception is a file that exists`() throws {
        let files = try Corpus.files("bad")
        #expect(Self.exceptions.keys.filter { !files.contains($0) } == [])
    }

    @Test func `the schema is the same text every time and names every kind`() throws {
        let text = PolicySchema.text()
        #expect(text == PolicySchema.text())
        #expect(text.hasSuffix("}\n"))
        let object = try Self.decoded(text)
        #expect(object["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")
        #expect(object["$id"] as? String == PolicySchema.identifier)
        let properties = try #require(object["properties"] as? [String: [String: Any]])
        #expect(Set(properties.keys) == ["apiVersion", "kind", "metadata", "spec"])
        let kinds = try #require(properties["kind"]?["enum"] as? [String])
        let definitions = try #require(object["$defs"] as? [String: [String: Any]])
        #expect(kinds.allSatisfy { definitions[$0] != nil })
        #expect((object["allOf"] as? [Any])?.count == kinds.count)
    }

    @Test func `every mapping is closed, and every key says what it is`() throws {
        let definitions = try #require(try Self.decoded(PolicySchema.text())["$defs"] as? [String: [String: Any]])
        for (name, definition) in definitions {
            #expect(definition["additionalProperties"] as? Bool == false, "\(name)")
            for (key, value) in definition["properties"] as? [String: [String: Any]] ?? [:] {
                #expect((value["description"] as? String)?.isEmpty == false, "\(name).\(key)")
            }
        }
    }

    @Test func `a word says what follows where it is chosen`() throws {
        let definitions = try #require(try Self.decoded(PolicySchema.text())["$defs"] as? [String: [String: Any]])
        let steps = try #require(definitions["step"]?["properties"] as? [String: [String: Any]])
        let drain = try #require(steps["drain"]?["properties"] as? [String: [String: Any]])
        let words = try #require(drain["onDeadline"]?["oneOf"] as? [[String: String]])
        #expect(words.map { $0["const"] } == ["proceed", "terminate", "skip", "abort"])
        #expect(words.allSatisfy { $0["description"]?.isEmpty == false })
    }

    @Test func `what the parser does by default stands in the schema, in the type of its value`() throws {
        let definitions = try #require(try Self.decoded(PolicySchema.text())["$defs"] as? [String: [String: Any]])
        let window = try #require(definitions["MaintenanceWindow"]?["properties"] as? [String: [String: Any]])
        #expect(window["suspend"]?["default"] as? Bool == false)
        let step = try #require(definitions["step"])
        #expect(step["minProperties"] as? Int == 1)
        #expect(step["maxProperties"] as? Int == 1)
    }

    private static func decoded(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
