/// What another text of the policies says differently in one document.
package struct DocumentChange: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case added
        case removed
        case changed
    }

    package var kind: PolicyKind
    package var name: String
    /// What the same document was called before.
    package var formerName: String?
    package var state: State
    /// Of one that was added or removed: everything that is written in it.
    package var fields: [FieldChange]
    /// What that does to runs that are in work, a sentence each; each once.
    package var effects: [String]
}

/// Every document that two sets of policies write differently, by kind, then by name.
package func documentChanges(from old: WrittenPolicies, to new: WrittenPolicies) -> [DocumentChange] {
    let before = old.documents
    let after = new.documents
    var changes: [DocumentChange] = []
    for kind in PolicyKind.allCases {
        let former = before.filter { $0.kind == kind }
        let current = after.filter { $0.kind == kind }
        let names = (old: Set(former.map(\.name)), new: Set(current.map(\.name)))
        let byName = Dictionary(former.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let renamed = renames(
            former.filter { !names.new.contains($0.name) }, current.filter { !names.old.contains($0.name) })
        let gone = former.filter { !names.new.contains($0.name) && !renamed.values.contains($0.name) }
        let uses = Uses(of: kind, in: after)
        for document in gone { changes.append(DocumentChange(document, .removed, uses: uses)) }
        for document in current {
            let formerName = names.old.contains(document.name) ? document.name : renamed[document.name]
            guard let former = formerName.flatMap({ byName[$0] }) else {
                changes.append(DocumentChange(document, .added, uses: uses))
                continue
            }
            let fields = FieldComparison(former.spec, document.spec).changes
            if fields.isEmpty, former.name == document.name { continue }
            var change = DocumentChange(
                kind: kind, name: document.name, formerName: former.name == document.name ? nil : former.name,
                state: .changed, fields: fields, effects: [])
            change.effects = Effects(of: change, used: uses.text(document.name)).sentences
            changes.append(change)
        }
    }
    return changes
}

extension DocumentChange {
    fileprivate init(_ document: WrittenDocument, _ state: State, uses: Uses) {
        var fields: [FieldChange] = []
        if case .mapping(let entries) = document.spec {
            fields = entries.filter { !$0.isDefault }.map { entry in
                let flow = entry.value.flow
                return FieldChange(
                    path: entry.key, old: state == .removed ? flow : nil, new: state == .added ? flow : nil)
            }
        }
        self.init(kind: document.kind, name: document.name, formerName: nil, state: state, fields: fields, effects: [])
        effects = Effects(of: self, used: uses.text(name)).sentences
    }
}

/// So much of what both write must be the same for one name to be another name of the same thing.
private let likeness = 0.6
/// So many names that went and came are compared, each with each.
private let renameLimit = 100

/// The former names of documents, by the new ones: the most alike first.
private func renames(_ gone: [WrittenDocument], _ come: [WrittenDocument]) -> [String: String] {
    guard !gone.isEmpty, !come.isEmpty, gone.count <= renameLimit, come.count <= renameLimit else { return [:] }
    func leaves(_ document: WrittenDocument) -> Set<String> {
        var leaves: Set<String> = []
        document.spec.leaves(into: &leaves)
        return leaves
    }
    let old = gone.map { ($0.name, leaves($0)) }
    let new = come.map { ($0.name, leaves($0)) }
    var pairs: [(share: Double, old: String, new: String)] = []
    for (oldName, oldLeaves) in old {
        for (newName, newLeaves) in new {
            let all = oldLeaves.union(newLeaves).count
            let share = all == 0 ? 0 : Double(oldLeaves.intersection(newLeaves).count) / Double(all)
            if share >= likeness { pairs.append((share, oldName, newName)) }
        }
    }
    pairs.sort { ($1.share, $0.old, $0.new) < ($0.share, $1.old, $1.new) }
    var result: [String: String] = [:]
    for pair in pairs where result[pair.new] == nil && !result.values.contains(pair.old) { result[pair.new] = pair.old }
    return result
}

/// Which policies and clusters name a document.
private struct Uses {
    private let kind: PolicyKind
    private let documents: [WrittenDocument]

    init(of kind: PolicyKind, in documents: [WrittenDocument]) {
        self.kind = kind
        self.documents = documents
    }

    /// `weekly-night (windows), tokyo (exclusions)`; empty where nobody does.
    func text(_ name: String) -> String {
        guard kind == .calendar || kind == .sequence else { return "" }
        let users = documents.compactMap { document -> String? in
            guard case .mapping(let entries) = document.spec else { return nil }
            let keys = entries.filter { names(name, in: $0) }.map(\.key)
            guard !keys.isEmpty else { return nil }
            return kind == .calendar ? "\(document.name) (\(keys.joined(separator: " and ")))" : document.name
        }
        return users.joined(separator: ", ")
    }

    private func names(_ name: String, in entry: WrittenValue.Entry) -> Bool {
        switch (kind, entry.key, entry.value) {
        case (.sequence, "sequence", .text(name)): true
        case (.calendar, "windows", .items(let items, _)), (.calendar, "exclusions", .items(let items, _)):
            items.contains { item in
                guard case .mapping(let keys) = item.value else { return false }
                return keys.contains { $0.key == "calendar" && $0.value == .text(name) }
            }
        default: false
        }
    }
}
