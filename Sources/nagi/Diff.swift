import ArgumentParser
import Calendars
import Daemon
import Foundation
import PolicyFile
import Primitives
import Scheduling

/// `nagi diff OLD NEW`
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what another text of the policies changes, and what that does.",
        discussion: """
            Every field that is written otherwise, what it does to runs in work, and of each policy whether it may act at \
            more times, on more nodes, or with less care than before: same, narrower, wider or moved, with what shows it; \
            new and removed for those that only one text has. Less care is: more nodes at once, a larger budget, a shorter \
            cutoff, soak or pause between nodes, more failures, a drain that ends or outruns calls, and a canary, gate, \
            approval or verify that is gone. What commands do is not looked at. Windows and runs are compared over --days, the verdicts \
            over 400 days unless --to or --days is given.

            Exit code: 0; with --exit-code 1 where anything differs; with --allow 1 where a verdict is not among those \
            named. 1 where one of the texts is wrong, 2 where it cannot be read.

              nagi diff policies policies.new --days 90
              nagi diff policies policies.new --format markdown
              nagi diff main policies --allow same,narrower
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, markdown
    }

    /// The verdicts that `--allow` names.
    struct Allowed: ExpressibleByArgument {
        var words: Set<ReachChange.Word>

        init?(argument: String) {
            let texts = argument.split(separator: ",", omittingEmptySubsequences: false)
            words = Set(texts.compactMap { ReachChange.Word(rawValue: String($0)) })
            if words.isEmpty || words.count != Set(texts).count { return nil }
        }
    }

    @Argument(help: ArgumentHelp("The policies as they are.", valueName: "old")) var old: String
    @Argument(help: ArgumentHelp("The policies as they would be.", valueName: "new")) var new: String
    @OptionGroup var span: PlanSpan
    @Option(help: "table for people, json for programs, markdown for reviews.") var format = Format.table
    @Flag(help: "Exit code 1 where anything differs.") var exitCode = false
    @Option(
        help: ArgumentHelp(
            "Exit code 1 where a policy's verdict is none of these: same, narrower, wider, moved, new, removed.",
            valueName: "words"))
    var allow: Allowed?

    func run() throws {
        let sets = (old: try PolicyFiles(path: old).valid(), new: try PolicyFiles(path: new).valid())
        let zone = DisplayZone(of: [sets.old.set, sets.new.set])
        let span = try self.span.span(zone, now: HostClock.now().wall)
        let isGiven = self.span.to != nil || self.span.days != nil
        var written: (old: WrittenPolicies, new: WrittenPolicies)?
        if let old = sets.old.written, let new = sets.new.written { written = (old, new) }
        let difference = SetDifference(
            old: sets.old.set, new: sets.new.set, written: written, from: span.start, to: span.end,
            reachesTo: isGiven ? span.end : max(span.end, span.start + SetDifference.reach))
        let zones = sets.old.set.zones.merging(sets.new.set.zones) { _, new in new }
        switch format {
        case .table: print(DiffText(difference, zones: zones).text(width: TerminalWindow.terminal.width))
        case .markdown: print(DiffMarkdown(difference, zones: zones).text)
        case .json: print(PlanDocument.encoded(DiffDocument(difference, zones: zones, zone: zone)))
        }
        if let allow { try check(difference, DiffText(difference, zones: zones), allow.words) }
        if exitCode, !difference.isEmpty { throw ExitCode(1) }
    }

    private func check(_ difference: SetDifference, _ text: DiffText, _ words: Set<ReachChange.Word>) throws {
        let refused = difference.plan.reaches.filter { !words.contains($0.word) }
        guard !refused.isEmpty else { return }
        let allowed = ReachChange.Word.allCases.filter(words.contains).map(\.rawValue).joined(separator: ", ")
        throw Refusal(
            .no, refused.map { "not allowed: \(text.verdict($0))".plain }.joined(separator: "\n"),
            hint: "allowed: \(allowed)")
    }
}
