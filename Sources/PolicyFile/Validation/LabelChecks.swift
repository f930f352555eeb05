import ModeCore
import Scheduling

extension PolicyValidator {
    /// That every selected node has the labels that texts about it name: an address with a hole in it may be something else.
    func checkLabels(_ draft: PolicyDraft, _ sequence: CheckedSequence?, _ nodes: [ClusterNode]) {
        guard !nodes.isEmpty else { return }
        let texts = (sequence?.steps.flatMap(\.filledTexts) ?? []) + draft.gates.flatMap(\.filledTexts)
        for text in texts {
            for label in Set(Placeholders.labels(in: text.text)).sorted() {
                let without = nodes.filter { $0.labels[label] == nil }.map(\.name)
                guard !without.isEmpty else { continue }
                let isUnknown = without.count == nodes.count
                let labels = isUnknown ? Set(nodes.flatMap(\.labels.keys)).sorted() : []
                findings.warning(
                    .unknownLabel,
                    isUnknown && nodes.count > 1
                        ? "no selected node has the label \"\(label)\""
                        : "\(NameList.text(without)) \(without.count == 1 ? "has" : "have") no label \"\(label)\"",
                    at: text.location,
                    hint: didYouMean(label, among: labels)
                        ?? (text.isForPeople
                            ? "the text will say so"
                            : "nothing is sent about a node without it: the step fails, a gate is unknown"))
            }
        }
    }
}
