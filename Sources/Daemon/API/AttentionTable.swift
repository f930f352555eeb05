import Foundation

/// What needs a person, as lines for one.
package struct AttentionTable: Sendable {
    private let needed: [Attention]
    private let now: String
    private let terminal: Terminal

    package init(_ needed: [Attention], at now: String, on terminal: Terminal = .none) {
        self.needed = needed
        self.now = now
        self.terminal = terminal
    }

    package var text: String {
        guard !needed.isEmpty else { return terminal.painted("fine: nothing needs a person", .good) }
        if let width = terminal.width { return lines(width: width).joined(separator: "\n") }
        let rows = needed.flatMap { item -> [[TextTable.Cell]] in
            let since = item.since.flatMap { ShownInstant($0, now: now) }.map { "since \($0.clock)" } ?? ""
            let first: [TextTable.Cell] = [.init(item.code, .alarm), .init(since), .init(item.text)]
            return [first] + (item.hint.map { [["", "", .init($0, .faint)]] } ?? [])
        }
        return TextTable(rows, indent: 0).lines(on: terminal).joined(separator: "\n")
    }

    /// What is to be typed stands below, whole, to be copied.
    private func lines(width: Int) -> [String] {
        let heads = needed.map { item in
            (
                TextTable.Cell(item.code).text,
                item.since.flatMap { ShownInstant($0, now: now) }.map { "since \($0.clock)" } ?? ""
            )
        }
        let (codes, instants) = (
            heads.map { TextFold.width($0.0) }.max() ?? 0, heads.map { TextFold.width($0.1) }.max() ?? 0
        )
        func padded(_ text: String, _ length: Int) -> String {
            text + String(repeating: " ", count: max(0, length - TextFold.width(text)))
        }
        return zip(needed, heads).flatMap { item, head -> [String] in
            let row: [TextTable.Cell] = [
                .init(padded(head.0, codes), .alarm), .init(padded(head.1, instants)), .init(item.text),
            ]
            let hints = item.hint.map { $0.components(separatedBy: ", or ") } ?? []
            return TextTable([row], indent: 0).lines(on: Terminal(width: width, isColoured: terminal.isColoured))
                + hints.map { "    " + terminal.painted(TextTable.Cell($0).text, .faint) }
        }
    }
}
