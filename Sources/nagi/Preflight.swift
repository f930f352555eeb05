import ArgumentParser
import Daemon
import Foundation
import PolicyFile
import Primitives
import Scheduling

/// `nagi preflight PATH`
struct PreflightVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preflight", abstract: "Look at the cluster with the policies' eyes, and change nothing.",
        discussion: """
            Calls every API and probe that the policies name, and compares what they say: names, members, modes, versions, \
            clocks; looks for commands and secrets on this machine. Exit code 1 where a daemon that is started now would not \
            do all it should.

              nagi preflight policies
              nagi preflight policies --format json | jq '.findings[] | select(.severity == "error")'
            """)

    @Argument(help: ArgumentHelp("File or directory of policies.", valueName: "path")) var path: String
    @Option(help: "table for people, json for programs.") var format = Status.Format.table

    func run() async throws {
        let files = PolicyFiles(path: path)
        let set = try files.validSet()
        let preflight = Preflight(
            set, policyDirectory: files.directory, environment: ProcessInfo.processInfo.environment)
        let sections = await preflight.sections()
        let whereabouts = Whereabouts(PolicyDirectory.scan([path]).sources)
        let rows = sections.flatMap(\.findings).map { ($0, whereabouts.place(of: $0)) }
        let isFine = !rows.contains { $0.0.severity == .error }
        switch format {
        case .json: print(jsonText(PreflightDocument(sections, rows, isFine: isFine)))
        case .table: print(text(sections, whereabouts))
        }
        if !isFine { throw ExitCode(1) }
    }

    private func text(_ sections: [Preflight.Section], _ whereabouts: Whereabouts) -> String {
        var lines: [String] = []
        for section in sections {
            lines.append("\(section.name)  \(section.summary)".plain)
            lines += Columns.lines(
                section.findings.map { finding in
                    [
                        finding.node ?? "–", finding.message,
                        finding.severity == .note ? "note" : "\(finding.severity.rawValue)[\(finding.code.rawValue)]",
                        (whereabouts.place(of: finding).map { "\($0.file):\($0.line)" } ?? "")
                            + (finding.hint.map { "  \($0)" } ?? ""),
                    ]
                })
        }
        let findings = sections.flatMap(\.findings)
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        let counts = "\(errors) error\(errors == 1 ? "" : "s"), \(warnings) warning\(warnings == 1 ? "" : "s")"
        let blocked = Set(findings.filter { $0.severity == .error }.map(\.place)).sorted()
        lines.append(
            blocked.isEmpty
                ? (warnings == 0 ? "fine: a daemon can be started" : "\(counts): a daemon can be started")
                : "\(counts): started now, the daemon would not do all it should for \(blocked.joined(separator: ", "))"
                    .plain)
        return lines.joined(separator: "\n")
    }
}

/// Where names stand in the policies' text.
private struct Whereabouts {
    struct Place: Encodable {
        var file: String
        var line: Int
    }

    private var lines: [(place: Place, text: Substring)] = []

    init(_ sources: [PolicySource]) {
        for source in sources {
            let text = String(decoding: source.bytes, as: UTF8.self)
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                lines.append((Place(file: source.path, line: number + 1), line))
            }
        }
    }

    /// The first line that has the node's name, or the command's program, as a word.
    func place(of finding: PreflightFinding) -> Place? {
        guard let word = finding.program ?? finding.node else { return nil }
        return lines.first { line in
            line.text.ranges(of: word).contains { range in
                let before =
                    range.lowerBound == line.text.startIndex
                    ? nil : line.text[line.text.index(before: range.lowerBound)]
                let after = range.upperBound == line.text.endIndex ? nil : line.text[range.upperBound]
                return [before, after].allSatisfy { $0.map { !$0.isWord } ?? true }
            }
        }?.place
    }
}

extension Character {
    /// It goes on with a name or a path.
    fileprivate var isWord: Bool { isLetter || isNumber || "-_.@/".contains(self) }
}

/// The JSON of `nagi preflight`. Fields may come, these stay.
private struct PreflightDocument: Encodable {
    struct Finding: Encodable {
        var severity: String
        var code: String
        var place: String
        @Nullable var node: String?
        var message: String
        @Nullable var hint: String?
        @Nullable var file: String?
        @Nullable var line: Int?
    }

    struct Section: Encodable {
        var name: String
        var summary: String
    }

    var ok: Bool
    var sections: [Section]
    var findings: [Finding]

    init(
        _ sections: [Preflight.Section], _ rows: [(PreflightFinding, Whereabouts.Place?)], isFine: Bool
    ) {
        ok = isFine
        self.sections = sections.map { Section(name: $0.name, summary: $0.summary) }
        findings = rows.map { finding, place in
            Finding(
                severity: finding.severity.rawValue, code: finding.code.rawValue, place: finding.place,
                node: finding.node, message: finding.message, hint: finding.hint, file: place?.file,
                line: place?.line)
        }
    }
}
