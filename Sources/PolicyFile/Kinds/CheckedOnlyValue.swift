extension ValueType {
    /// The same values, some of which the daemon of this version does not act on.
    func checkedOnly(where what: String, _ isConcerned: @escaping @Sendable (Value) -> Bool) -> ValueType {
        ValueType(shape, written: written) { node, findings in
            guard let value = read(node, findings) else { return nil }
            if isConcerned(value) { findings.checkedOnly("`\(what)`", at: node.location) }
            return value
        }
    }
}
