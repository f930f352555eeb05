/// One of several words that a key may have, and what an editor says of it: the schema's description.
protocol Word: RawRepresentable, CaseIterable, Sendable where RawValue == String {
    /// What follows where it is chosen; nil: the word says it.
    var meaning: String? { get }
}
