/// The innermost `[` or `{` that is not closed before a place of a text. libyaml only says where it noticed.
struct OpenBracket {
    var character: Character
    /// From 0; the column in scalars.
    var line: Int
    var column: Int

    /// - Parameter end: line and column, from 0, up to which is looked.
    init?(_ lines: SourceLines, before end: (line: Int, column: Int)) {
        var open: [OpenBracket] = []
        for number in 0...end.line {
            var quote: Unicode.Scalar?
            var before: Unicode.Scalar = ","
            var wasSpace = true
            for (column, scalar) in (lines.line(number + 1) ?? "").unicodeScalars.enumerated() {
                if number == end.line, column >= end.column { break }
                if scalar == "#", wasSpace, quote == nil { break }
                if let opened = quote {
                    if scalar == opened { quote = nil }
                    continue
                }
                switch scalar {
                // An apostrophe inside a word opens nothing.
                case "\"" where OpenBracket.starters.contains(before), "'" where OpenBracket.starters.contains(before):
                    quote = scalar
                case "[", "{": open.append(OpenBracket(character: Character(scalar), line: number, column: column))
                case "]", "}": _ = open.popLast()
                default: break
                }
                wasSpace = scalar == " "
                if !wasSpace { before = scalar }
            }
        }
        guard let last = open.last else { return nil }
        self = last
    }

    private init(character: Character, line: Int, column: Int) {
        self.character = character
        self.line = line
        self.column = column
    }

    private static let starters: Set<Unicode.Scalar> = [",", ":", "[", "{", "-", "?"]
}
