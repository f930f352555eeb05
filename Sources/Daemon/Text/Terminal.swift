/// What a text for people is printed on.
package struct Terminal: Hashable, Sendable {
    /// Columns; nil: no terminal, where nothing is folded and nothing shortened, so that other programs can search it.
    package var width: Int?
    package var isColoured: Bool

    package init(width: Int?, isColoured: Bool = false) {
        self.width = width.map { max($0, Terminal.narrowest) }
        self.isColoured = isColoured
    }

    /// A file or a pipe.
    package static let none = Terminal(width: nil)
    static let narrowest = 40
    private static let usual = 80

    /// - Parameters:
    ///   - columns: what the terminal itself says; nil: standard output is none.
    ///   - environment: `COLUMNS` beats the terminal, `NO_COLOR` and `TERM=dumb` forbid colour.
    package init(columns: Int?, environment: [String: String]) {
        guard let columns else {
            self = .none
            return
        }
        let wanted = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        let isPlain = !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
        self.init(width: wanted ?? (columns > 0 ? columns : Terminal.usual), isColoured: !isPlain)
    }

    /// The text in its colour.
    package func painted(_ text: String, _ style: TextStyle) -> String {
        guard isColoured, let code = style.code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

package enum TextStyle: Hashable, Sendable {
    case plain
    /// A heading.
    case strong
    /// Nothing to look at.
    case faint
    /// Something is being done.
    case busy
    case good
    /// Look at it.
    case warning
    /// A person is needed.
    case alarm
    /// Somebody else's doing.
    case foreign

    fileprivate var code: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .busy: "36"
        case .good: "32"
        case .warning: "33"
        case .alarm: "1;31"
        case .foreign: "35"
        }
    }
}
