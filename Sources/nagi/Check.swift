import ArgumentParser
import Calendars
import Daemon
import Foundation
import PolicyFile
import Primitives
import Scheduling

/// `nagi check PATH…`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether policies are right, and where they are not.",
        discussion: """
            A PATH is a file, or a directory of which all *.yaml and *.yml are read (not its subdirectories). Together they \
            are one set. Its windows are looked at over the next 400 days as well: windows that never open, that freezes \
            swallow, or that daylight saving moves are warned of. Exit code: 0 fine (warnings allowed), 1 some policy is \
            wrong, 2 a path cannot be read.

              nagi check policies
              nagi check policies --strict    # for pipelines: warnings are refused as well
              nagi check policies --format json | jq '.diagnostics[].message'
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Argument(help: ArgumentHelp("Files or directories.", valueName: "path"))
    var paths: [String]

    @Option(help: "text for people, json for programs.")
    var format = Format.text

    @Flag(help: "Warnings count as errors: exit code 1.")
    var strict = false

    @Flag(help: "The policies are for another machine: their commands are not looked for on this one.")
    var elsewhere = false

    func run() throws {
        let contents = PolicyDirectory.scan(paths)
        let zones = HostZones.catalog()
        let now = HostClock.now().wall
        let parsed = parsePolicies(
            contents.sources, zones: zones, calendarFiles: PolicyDirectory.calendarFiles,
            programs: elsewhere ? .notAsked : PolicyDirectory.programs, now: now)
        let diagnostics = (contents.faults + parsed.diagnostics).sorted()
        let errors = diagnostics.count { $0.severity == .error }
        let isFine = strict ? diagnostics.allSatisfy { $0.severity == .note } : errors == 0
        switch format {
        case .text:
            print(DiagnosticList(diagnostics).text, terminator: "")
            let next = parsed.set.flatMap { NextOpening(of: $0, after: now) }
            print(summary(parsed.counts, errors: errors, next: next?.text(at: now), zones: zones.version))
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let report = Report(ok: isFine, diagnostics: diagnostics.map { Report.Entry(diagnostic: $0) })
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
        if contents.faults.contains(where: { $0.code == .unreadableFile }) { throw ExitCode(2) }
        if !isFine { throw ExitCode(1) }
    }

    /// The last line: what there is, and whether it is fine.
    private func summary(_ counts: ParsedPolicies.Counts, errors: Int, next: String?, zones: String?) -> String {
        let opening = next.map { " Next: \($0)." } ?? ""
        let version = zones.map { " Zones: tzdata \($0)." } ?? ""
        let parts = PolicyKind.allCases.compactMap { kind in
            count(counts.declared[kind] ?? 0, kind == .maintenanceWindow ? "window" : kind.rawValue.lowercased())
        }
        if errors > 0 || counts.warnings > 0 {
            let found = [count(errors, "error"), count(counts.warnings, "warning")].compactMap { $0 }
            guard counts.files > 0 else { return "nothing was read: \(found.joined(separator: ", "))." }
            let what = parts.isEmpty ? count(counts.files, "file") ?? "" : parts.joined(separator: ", ")
            let refused = strict && errors == 0 ? " (--strict: refused)" : ""
            return "\(what): \(found.joined(separator: ", "))\(refused)." + opening + version
        }
        let files = count(counts.files, "file") ?? "0 files"
        let policies = counts.policies == 1 ? "1 policy" : "\(counts.policies) policies"
        return "\(files), \(policies): fine." + opening + version
    }

    private func count(_ number: Int, _ noun: String) -> String? {
        number == 0 ? nil : "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}

/// Which policy may act next, of those that are not suspended.
private struct NextOpening {
    var policy: String
    var start: Timestamp
    var zone: ZoneRules

    /// `weekly-night, Sun 2026-11-29 02:00 +09:00 (in 6d 14h)`.
    func text(at now: Timestamp) -> String {
        if start <= now { return "\(policy), open now" }
        let written = zone.text(start)
        let date = written.prefix(10)
        let clock = zone.local(start).description.dropFirst(11)
        let offset = written.hasSuffix("Z") ? "+00:00" : written.suffix(6)
        let weekday = zone.local(start).date.weekday.rawValue.capitalized
        return "\(policy), \(weekday) \(date) \(clock) \(offset) (in \(ShownInstant.rough(start - now)))"
    }
}

extension NextOpening {
    fileprivate init?(of set: PolicySet, after now: Timestamp) {
        var first: NextOpening?
        for policy in set.policies where !policy.isSuspended && !policy.schedule.isUnbounded {
            let calendar = set.calendar(of: policy)
            guard let opening = calendar.opening(at: now) ?? calendar.nextOpening(after: now),
                opening.start < first?.start ?? .distantFuture,
                let window = policy.schedule.windows.first(where: { $0.name == opening.occurrence.window }),
                let zone = set.zones[window.timeZone]
            else { continue }
            first = NextOpening(policy: policy.name, start: opening.start, zone: zone)
        }
        guard let first else { return nil }
        self = first
    }
}

/// The stable JSON shape of `check`: fields may come, these stay.
private struct Report: Encodable {
    var ok: Bool
    var diagnostics: [Entry]

    struct Entry: Encodable {
        var diagnostic: Diagnostic

        enum Key: String, CodingKey {
            case severity, code, message, hint, file, line, column, related
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(diagnostic.severity.rawValue, forKey: .severity)
            try container.encode(diagnostic.code.rawValue, forKey: .code)
            try container.encode(diagnostic.message, forKey: .message)
            try container.encode(diagnostic.hint, forKey: .hint)
            try container.encode(diagnostic.file, forKey: .file)
            try container.encode(diagnostic.line, forKey: .line)
            try container.encode(diagnostic.column, forKey: .column)
            if !diagnostic.related.isEmpty {
                try container.encode(diagnostic.related, forKey: .related)
            }
        }
    }
}
