import PolicyFile
import Testing

/// How a diagnostic looks, and in which order they come.
struct DiagnosticTests {
    private func diagnostic(
        _ excerpt: String?, line: Int = 3, column: Int = 1, length: Int = 1, hint: String? = nil,
        related: [Diagnostic.Related] = []
    ) -> Diagnostic {
        Diagnostic(
            severity: .error, code: .unknownWord, message: "no", hint: hint, file: "a.yaml", line: line, column: column,
            length: length, excerpt: excerpt, related: related)
    }

    private func lines(_ diagnostic: Diagnostic, width: Int = 110) -> [String] {
        diagnostic.rendered(width: width).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `a diagnostic is its place, its line, its carets and its hint`() {
        let note = Diagnostic.Related(message: "the first is here", file: "b.yaml", line: 1, column: 2)
        let shown = diagnostic("key: word", column: 6, length: 4, hint: "did you mean world?", related: [note])
        #expect(
            lines(shown) == [
                "a.yaml:3:6: error[unknown-word]: no", "   3 | key: word", "     |      ^^^^ did you mean world?",
                "  b.yaml:1:2: the first is here", "",
            ])
    }

    @Test func `what is about a whole file has no line`() {
        let shown = diagnostic(nil, line: 0, column: 0, hint: "make it smaller")
        #expect(lines(shown) == ["a.yaml: error[unknown-word]: no", "  make it smaller", ""])
    }

    /// The line, the column of the value in scalars, its length; and how many columns stand before and under the caret.
    @Test(arguments: [
        ("a: bad", 4, 3, 3, 3), ("凪: bad", 4, 3, 4, 3), ("a: 凪凪", 4, 2, 3, 4), ("e\u{301}: bad", 5, 3, 3, 3),
        ("a:\tbad", 4, 3, 3, 3), ("🚀: bad", 4, 3, 4, 3), ("a: b\u{202E}d", 4, 3, 3, 10), ("ﾅｷﾞ: bad", 6, 3, 5, 3),
        ("a: bad", 7, 1, 6, 1), ("", 1, 1, 0, 1), ("a: bad", 4, 0, 3, 1), ("a: bad", 99, 5, 6, 1),
    ])
    func `carets stand under what they mean`(line: String, column: Int, length: Int, before: Int, under: Int) {
        let shown = lines(diagnostic(line, column: column, length: length))
        #expect(shown[2] == "     | " + String(repeating: " ", count: before) + String(repeating: "^", count: under))
    }

    @Test(arguments: [1, 10, 60, 150, 195, 200])
    func `a long line is cut around the carets`(column: Int) {
        let line = String((0..<200).map { Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8($0 % 26))) })
        let shown = lines(diagnostic(line, column: column), width: 60)
        let text = Array(shown[1].dropFirst(7))
        let caret = shown[2].dropFirst(7).prefix { $0 == " " }.count
        #expect(text.count <= 62)
        #expect(text[caret] == Array(line)[column - 1])
        #expect((text.first == "…") == (column > 20))
    }

    @Test func `of one kind the first are shown in full, of the others the places`() {
        let same = (1...23).map { diagnostic("a: b", line: $0, column: 4) }
        var other = diagnostic("a: b", line: 30)
        other.code = .unknownKey
        var elsewhere = diagnostic("a: b", line: 2, column: 1)
        elsewhere.file = "b.yaml"
        let text = DiagnosticList(same + [other, elsewhere]).text
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count { $0.contains("error[unknown-word]") } == 10)
        #expect(lines.count { $0.contains("error[unknown-key]") } == 1)
        let places = (12...23).map { " \($0):4" }.joined()
        #expect(lines.last == "14 more unknown-word: a.yaml:11:4\(places), b.yaml:2:1")
        #expect(DiagnosticList([other]).text == other.rendered())
    }

    @Test func `nothing in a file can paint the terminal`() {
        let shown = diagnostic("a: \u{1B}[31mred\u{7}\u{202E}", column: 4, hint: "\u{1B}[2J").rendered()
        #expect(shown.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && $0.value != 0x202E) })
        #expect(shown.contains("\\u{1B}[31mred\\u{7}\\u{202E}"))
    }

    @Test func `they are sorted by file, line, column, code and message`() {
        func at(_ file: String, _ line: Int, _ column: Int, _ code: DiagnosticCode, _ message: String) -> Diagnostic {
            Diagnostic(
                severity: .error, code: code, message: message, file: file, line: line, column: column)
        }
        let sorted = [
            at("a.yaml", 2, 9, .wrongType, "x"), at("a.yaml", 10, 1, .missingKey, "a"),
            at("a.yaml", 10, 1, .missingKey, "b"), at("a.yaml", 10, 1, .unknownKey, "a"),
            at("a.yaml", 10, 2, .missingKey, "a"), at("b.yaml", 0, 0, .missingKey, "a"),
            at("b.yaml", 1, 1, .missingKey, "a"),
        ]
        #expect(sorted.reversed().sorted() == sorted)
    }
}
