import Foundation
import Testing

/// The laws of the pure targets, kept by reading their sources: time is an argument, and nothing comes from outside.
struct PureTargetTests {
    static let allowedImports: [String: Set<String>] = [
        "Primitives": [],
        "ModeCore": ["Primitives"],
        "Calendars": ["Primitives"],
        "Scheduling": ["Calendars", "ModeCore", "Primitives"],
        "Simulation": ["Calendars", "ModeCore", "Primitives", "Scheduling"],
        "PolicyFile": ["Calendars", "CLibYAML", "ModeCore", "Primitives", "Scheduling"],
    ]

    /// The gate serves many threads, for which it needs atomics and locks.
    static let exceptions: [String: Set<String>] = ["Sources/ModeCore/Gate/": ["Synchronization"]]

    @Test(arguments: allowedImports.keys.sorted()) func `imports nothing but what it may`(target: String) throws {
        let files = try SourceFile.all(of: target)
        #expect(!files.isEmpty)
        let law = ImportLaw(allowed: Self.allowedImports[target] ?? [], exceptions: Self.exceptions)
        for breach in law.breaches(in: files) { Issue.record("\(breach)") }
    }

    @Test(arguments: allowedImports.keys.sorted())
    func `touches no clock, chance, task or environment`(target: String) throws {
        for breach in try CallLaw().breaches(in: SourceFile.all(of: target)) { Issue.record("\(breach)") }
    }

    @Test func `the top level holds what the card allows`() throws {
        let allowed: Set = [
            "Package.swift", "Sources", "Tests", "policies", "examples", "README.md", "Package.resolved",
        ]
        let names = try FileManager.default.contentsOfDirectory(atPath: SourceFile.root.path)
        for name in names where !name.hasPrefix(".") { #expect(allowed.contains(name), "\(name)") }
    }
}
