import Foundation
import Testing

/// The laws of the pure targets, kept by reading their sources: time is an argument, and nothing comes from outside.
struct PureTargetTests {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let allowedImports: [String: Set<String>] = [
        "Primitives": [],
        "ModeCore": ["Primitives"],
        "Calendars": ["Primitives"],
        "Scheduling": ["Calendars", "ModeCore", "Primitives"],
        "Simulation": ["Calendars", "ModeCore", "Primitives", "Scheduling"],
        "PolicyFile": ["Calendars", "CLibYAML", "ModeCore", "Primitives", "Scheduling"],
    ]

    /// What single folders may import beyond that: the gate serves many threads, for which it needs atomics and locks.
    static let exceptions: [String: Set<String>] = ["Sources/ModeCore/Gate/": ["Synchronization"]]

    /// Clock, chance, tasks, files and environment; each as it would be written.
    static let forbidden = [
        #"\bDate\("#, #"\b\w*(Clock|Instant|Date)\.now\b"#, #"\bUUID\("#, #"\.random(Element)?\("#, #"\.shuffle(d)?\("#,
        #"\bSystemRandomNumberGenerator\b"#, #"\bTask(\.|\s*\{|<)"#, #"\basync\b"#, #"\bawait\b"#, #"\bactor\b"#,
        #"\bProcessInfo\b"#, #"\bFileManager\b"#, #"\bDispatch"#, #"\bgetenv\("#, #"\bCommandLine\b"#, #"\bprint\("#,
        #"@unchecked"#, #"\bnonisolated\(unsafe\)"#, #"\bstatic var \w+\s*(:[^{=]*)?=[^>]"#,
    ]

    static func sources(of target: String) throws -> [(path: String, lines: [Substring])] {
        let folder = root.appendingPathComponent("Sources/\(target)")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
            .sorted { $0.path < $1.path }
            .map { url in
                let text = try String(contentsOf: url, encoding: .utf8)
                return (
                    String(url.path.dropFirst(root.path.count + 1)),
                    text.split(separator: "\n", omittingEmptySubsequences: false)
                )
            }
    }

    @Test(arguments: allowedImports.keys.sorted()) func `imports nothing but what it may`(target: String) throws {
        let allowed = PureTargetTests.allowedImports[target] ?? []
        let sources = try PureTargetTests.sources(of: target)
        #expect(!sources.isEmpty)
        for (path, lines) in sources {
            let allowed = PureTargetTests.exceptions.reduce(into: allowed) { allowed, exception in
                if path.hasPrefix(exception.key) { allowed.formUnion(exception.value) }
            }
            for (number, line) in lines.enumerated() {
                let words = line.split(separator: " ")
                guard let keyword = words.firstIndex(of: "import"), words.prefix(keyword).allSatisfy(isModifier),
                    keyword + 1 < words.count
                else { continue }
                #expect(allowed.contains(String(words[keyword + 1])), "\(path):\(number + 1): \(line)")
            }
        }
    }

    private func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
    }

    @Test(arguments: allowedImports.keys.sorted())
    func `touches no clock, chance, task or environment`(target: String) throws {
        let patterns = try PureTargetTests.forbidden.map { try NSRegularExpression(pattern: $0) }
        for (path, lines) in try PureTargetTests.sources(of: target) {
            for (number, line) in lines.enumerated() {
                let code = line.trimmingCharacters(in: .whitespaces)
                if code.hasPrefix("//") { continue }
                let range = NSRange(code.startIndex..., in: code)
                for (pattern, source) in zip(patterns, PureTargetTests.forbidden)
                where pattern.firstMatch(in: code, range: range) != nil {
                    Issue.record("\(path):\(number + 1): \(code) (\(source))")
                }
            }
        }
    }

    @Test func `the laws notice what breaks them`() throws {
        let broken = ["let now = Date()", "ContinuousClock.now", "x.shuffled()", "Task { }", "static var count = 0"]
        for line in broken {
            let isNoticed = try PureTargetTests.forbidden.contains { pattern in
                let expression = try NSRegularExpression(pattern: pattern)
                return expression.firstMatch(in: line, range: NSRange(line.startIndex..., in: line)) != nil
            }
            #expect(isNoticed, "\(line)")
        }
    }

    @Test func `the top level holds what the card allows`() throws {
        let allowed: Set = [
            "Package.swift", "Sources", "Tests", "policies", "examples", "README.md", "Package.resolved",
        ]
        let names = try FileManager.default.contentsOfDirectory(atPath: PureTargetTests.root.path)
        for name in names where !name.hasPrefix(".") { #expect(allowed.contains(name), "\(name)") }
    }
}
