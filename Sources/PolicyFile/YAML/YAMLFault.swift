import CLibYAML

/// Why libyaml stopped, in words that help the person who wrote the file.
struct YAMLFault {
    private let isReaderFault: Bool
    private let problem: String
    private let context: String
    private let offset: Int
    private let value: Int
    private let line: Int
    private let column: Int
    private let contextLine: Int
    private let contextColumn: Int
    private let bytes: UnsafeBufferPointer<UInt8>
    private let byteAtMark: UInt8?

    init(_ parser: yaml_parser_t, _ bytes: UnsafeBufferPointer<UInt8>) {
        isReaderFault = parser.error == YAML_READER_ERROR
        problem = parser.problem.map { String(cString: $0) } ?? "the parser gave up"
        context = parser.context.map { String(cString: $0) } ?? ""
        offset = Int(parser.problem_offset)
        value = Int(parser.problem_value)
        line = Int(parser.problem_mark.line)
        column = Int(parser.problem_mark.column)
        contextLine = Int(parser.context_mark.line)
        contextColumn = Int(parser.context_mark.column)
        self.bytes = bytes
        byteAtMark = YAMLFault.byte(line: line, column: column, bytes)
    }

    func report(file: Int, to findings: Findings) {
        if isReaderFault { return reportBytes(file, findings) }
        let place = SourceLocation(file: file, line: line + 1, column: column + 1)
        let opened = SourceLocation(file: file, line: contextLine + 1, column: contextColumn + 1)
        if let bracket = openBracket {
            let close = bracket.character == "[" ? "]" : "}"
            return findings.error(
                .yamlSyntax, "this `\(bracket.character)` is not closed",
                at: SourceLocation(file: file, line: bracket.line + 1, column: bracket.column + 1),
                hint: "`\(close)` at its end", related: [.init(message: "noticed here", location: place)])
        }
        let (message, hint, pointsAtContext) = explained()
        var related: [Findings.Note] = []
        if !pointsAtContext, !context.isEmpty, byteAtMark != 0x09, (contextLine, contextColumn) != (line, column) {
            related = [.init(message: "it belongs to what starts here", location: opened)]
        }
        findings.error(
            .yamlSyntax, message, at: pointsAtContext ? opened : place, hint: hint, related: related)
    }

    /// The reader stops at a byte, not at a mark.
    private func reportBytes(_ file: Int, _ findings: Findings) {
        let (line, column) = SourceLines(Array(bytes)).position(ofByte: offset)
        let place = SourceLocation(file: file, line: line, column: column)
        if problem.hasPrefix("control") {
            let character = Unicode.Scalar(UInt32(clamping: value)).map { visible($0) } ?? "?"
            findings.error(
                .controlCharacter, "the file holds the control character \(character)", at: place,
                hint: value == 0 ? "save it as UTF-8" : nil)
        } else {
            findings.error(
                .invalidUTF8, "the file is not UTF-8 text from here on", at: place, hint: "save it as UTF-8")
        }
    }

    /// What is open where a value was looked for on a later line: that the value is missing is not what happened.
    private var openBracket: OpenBracket? {
        guard problem == "did not find expected node content", context.contains("flow") else { return nil }
        let bracket = OpenBracket(SourceLines(Array(bytes)), before: (line, column))
        return bracket.flatMap { $0.line < line ? $0 : nil }
    }

    private func explained() -> (message: String, hint: String?, pointsAtContext: Bool) {
        if byteAtMark == 0x09 || problem.contains("tab character") {
            return ("a tab stands where only spaces can", "indent with spaces", false)
        }
        switch problem {
        case "found character that cannot start any token":
            let shown = byteAtMark.map { String(Character(Unicode.Scalar($0))) } ?? "this character"
            return ("a value cannot start with `\(shown)`", "put the text in quotes", false)
        case "mapping values are not allowed in this context":
            return ("a colon is not expected here", "put a text with a colon in quotes; check the indentation", false)
        case "did not find expected key":
            return ("a key was expected here", "check the indentation: keys of one mapping stand in one column", false)
        case "did not find expected '-' indicator":
            return ("a list item was expected here", "each item starts with `- `, all in one column", false)
        case "did not find expected ',' or '}'":
            return ("the `{` is not closed before this", "a comma between entries, `}` at the end", false)
        case "did not find expected ',' or ']'":
            return ("the `[` is not closed before this", "a comma between items, `]` at the end", false)
        case "could not find expected ':'":
            return ("a colon is missing after this key", "write `key: value`", true)
        case "found unexpected end of stream":
            return ("what is opened here is never closed", nil, true)
        case "found unexpected document indicator":
            return ("the text that is opened here is not closed before the document ends", nil, true)
        case "block sequence entries are not allowed in this context":
            return ("a list item is not expected here", "put the list on its own lines below the key", false)
        case "found unknown escape character":
            return ("no such escape in double quotes", "single quotes take backslashes as they are", false)
        case "did not find expected <document start>":
            return ("another document cannot start here", "separate documents with a line `---`", false)
        case "did not find expected node content":
            return ("a value is missing here", nil, false)
        case "found undefined tag handle": return ("tags are not allowed", "leave the tag out", false)
        default: return (problem, nil, false)
        }
    }

    private static func byte(line: Int, column: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt8? {
        guard let text = SourceLines(Array(bytes)).line(line + 1) else { return nil }
        guard let scalar = text.unicodeScalars.dropFirst(column).first, scalar.isASCII else { return nil }
        return UInt8(scalar.value)
    }
}
