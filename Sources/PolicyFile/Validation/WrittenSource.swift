extension PolicyValidator {
    /// The document as it is written, with what is in the calendar files that were read for it.
    func writtenSource(_ document: PolicyDocument) -> WrittenPolicies.Source {
        var source = WrittenPolicies.Source(kind: document.kind, name: document.name.value, spec: document.spec)
        guard case .calendar(let draft) = document.body else { return source }
        let path = paths[Int(document.name.location.file)]
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        for file in draft.files {
            guard
                let read = calendarSources.first(where: { $0.path == directory + file.value || $0.path == file.value })
            else { continue }
            // Where the directory stands is no part of what is in it.
            source.files[file.value] = digest(of: [PolicySource(path: file.value, bytes: read.bytes)])
        }
        return source
    }
}
