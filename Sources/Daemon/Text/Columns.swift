/// Text in columns, two spaces apart, indented by two; the last one is as wide as it likes.
package enum Columns {
    /// - Parameters:
    ///   - right: columns that end where the others of the same column end.
    package static func lines(_ rows: [[String]], right: Set<Int> = [], indent: Int = 2) -> [String] {
        let rows = rows.map { $0.map(\.plain) }
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let gap = String(repeating: " ", count: widths[column] - cell.count)
                if right.contains(column) { return gap + cell }
                return column == count - 1 ? cell : cell + gap
            }
            var line = String(repeating: " ", count: indent) + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
