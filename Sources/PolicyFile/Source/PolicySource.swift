/// One policy file: where it was, as the person named it, and its bytes.
public struct PolicySource: Hashable, Sendable {
    /// Shown in every diagnostic, never opened.
    public var path: String
    /// As read; valid UTF-8 is checked while parsing.
    public var bytes: [UInt8]

    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    public init(path: String, text: String) {
        self.init(path: path, bytes: Array(text.utf8))
    }
}

/// How much of anything one file may hold.
public enum PolicyLimits {
    /// Bytes of one file; it is refused by size before anything is scanned.
    public static let fileBytes = 1_048_576
    /// Sequences and mappings inside each other, aliases expanded.
    public static let depth = 32
    /// Scalars, sequences and mappings of one file; an alias counts as everything that it stands for.
    public static let nodes = 50_000
    public static let documents = 100
    /// Diagnostics of one pass; what is found after that is counted, not kept.
    public static let diagnostics = 1_000
    /// Unicode scalars of one text value.
    public static let textLength = 4_096
}
