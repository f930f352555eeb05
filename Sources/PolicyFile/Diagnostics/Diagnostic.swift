/// One fault or doubt about a policy file: what, where, and what to write instead.
public struct Diagnostic: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable {
        /// The whole set is refused.
        case error
        /// The set is taken; somebody should look.
        case warning
    }

    /// A second place that the same diagnostic is about.
    public struct Related: Hashable, Sendable {
        public var message: String
        public var file: String
        public var line: Int
        public var column: Int

        public init(message: String, file: String, line: Int, column: Int) {
            self.message = message
            self.file = file
            self.line = line
            self.column = column
        }
    }

    public var severity: Severity
    public var code: DiagnosticCode
    public var message: String
    /// What to write instead, where that can be said.
    public var hint: String?
    /// The path as given.
    public var file: String
    /// From 1; 0 where the diagnostic is about the file as a whole.
    public var line: Int
    /// From 1, in Unicode scalars (libyaml's marks count those); 0 where `line` is.
    public var column: Int
    /// Scalars to underline.
    public var length: Int
    /// The line of the source as it stands there, unescaped.
    public var excerpt: String?
    public var related: [Related]

    public init(
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
    public static func < (a: Diagnostic, b: Diagnostic) -> Bool {
        if a.file != b.file { return a.file < b.file }
        if (a.line, a.column) != (b.line, b.column) { return (a.line, a.column) < (b.line, b.column) }
        return (a.code.rawValue, a.message) < (b.code.rawValue, b.message)
    }
}
