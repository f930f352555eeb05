/// A text that is painted over and over on the same screen, without flicker: each line over what it replaces.
package enum Repaint {
    /// Another screen, without a cursor and where long lines are cut; what was there before comes back with `end`.
    package static let begin = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
    package static let end = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// - Parameters:
    ///   - rows: of the terminal; 0 or less: not known. What does not fit is counted.
    package static func frame(_ lines: [String], rows: Int) -> String {
        var shown = lines
        if rows > 1, lines.count > rows {
            shown = lines.prefix(rows - 1) + ["… \(lines.count - rows + 1) more lines: nagi status"]
        }
        return "\u{1B}[H" + shown.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }
}
