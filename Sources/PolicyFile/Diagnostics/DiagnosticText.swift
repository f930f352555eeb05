extension Diagnostic {
    /// For a person at a terminal: position, severity, code and message; the line of the source; carets and the hint.
    ///
    /// Control and direction characters of the source are shown as escapes, so that a file cannot paint the terminal.
    /// Lines longer than `width` columns are cut around the carets.
    package func rendered(width: Int = 110) -> String {
        let position = line > 0 ? "\(shown(file)):\(line):\(column)" : shown(file)
        var text = "\(position): \(severity.rawValue)[\(code.rawValue)]: \(shown(message))\n"
        if let excerpt, line > 0 {
            let cut = Excerpt(line: excerpt, column: column, length: length, width: width)
            let number = String(line)
            let gutter = String(repeating: " ", count: max(4, number.count))
            text += String(repeating: " ", count: max(0, 4 - number.count)) + "\(number) | \(cut.text)\n"
            text += "\(gutter) | \(cut.carets)" + (hint.map { " " + shown($0) } ?? "") + "\n"
        } else if let hint {
            text += "  \(shown(hint))\n"
        }
        for note in related {
            text += "  \(shown(note.file)):\(note.line):\(note.column): \(shown(note.message))\n"
        }
        return text
    }
}

/// A line of the source, cut and escaped, with carets that stand under the right place.
struct Excerpt {
    var text: String
    var carets: String

    init(line: String, column: Int, length: Int, width: Int) {
        // A line may be as long as a file: only what is shown of it is taken apart.
        let bytes = Array(line.utf8)
        let count = bytes.count(where: Excerpt.startsScalar)
        let start = min(max(0, column - 1), count)
        let end = min(max(start + 1, start + length), max(count, start + 1))
        var first = 0
        var last = count
        if count > width {
            first = max(0, min(start - width / 3, count - width))
            last = min(count, first + width)
        }
        var text = first > 0 ? "…" : ""
        var before = first > 0 ? 1 : 0
        var under = 0
        for (index, scalar) in zip(first..<last, Excerpt.scalars(first..<last, of: bytes)) {
            let piece = visible(scalar)
            text += piece
            if index < start {
                before += columns(of: piece)
            } else if index < end {
                under += columns(of: piece)
            }
        }
        if last < count { text += "…" }
        self.text = text
        carets = String(repeating: " ", count: before) + String(repeating: "^", count: max(1, under))
    }

    /// Those with these numbers, of a text in UTF-8.
    private static func scalars(_ range: Range<Int>, of bytes: [UInt8]) -> String.UnicodeScalarView {
        var start = bytes.count
        var end = bytes.count
        var number = 0
        for index in bytes.indices where startsScalar(bytes[index]) {
            if number == range.lowerBound { start = index }
            if number == range.upperBound {
                end = index
                break
            }
            number += 1
        }
        return String(decoding: bytes[start..<max(start, end)], as: UTF8.self).unicodeScalars
    }

    private static func startsScalar(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }
}

/// The text with everything invisible or harmful in it escaped.
func shown(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
    return text.unicodeScalars.map(visible).joined()
}

/// The scalar, or an escape where a terminal would act on it instead of showing it.
func visible(_ scalar: Unicode.Scalar) -> String {
    if scalar == "\t" { return " " }
    guard isUnprintable(scalar) || scalar.properties.generalCategory == .format else {
        return String(Character(scalar))
    }
    return "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
}

/// Control characters, line and paragraph separators, and what changes the direction of text.
func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF, 0xFFF9...0xFFFB:
        true
    default: false
    }
}

/// Columns of a terminal: East Asian wide and full-width characters take two.
private func columns(of piece: String) -> Int {
    piece.unicodeScalars.reduce(0) { sum, scalar in
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            sum + 2
        default:
            sum + (scalar.properties.generalCategory == .nonspacingMark ? 0 : 1)
        }
    }
}
