/// A text that is painted over and over on the same screen, without flicker: each line over what it replaces.
package enum Repaint {
    /// Another screen, without a cursor; what was there before comes back with `end`.
    package static let begin = "\u{1B}[?1049h\u{1B}[?25l"
    package static let end = "\u{1B}[?25h\u{1B}[?1049l"

    private static let home = "\u{1B}[H"
    private static let eraseRight = "\u{1B}[K"
    private static let eraseBelow = "\u{1B}[J"

    /// What is longer than a row goes on in the next one: it is there to be copied, and the end of a name that is cut off
    /// looks like the whole of another.
    ///
    /// - Parameters:
    ///   - columns: of the terminal; 0 or less: not known, and every line is taken for one row.
    ///   - rows: of the terminal; 0 or less: not known. What does not fit is counted.
    package static func frame(_ lines: [String], columns: Int, rows: Int) -> String {
        var shown = lines[...]
        if rows > 1, height(of: lines, columns: columns) > rows {
            var left = rows - 1
            shown = lines.prefix { line in
                left -= height(of: line, columns: columns)
                return left >= 0
            }
            shown.append(TextFold.cut("… \(lines.count - shown.count) more lines: nagi status", to: columns))
        }
        let last = shown.popLast() ?? ""
        return home + shown.map { painted($0, columns) + "\r\n" }.joined() + eraseBelow + last
    }

    /// Rows that the lines take.
    package static func height(of lines: [String], columns: Int) -> Int {
        lines.reduce(0) { $0 + height(of: $1, columns: columns) }
    }

    private static func painted(_ line: String, _ columns: Int) -> String {
        let end = end(of: line, columns)
        // Behind a full row the cursor stands on its last column still: what is erased from there on is that column.
        let isFull = columns > 0 && end.used == columns
        return (end.rows > 1 ? eraseRight : "") + line + (isFull ? "" : eraseRight)
    }

    private static func height(of line: String, columns: Int) -> Int { end(of: line, columns).rows }

    /// How many rows the line takes, and how many columns of the last one.
    private static func end(of line: String, _ columns: Int) -> (rows: Int, used: Int) {
        guard columns > 0 else { return (1, 0) }
        var (rows, used) = (1, 0)
        var isStyle = false
        for character in line {
            if isStyle || character == "\u{1B}" {
                isStyle = character != "m"
                continue
            }
            let own = TextFold.width(character)
            if used + own > columns { (rows, used) = (rows + 1, 0) }
            used += own
        }
        return (rows, used)
    }
}

extension TextFold {
    fileprivate static func cut(_ text: String, to columns: Int) -> String {
        columns > 0 ? cut(text, width: columns) : text
    }
}
