import Calendars
import PolicyFile
import Primitives
import Scheduling

/// A difference of two sets of policies as Markdown, for a comment where the policies are reviewed.
package struct DiffMarkdown: Sendable {
    private let difference: SetDifference
    private let words: DiffWording

    package init(_ difference: SetDifference, zones: [String: ZoneRules]) {
        self.difference = difference
        words = DiffWording(zones: zones)
    }

    package var text: String {
        guard !difference.isEmpty else { return "Nothing differs." }
        var blocks = [table]
        for change in difference.documents ?? [] { blocks.append(document(change)) }
        return blocks.joined(separator: "\n\n")
    }

    /// What each policy may do that it might not before, and the other way round.
    private var table: String {
        let plan = difference.plan
        let changes = Dictionary(plan.changes.map { ($0.policy, $0) }, uniquingKeysWith: { first, _ in first })
        let runs = Dictionary(grouping: plan.runs, by: \.policy)
        var lines = ["| policy | | because |", "|---|---|---|"]
        for reach in plan.reaches {
            let former = reach.formerName.map { " (was \(Self.code($0)))" } ?? ""
            let word = reach.word == .same ? "same" : "**\(reach.word.rawValue)**"
            let details =
                words.witnesses(reach) + (changes[reach.policy].map { words.windows($0) } ?? [])
                + words.runs(runs[reach.policy] ?? [], reach.timeZone)
            lines.append(
                "| \(Self.code(reach.policy))\(former) | \(word) | \(details.map(Self.escaped).joined(separator: "<br>")) |"
            )
        }
        lines.append("")
        lines.append(
            "Windows and runs until \(words.day(plan.to)), wider or narrower until \(words.day(plan.reachesTo)).")
        return lines.joined(separator: "\n")
    }

    private func document(_ change: DocumentChange) -> String {
        var lines = ["### \(Self.escaped(DiffWording.title(change)))", ""]
        if change.state == .changed {
            if !change.fields.isEmpty { lines += ["| field | old | new |", "|---|---|---|"] }
            lines += change.fields.map { field in
                "| \(Self.code(field.path)) | \(Self.value(field.old, field.isOldDefault)) "
                    + "| \(Self.value(field.new, field.isNewDefault)) |"
            }
        } else {
            lines += ["| field | value |", "|---|---|"]
            lines += change.fields.map { "| \(Self.code($0.path)) | \(Self.value($0.new ?? $0.old, false)) |" }
        }
        if !change.effects.isEmpty { lines.append("") }
        return (lines + change.effects.map { "- \(Self.escaped($0))" }).joined(separator: "\n")
    }

    private static func value(_ text: String?, _ isDefault: Bool) -> String {
        guard let text else { return "–" }
        return code(text) + (isDefault ? " (default)" : "")
    }

    /// As it stands, whatever is in it.
    private static func code(_ text: String) -> String {
        let plain = text.plain.split(separator: "\n").joined(separator: " ").split(
            separator: "|", omittingEmptySubsequences: false
        )
        .joined(separator: "\\|")
        // As many backticks around it as no row in it has.
        let longest = plain.split { $0 != "`" }.map(\.count).max() ?? 0
        guard longest > 0 else { return "`\(plain)`" }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence) \(plain) \(fence)"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.plain {
            if "\\`*_{}[]<>#|~".contains(character) { result.append("\\") }
            result.append(character == "\n" ? " " : character)
        }
        return result
    }
}
