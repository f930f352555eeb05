import ModeCore
import Scheduling

extension ValueType where Value == Int {
    /// A decimal number without quotes: `010` is ten, `0x10` and `1e3` are refused.
    static func integer(_ range: ClosedRange<Int>) -> ValueType {
        ValueType(
            .integer(minimum: range.lowerBound, maximum: range.upperBound), written: { String($0) }
        ) { node, findings in
            guard let scalar = findings.scalar(node, "a number") else { return nil }
            guard scalar.isPlain, let number = decimal(scalar.text) else {
                let isQuoted = !scalar.isPlain && decimal(scalar.text) != nil
                findings.error(
                    .invalidNumber, "\"\(scalar.text)\" is \(isQuoted ? "a text" : "not a whole number")",
                    at: node.location, hint: isQuoted ? "without quotes it is a number" : "decimal digits only")
                return nil
            }
            guard range.contains(number) else {
                findings.error(
                    .invalidNumber, "\(number) is out of range: \(range.lowerBound) to \(range.upperBound)",
                    at: node.location)
                return nil
            }
            return number
        }
    }
}

extension ValueType where Value == Bool {
    /// `true` or `false`, without quotes.
    static let boolean = ValueType(.boolean, written: { String($0) }) { node, findings in
        guard let scalar = findings.scalar(node, "true or false") else { return nil }
        if scalar.isPlain, let value = Bool(scalar.text) { return value }
        let hint: String? =
            switch scalar.text.lowercased() {
            case "yes", "on", "true", "1", "y": scalar.isPlain ? "write true" : "write true, without quotes"
            case "no", "off", "false", "0", "n": scalar.isPlain ? "write false" : "write false, without quotes"
            default: nil
            }
        findings.error(
            .invalidBoolean, "this is true or false, not \"\(scalar.text)\"", at: node.location, hint: hint)
        return nil
    }
}

extension ValueType where Value: Word {
    /// One of the words of the enumeration, quoted or plain.
    ///
    /// - Parameter hints: for words that somebody may look for in vain, in lower case.
    static func word(hints: [String: String] = [:]) -> ValueType {
        let words = Value.allCases.map(\.rawValue)
        let shape = Shape.words(words, meanings: Value.allCases.map(\.meaning))
        return ValueType(shape, written: { $0.rawValue }) { node, findings in
            guard let scalar = findings.scalar(node, listed(words)) else { return nil }
            if let value = Value(rawValue: scalar.text) { return value }
            let near = LookAlikes.word(for: scalar.text, among: words) ?? nearest(to: scalar.text, among: words)
            findings.error(
                .unknownWord, "\"\(scalar.text)\" is not possible here: \(listed(words))", at: node.location,
                hint: hints[scalar.text.lowercased()] ?? near.map { "did you mean `\($0)`?" })
            return nil
        }
    }
}

extension ValueType where Value == Amount {
    /// A number of nodes, or a share of them: `2` or `25%`.
    static let amount = ValueType(
        .oneOf([.integer(minimum: 0, maximum: 100_000), .text(pattern: "^(100|[1-9]?[0-9])%$")]),
        written: {
            switch $0 {
            case .count(let count): String(count)
            case .percent(let percent): "\(percent)%"
            }
        }
    ) { node, findings in
        guard let scalar = findings.scalar(node, "a number of nodes or a percentage") else { return nil }
        if scalar.isPlain, let count = decimal(scalar.text), (0...100_000).contains(count) { return .count(count) }
        if let percent = percentage(scalar.text) { return .percent(percent) }
        findings.error(
            .invalidAmount, "\"\(scalar.text)\" is not a number of nodes", at: node.location,
            hint: "write 2 or 25%")
        return nil
    }
}

extension ValueType where Value == Double {
    /// `10%` as 0.1.
    static let share = ValueType(
        .text(pattern: "^(100|[1-9]?[0-9])%$"), written: { "\(Int($0 * 100 + 0.5))%" }
    ) { node, findings in
        guard let scalar = findings.scalar(node, "a percentage") else { return nil }
        if let percent = percentage(scalar.text) { return Double(percent) / 100 }
        findings.error(
            .invalidAmount, "\"\(scalar.text)\" is not a percentage from 0% to 100%", at: node.location,
            hint: "write 10%")
        return nil
    }
}

extension ValueType where Value == Double {
    /// A decimal number without quotes, `5` or `0.25`, from 0 up to a limit.
    static func number(upTo limit: Int) -> ValueType {
        ValueType(
            .number(minimum: 0, maximum: limit),
            written: { $0 == $0.rounded() ? String(Int($0)) : String($0) }
        ) { node, findings in
            guard let scalar = findings.scalar(node, "a number") else { return nil }
            let parts = scalar.text.split(separator: ".", omittingEmptySubsequences: false)
            guard scalar.isPlain, parts.count <= 2, parts.allSatisfy({ decimal($0) != nil }),
                let number = Double(scalar.text)
            else {
                let isQuoted = !scalar.isPlain && Double(scalar.text) != nil
                findings.error(
                    .invalidNumber, "\"\(scalar.text)\" is \(isQuoted ? "a text" : "not a number")", at: node.location,
                    hint: isQuoted ? "without quotes it is a number" : "decimal digits: 5 or 0.25")
                return nil
            }
            guard number <= Double(limit) else {
                findings.error(
                    .invalidNumber, "\(scalar.text) is out of range: 0 to \(limit)", at: node.location)
                return nil
            }
            return number
        }
    }
}

/// Decimal digits, at most nine of them; a sign is refused.
func decimal(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(isDigit) else { return nil }
    return Int(text)
}

private func percentage(_ text: String) -> Int? {
    guard text.hasSuffix("%"), let number = decimal(text.dropLast()), number <= 100 else { return nil }
    return number
}
