/// One policy file: where it was, as the person named it, and its bytes.
package struct PolicySource: Hashable, Sendable {
    /// Shown in every diagnostic, never opened.
    package var path: String
    /// As read; valid UTF-8 is checked while parsing.
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    package init(path: String, text: String) {
        self.init(path: path, bytes: Array(text.utf8))
    }
}

/// How much of anything one file may hold.
package enum PolicyLimits {
    /// Bytes of one file; it is refused by size before anything is scanned.
    package static let fileBytes = 1_048_576
    /// Sequences and mappings inside each other, aliases expanded.
    package static let depth = 32
    /// Scalars, sequences and mappings of one file; an alias counts as everything that it stands for.
    package static let nodes = 50_000
    package static let documents = 100
    /// Diagnostics of one pass; what is found after that is counted, not kept.
    package static let diagnostics = 1_000
    /// Unicode scalars of one text value.
    package static let textLength = 4_096
}
