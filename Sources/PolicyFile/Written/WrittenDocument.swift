/// One document of a policy file, as it is written.
package struct WrittenDocument: Hashable, Sendable {
    package var kind: PolicyKind
    package var name: String
    package var spec: WrittenValue
}

/// The documents of a set as they are written: what `nagi diff` compares, made only when somebody asks.
package struct WrittenPolicies: Sendable {
    /// The YAML of a document, and of a Calendar the digests of the files that it names, by those names.
    struct Source: Sendable {
        var kind: PolicyKind
        var name: String
        var spec: YAMLNode
        var files: [String: String] = [:]
    }

    let sources: [Source]

    /// By kind, then by name.
    package var documents: [WrittenDocument] {
        let shapes = Dictionary(
            DocumentReader.shapes.map { ($0.kind, $0.spec) }, uniquingKeysWith: { first, _ in first })
        let places = Dictionary(
            PolicyKind.allCases.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return sources.compactMap { source in
            guard let shape = shapes[source.kind.rawValue], let spec = WrittenReader.value(source.spec, shape) else {
                return nil
            }
            return WrittenDocument(kind: source.kind, name: source.name, spec: spec.naming(source.files))
        }.sorted { (places[$0.kind] ?? 0, $0.name) < (places[$1.kind] ?? 0, $1.name) }
    }
}

extension WrittenValue {
    /// The `files` of a Calendar with what is in them: the same name may be another text.
    fileprivate func naming(_ digests: [String: String]) -> WrittenValue {
        guard !digests.isEmpty, case .mapping(var entries) = self,
            let place = entries.firstIndex(where: { $0.key == "files" })
        else { return self }
        entries[place].value = .items(
            digests.keys.sorted().map { name in
                let text = WrittenValue.text(String((digests[name] ?? "").prefix(8)))
                return Entry(key: name, value: .mapping([Entry(key: "content", value: text)]))
            }, isOrdered: false)
        return .mapping(entries)
    }
}
