import Calendars
import Foundation
import PolicyFile
import Primitives
import Testing

/// Golden diagnostics. After a change of wording run the tests with `NAGI_REWRITE_EXPECTED=1` and read the difference.
struct CorpusTests {
    @Test func `every wrong policy is answered with the expected diagnostics`() throws {
        let files = try Corpus.files("bad")
        #expect(files.count >= 170)
        let isRewriting = ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1"
        for name in files {
            let parsed = try Corpus.parsed("bad", name)
            let text = parsed.diagnostics.map { $0.rendered() }.joined()
            let expected = Corpus.directory.appending(path: "bad/\(name.dropLast(5)).expected")
            if isRewriting { try Data(text.utf8).write(to: expected) }
            let wanted = try String(contentsOf: expected, encoding: .utf8)
            #expect(text == wanted, "bad/\(name)")
            #expect(!parsed.diagnostics.isEmpty, "bad/\(name) is not wrong")
            #expect((parsed.set == nil) == parsed.diagnostics.contains { $0.severity == .error }, "bad/\(name)")
        }
    }

    @Test func `every good policy is fine without a warning`() throws {
        for name in try Corpus.files("good") where name != "everything.yaml" {
            let parsed = try Corpus.parsed("good", name)
            #expect(parsed.diagnostics.map { $0.rendered() } == [], "good/\(name)")
            #expect(parsed.set != nil, "good/\(name)")
        }
    }

    @Test(arguments: [
        ("policies", 11), ("examples/quickstart/policies", 2), ("examples/standalone", 2), ("examples/zone-by-zone", 2),
        ("examples/business-hours", 3), ("examples/night-shift/policies", 2), ("examples/over-https", 3),
    ])
    func `the shipped policies are fine, also for the next 400 days`(folder: String, count: Int) throws {
        let directory = Corpus.directory.appending(path: "../../" + folder).standardizedFileURL
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".yaml") }
        let sources = try names.sorted().map {
            PolicySource(path: $0, bytes: Array(try Data(contentsOf: directory.appending(path: $0))))
        }
        let files = CalendarFiles { name, _ in
            (try? Data(contentsOf: directory.appending(path: name))).map {
                .success(PolicySource(path: name, bytes: Array($0)))
            } ?? .failure(.init("there is no such file"))
        }
        let now = try #require(Timestamp(rfc3339: "2026-11-22T00:00:00Z"))
        let parsed = parsePolicies(sources, zones: Corpus.zones, calendarFiles: files, now: now)
        #expect(parsed.diagnostics.filter { $0.severity != .note }.map { $0.rendered() } == [])
        #expect(parsed.counts.warnings == 0)
        #expect(parsed.counts.policies == count)
    }

    @Test func `every code that a policy can cause stands in the corpus`() throws {
        var seen: Set<DiagnosticCode> = []
        for name in try Corpus.files("bad") {
            seen.formUnion(try Corpus.parsed("bad", name).diagnostics.map(\.code))
        }
        // Caused by the file system, by calendar files, or by files too large to keep: other tests.
        let elsewhere: Set<DiagnosticCode> = [
            .unreadableFile, .fileTooLarge, .tooManyDiagnostics, .tooManyItems, .noPolicies,
            .calendarSyntax, .calendarValue, .calendarUnsupported, .calendarDoubtful,
        ]
        let missing = Set(DiagnosticCode.allCases).subtracting(seen).subtracting(elsewhere)
        #expect(missing.map(\.rawValue).sorted() == [])
    }
}
