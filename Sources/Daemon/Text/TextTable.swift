/// Rows of cells as lines for a terminal: columns two spaces apart, the last one folded between words under its own start.
/// Where there is no room for it there, it goes below its row. Nothing in a cell can steer the terminal.
package struct TextTable: Sendable {
    package struct Cell: Hashable, Sendable, ExpressibleByStringInterpolation {
        package var text: String
        package var style: TextStyle

        /// Longer texts are cut.
        static let limit = 1_000

        package init(_ text: String, _ style: TextStyle = .plain) {
            self.text = TextFold.cut(text.plain, width: Cell.limit)
            self.style = style
        }

        package init(stringLiteral value: String) { self.init(value) }
    }

    package var rows: [[Cell]]
    /// Columns that are right-aligned.
    package var right: Set<Int>
    package var indent: Int

    /// Narrower than this, the last column goes below its row.
    static let lastColumn = 28
    private static let gap = 2

    package init(_ rows: [[Cell]], right: Set<Int> = [], indent: Int = 2) {
        self.rows = rows
        self.right = right
        self.indent = indent
    }

    private var columns: Int { rows.map(\.count).max() ?? 0 }

    /// By column; the last one's is not asked for.
    private var widths: [Int] {
        (0..<columns).map { column in
            rows.map { column < $0.count ? TextFold.width($0[column].text) : 0 }.max() ?? 0
        }
    }

    /// What is left for the last column.
    package func room(in width: Int) -> Int {
        width - widths.dropLast().reduce(indent) { $0 + $1 + TextTable.gap }
    }

    package func lines(on terminal: Terminal) -> [String] {
        guard let width = terminal.width else {
            let widths = widths
            return rows.map { line($0, widths, last: $0.last, terminal) }
        }
        return fitted(width / 2).lines(on: terminal, width)
    }

    /// With no column but the last one wider than that.
    private func fitted(_ limit: Int) -> TextTable {
        var table = self
        for row in rows.indices {
            for column in rows[row].indices.prefix(columns - 1) {
                table.rows[row][column].text = TextFold.middleCut(rows[row][column].text, width: limit)
            }
        }
        return table
    }

    private func lines(on terminal: Terminal, _ width: Int) -> [String] {
        let widths = widths
        let room = room(in: width)
        let longest = rows.map { $0.count == columns ? TextFold.width($0[columns - 1].text) : 0 }.max() ?? 0
        guard room < min(longest, TextTable.lastColumn) else {
            return rows.flatMap { folded($0, widths, from: width - room, room, terminal) }
        }
        return rows.flatMap { row in
            guard row.count == columns, columns > 1, let last = row.last else {
                return [line(row, widths, last: row.last, terminal)]
            }
            let start = indent + 4
            let below = TextFold.lines(last.text, width: width - start)
                .map { String(repeating: " ", count: start) + terminal.painted($0, last.style) }
            return [line(row, widths, last: nil, terminal)] + (last.text.isEmpty ? [] : below)
        }
    }

    private func folded(
        _ row: [Cell], _ widths: [Int], from start: Int, _ room: Int, _ terminal: Terminal
    ) -> [String] {
        guard row.count == columns, let last = row.last else { return [line(row, widths, last: row.last, terminal)] }
        let parts = TextFold.lines(last.text, width: room)
        let first = line(row, widths, last: parts.first.map { Cell($0, last.style) }, terminal)
        return [first]
            + parts.dropFirst().map { String(repeating: " ", count: start) + terminal.painted($0, last.style) }
    }

    /// - Parameter last: what stands in its last column; nil: nothing does.
    private func line(_ row: [Cell], _ widths: [Int], last: Cell?, _ terminal: Terminal) -> String {
        var cells = row.dropLast() + [last ?? ""]
        while cells.last?.text.isEmpty == true { cells.removeLast() }
        var text = String(repeating: " ", count: indent)
        for (column, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: max(0, widths[column] - TextFold.width(cell.text)))
            let painted = terminal.painted(cell.text, cell.style)
            let isLast = column == cells.count - 1
            text += right.contains(column) ? padding + painted : painted + (isLast ? "" : padding)
            if !isLast { text += String(repeating: " ", count: TextTable.gap) }
        }
        return text
    }
}
