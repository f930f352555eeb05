import ModeCore
import Primitives
import Scheduling
import Testing

/// One case of a table of text: the cells of a line by the names in the table's first line. Cells are two spaces or more
/// apart, `-` is none.
struct Row: CustomTestStringConvertible, Sendable {
    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    let testDescription: String
    private let cells: [String: String]

    static func table(_ text: String) -> [Row] {
        let lines = text.split(separator: "\n").map { Row.cells(of: $0) }
        guard let names = lines.first else { return [] }
        return lines.dropFirst().map { Row(names, $0) }
    }

    /// Empty lines end a group: several rows that are one story.
    static func stories(_ text: String) -> [[Row]] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let names = lines.first.map({ Row.cells(of: $0) }) else { return [] }
        return lines.dropFirst().split { $0.allSatisfy(\.isWhitespace) }.map { group in
            group.map { Row(names, Row.cells(of: $0)) }
        }
    }

    private init(_ names: [String], _ values: [String]) {
        testDescription = values.joined(separator: "  ")
        cells = Dictionary(zip(names, values)) { first, _ in first }
    }

    private static func cells(of line: Substring) -> [String] {
        var cells = [""]
        var spaces = 0
        for character in line.drop(while: { $0 == " " }) {
            guard character == " " else {
                if spaces >= 2 { cells.append("") } else if spaces == 1 { cells[cells.count - 1] += " " }
                cells[cells.count - 1].append(character)
                spaces = 0
                continue
            }
            spaces += 1
        }
        return cells
    }

    func text(_ name: String) throws(Unreadable) -> String {
        guard let text = cells[name] else { throw Unreadable(description: "no \(name) in: \(testDescription)") }
        return text
    }

    /// Nil for `-`.
    func optional(_ name: String) throws(Unreadable) -> String? {
        let text = try text(name)
        return text == "-" ? nil : text
    }

    /// The words of a cell; none for `-`.
    func words(_ name: String) throws(Unreadable) -> [String] {
        try optional(name)?.split(separator: " ").map(String.init) ?? []
    }

    func number(_ name: String) throws(Unreadable) -> Int? {
        guard let text = try optional(name) else { return nil }
        guard let number = Int(text) else { throw Unreadable(description: "\(text) is no number: \(testDescription)") }
        return number
    }

    func flag(_ name: String) throws(Unreadable) -> Bool? {
        switch try text(name) {
        case "-": nil
        case "yes": true
        case "no": false
        case let text: throw Unreadable(description: "\(text) is neither yes nor no: \(testDescription)")
        }
    }

    func mode(_ name: String) throws(Unreadable) -> RequestableMode? {
        guard let text = try optional(name) else { return nil }
        guard let mode = Word.mode(text) else { throw Unreadable(description: "no mode: \(text)") }
        return mode
    }

    /// Any other word than those of the modes is one that nagi does not know.
    func observed(_ name: String) throws(Unreadable) -> ObservedMode? {
        try optional(name).map { Word.observed($0) }
    }

    func duration(_ name: String) throws(Unreadable) -> Duration? {
        guard let text = try optional(name) else { return nil }
        guard let duration = Word.duration(text) else { throw Unreadable(description: "no duration: \(text)") }
        return duration
    }

    /// So long after the beginning of the tests' time.
    func moment(_ name: String) throws(Unreadable) -> Moment? { try duration(name).map { Moment.start + $0 } }
}

/// The words of the tables.
enum Word {
    static func mode(_ text: String) -> RequestableMode? {
        RequestableMode.allCases.first { $0.word == text }
    }

    static func observed(_ text: String) -> ObservedMode {
        mode(text).map { .known($0.mode) } ?? ObservedMode(word: text)
    }

    /// `1h30m`, `2.5s`, `-3s`, `250ms`, `0`.
    static func duration(_ text: String) -> Duration? {
        if text == "0" { return .zero }
        guard !text.isEmpty else { return nil }
        if text.hasPrefix("-") { return duration(String(text.dropFirst())).map { .zero - $0 } }
        var total = Duration.zero
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            let units = ["ms": 1.0, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
            guard let number = Double(digits), let length = units[String(unit)] else { return nil }
            total += .milliseconds(Int64((number * length).rounded()))
        }
        return total
    }
}

extension RequestableMode {
    /// Short, for tables.
    var word: String {
        switch self {
        case .normal: "normal"
        case .blockNewSession: "session"
        case .blockNewConnection: "connection"
        }
    }
}

extension Optional where Wrapped == RequestableMode {
    var word: String { self?.word ?? "-" }
}

extension Moment {
    /// The beginning of the tests' time: the host has been up for an hour.
    static let start = Moment(wall: RigWorld.midnight, uptime: Uptime(nanoseconds: 3_600_000_000_000))
}
