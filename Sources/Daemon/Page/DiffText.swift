import Calendars
import PolicyFile
import Primitives
import Scheduling

/// A difference of two sets of policies for people, in lines: field by field, then policy by policy what it means in time.
package struct DiffText: Sendable {
    private let difference: SetDifference
    private let words: DiffWording
    /// Of a document that is new: fields that are listed.
    private static let fieldLimit = 12

    package init(_ difference: SetDifference, zones: [String: ZoneRules]) {
        self.difference = difference
        words = DiffWording(zones: zones)
    }

    package var text: String { lines.joined(separator: "\n") }

    /// - Parameter width: columns in which lines are folded; nil: none is.
    package func text(width: Int?) -> String {
        guard let width else { return text }
        return lines.flatMap { TextFold.hanging($0, width: width) }.joined(separator: "\n")
    }

    package var lines: [String] {
        let plan = difference.plan
        let more = plan.isTruncated ? ["There are more windows than were compared: ask for fewer days."] : []
        let unknown =
            difference.documents == nil ? ["The former text is not at hand: fields are not compared."] : []
        guard !difference.isEmpty else { return ["nothing differs"] + unknown + more }
        var lines: [String] = []
        for change in difference.documents ?? [] { lines += document(change) }
        if !lines.isEmpty { lines.append("") }
        lines.append(horizon)
        lines += policies
        return (lines + unknown + more).map(\.plain)
    }

    /// `weekly-night is wider: Thu 2026-12-24 01:00 → 03:00 was frozen (xmas), is open`.
    package func verdict(_ reach: ReachChange) -> String {
        let witnesses = words.witnesses(reach).joined(separator: "; ")
        return "\(reach.policy) is \(reach.word.rawValue)" + (witnesses.isEmpty ? "" : ": \(witnesses)")
    }

    private var horizon: String {
        let plan = difference.plan
        let first = "Windows and runs until \(words.day(plan.to))"
        return plan.reachesTo == plan.to
            ? "\(first):" : "\(first), wider or narrower until \(words.day(plan.reachesTo)):"
    }

    private func document(_ change: DocumentChange) -> [String] {
        var lines = [DiffWording.title(change)]
        switch change.state {
        case .removed: break
        case .added:
            lines += change.fields.prefix(Self.fieldLimit).map { "  \($0.path): \($0.new ?? "–")" }
        case .changed:
            lines += change.fields.map { field in
                let old = DiffWording.value(field.old, isDefault: field.isOldDefault)
                return "  \(field.path): \(old) → \(DiffWording.value(field.new, isDefault: field.isNewDefault))"
            }
        }
        return lines + change.effects.map { "  · \($0)" }
    }

    private var policies: [String] {
        let plan = difference.plan
        let changes = Dictionary(plan.changes.map { ($0.policy, $0) }, uniquingKeysWith: { first, _ in first })
        let runs = Dictionary(grouping: plan.runs, by: \.policy)
        var lines: [String] = []
        var same: [String] = []
        for reach in plan.reaches {
            let change = changes[reach.policy]
            var details = words.witnesses(reach)
            if let change {
                if reach.word == .new { details.append(words.nodes(change)) }
                details += words.facts(change) + words.windows(change)
            }
            details += words.runs(runs[reach.policy] ?? [], reach.timeZone)
            if reach.word == .same, details.isEmpty, reach.formerName == nil {
                same.append(reach.policy)
                continue
            }
            let former = reach.formerName.map { " (was \($0))" } ?? ""
            lines.append("  \(reach.policy)\(former): \(reach.word.rawValue)")
            lines += details.map { "    \($0)" }
        }
        if !same.isEmpty { lines.append("  same: \(same.joined(separator: ", "))") }
        return lines
    }
}
