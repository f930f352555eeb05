/// One fault or doubt about a policy file: what, where, and what to write instead.
package struct Diagnostic: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// The whole set is refused.
        case error
        /// The set is taken; somebody should look.
        case warning
        /// Advice for whoever writes the policy: nothing is wrong, and nothing makes it go away.
        case note
    }

    /// A second place that the same diagnostic is about.
    package struct Related: Hashable, Sendable, Encodable {
        package var message: String
        package var file: String
        package var line: Int
        package var column: Int

        package init(message: String, file: String, line: Int, column: Int) {
            self.message = message
            self.file = file
            self.line = line
            self.column = column
        }
    }

    package var severity: Severity
    package var code: DiagnosticCode
    package var message: String
    /// What to write instead, where that can be said.
    package var hint: String?
    /// The path as given.
    package var file: String
    /// From 1; 0 where the diagnostic is about the file as a whole.
    package var line: Int
    /// From 1, in Unicode scalars (libyaml's marks count those); 0 where `line` is.
    package var column: Int
    /// Scalars to underline.
    package var length: Int
    /// The line of the source as it stands there, unescaped.
    package var excerpt: String?
    package var related: [Related]

    package init(
        severity: Severity, code: DiagnosticCode, message: String, hint: String? = nil, file: String, line: Int = 0,
        column: Int = 0, length: Int = 1, excerpt: String? = nil, related: [Related] = []
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.hint = hint
        self.file = file
        self.line = line
        self.column = column
        self.length = length
        self.excerpt = excerpt
        self.related = related
    }
}

extension Diagnostic: Comparable {
    /// By file, line and column; then by code and message, so that the order is always the same.
    package static func < (a: Diagnostic, b: Diagnostic) -> Bool {
        if a.file != b.file { return a.file < b.file }
        if (a.line, a.column) != (b.line, b.column) { return (a.line, a.column) < (b.line, b.column) }
        return (a.code.rawValue, a.message) < (b.code.rawValue, b.message)
    }
}
