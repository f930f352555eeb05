import ModeCore
import Primitives
import Scheduling

/// What came of a set of policy files: the validated set, or why there is none.
package struct ParsedPolicies: Sendable {
    /// How many of what the files declare, faulty ones included.
    package struct Counts: Hashable, Sendable {
        package var files: Int
        package var declared: [PolicyKind: Int]
        package var errors = 0
        package var warnings = 0

        package var policies: Int { declared.values.reduce(0, +) }
    }

    /// Nil if any diagnostic is an error: a set is taken or refused as a whole.
    package var set: PolicySet?
    /// Sorted by file, line and column.
    package var diagnostics: [Diagnostic]
    package var counts: Counts
    /// The documents as they are written, right or wrong.
    package var written: WrittenPolicies
}

/// Reads all files as one set. Every fault of every file is found in one pass.
///
/// No file is opened, no clock or zone of the host is asked: equal arguments give equal answers.
///
/// - Parameters:
///   - calendarFiles: answers with the `.ics` files that calendars name.
///   - programs: knows whether what commands run is there.
///   - now: where given, the policies are also looked at over the 400 days from then on: windows that never open, that
///     freezes swallow, or that daylight saving moves are warned of. What depends on it is never an error, so that a
///     set does not become wrong by waiting.
package func parsePolicies(
    _ sources: [PolicySource], zones: ZoneCatalog, calendarFiles: CalendarFiles = .none,
    programs: Programs = .notAsked, now: Timestamp? = nil
) -> ParsedPolicies {
    let findings = Findings()
    var output = DocumentReader.Output()
    var isIncomplete = false
    for (index, source) in sources.enumerated() {
        let file = YAMLParser.parse(source, file: index, findings: findings)
        isIncomplete = isIncomplete || file.isIncomplete
        for document in file.documents { DocumentReader.read(document, into: &output, findings: findings) }
    }
    var validator = PolicyValidator(
        output, isIncomplete: isIncomplete, zones: zones,
        paths: sources.map(\.path), calendarFiles: calendarFiles, programs: programs, looksAhead: now != nil,
        findings: findings)
    var set = validator.validated(output.documents)
    if let now { validator.lookAhead(set, from: now) }
    if findings.errors == 0 { set.digest = digest(of: sources + validator.calendarSources) }

    var counts = ParsedPolicies.Counts(files: sources.count, declared: validator.names.mapValues(\.count))
    if counts.policies == 0, findings.errors == 0, !sources.isEmpty {
        findings.warning(file: 0, .noPolicies, "the files declare nothing")
    }
    let diagnostics = findings.diagnostics(of: sources)
    counts.errors = findings.errors
    counts.warnings = diagnostics.count { $0.severity == .warning }
    return ParsedPolicies(
        set: findings.errors == 0 ? set : nil, diagnostics: diagnostics, counts: counts,
        written: WrittenPolicies(sources: output.documents.map { validator.writtenSource($0) }))
}
