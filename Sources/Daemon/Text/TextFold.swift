/// How wide texts are on a terminal, and how they are made to fit.
package enum TextFold {
    /// Columns that the text takes: two for the wide characters of East Asia, none for marks on others.
    package static func width(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        if first.isASCII { return 1 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        if first.properties.isEmojiPresentation { return 2 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE4F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// Lines of at most that width, broken between words. A path, a name or a `nagi …` to be typed is there to be copied:
    /// one that is longer stands whole on a line of its own, for the terminal to fold. Only within wide characters, which
    /// have no blanks between their words, a line is broken where it ends.
    ///
    /// - Parameter rest: of all lines but the first; nil: the same.
    package static func lines(_ text: String, width first: Int, rest: Int? = nil) -> [String] {
        let (first, rest) = (max(first, 2), max(rest ?? first, 2))
        var lines: [String] = []
        var line = ""
        var used = 0
        func limit() -> Int { lines.isEmpty ? first : rest }
        for unit in units(of: text) {
            let length = width(unit)
            if used > 0, used + 1 + length <= limit() {
                line += " " + unit
                used += 1 + length
                continue
            }
            if used > 0 { lines.append(line) }
            (line, used) = ("", 0)
            var wasWide = false
            for character in unit {
                let own = width(character)
                if used > 0, used + own > limit(), wasWide || own > 1 {
                    lines.append(line)
                    (line, used) = ("", 0)
                }
                line.append(character)
                used += own
                wasWide = own > 1
            }
        }
        if used > 0 || lines.isEmpty { lines.append(line) }
        return lines
    }

    /// Words, and what is to be typed as one of them.
    private static func units(of text: String) -> [String] {
        var units: [String] = []
        /// Words of what is to be typed so far; 0: none is.
        var typed = 0
        var isOption = false
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            if typed > 0, typed < 3 || isOption || word.isArgument {
                units[units.count - 1] += " " + word
                isOption = word.hasPrefix("--")
                typed = word.last.map { ",;:.)".contains($0) } == true ? 0 : typed + 1
            } else {
                units.append(String(word))
                typed = word == "nagi" || word == "(nagi" ? 1 : 0
            }
        }
        return units
    }

    /// A line that begins with spaces, folded between words; what is folded stands four columns further in. Nothing
    /// inside the line that fits is touched.
    package static func hanging(_ line: String, width limit: Int) -> [String] {
        guard width(line) > limit else { return [line] }
        let margin = line.prefix { $0 == " " }.count
        let rest = String(repeating: " ", count: margin + 4)
        let room = max(20, limit - margin)
        let parts = lines(String(line.dropFirst(margin)), width: room, rest: max(16, room - 4))
        return parts.enumerated().map { ($0 == 0 ? String(line.prefix(margin)) : rest) + $1 }
    }

    /// The text with `…` for what is too much of its end.
    package static func cut(_ text: String, width limit: Int) -> String {
        guard width(text) > limit else { return text }
        return start(of: text, width: limit - 1) + "…"
    }

    /// The text with `…` for what is too much of its middle.
    package static func middleCut(_ text: String, width limit: Int) -> String {
        guard width(text) > limit else { return text }
        let head = start(of: text, width: limit / 2)
        let tail = start(of: String(text.reversed()), width: limit - 1 - width(head))
        return head + "…" + String(tail.reversed())
    }

    private static func start(of text: String, width limit: Int) -> String {
        var used = 0
        return String(
            text.prefix { character in
                used += width(character)
                return used <= limit
            })
    }
}

extension Substring {
    /// An argument of what is to be typed rather than a word of a sentence: `node-01@10.0.0.1`, `--reason`, `…`, `NODE`.
    fileprivate var isArgument: Bool {
        contains { "@#/-…".contains($0) || $0.isNumber } || allSatisfy { $0.isUppercase }
    }
}
