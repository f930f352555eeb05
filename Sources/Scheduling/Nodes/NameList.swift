package enum NameList {
    /// A few names, and how many more there are.
    ///
    /// - Parameter count: of how many these are the first ones, where not all were looked up.
    package static func text(_ names: [String], of count: Int? = nil) -> String {
        let shown = names.prefix(3)
        let more = max(count ?? 0, names.count) - shown.count
        return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
