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
        let rows = needed.flatMap { item -> [[TextTable.Cell]] in
            let since = item.since.flatMap { ShownInstant($0, now: now) }.map { "since \($0.clock)" } ?? ""
            let first: [TextTable.Cell] = [.init(item.code, .alarm), .init(since), .init(item.text)]
            return [first] + (item.hint.map { [["", "", .init($0, .faint)]] } ?? [])
        }
        return TextTable(rows, indent: 0).lines(on: terminal).joined(separator: "\n")
    }
}
