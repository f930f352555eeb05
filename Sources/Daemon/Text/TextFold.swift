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

    /// Lines of at most that width, broken between words; a word that is longer is broken where the line ends.
    package static func lines(_ text: String, width limit: Int) -> [String] {
        let limit = max(limit, 2)
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            let length = width(word)
            if used > 0, used + 1 + length <= limit {
                line += " " + word
                used += 1 + length
                continue
            }
            if used > 0 { lines.append(line) }
            (line, used) = ("", 0)
            for character in word {
                let own = width(character)
                if used + own > limit {
                    lines.append(line)
                    (line, used) = ("", 0)
                }
                line.append(character)
                used += own
            }
        }
        if used > 0 || lines.isEmpty { lines.append(line) }
        return lines
    }

    /// A line that begins with spaces, folded between words; what is folded stands four columns further in. Nothing
    /// inside the line that fits is touched.
    package static func hanging(_ line: String, width limit: Int) -> [String] {
        guard width(line) > limit else { return [line] }
        let margin = line.prefix { $0 == " " }.count
        let rest = String(repeating: " ", count: margin + 4)
        let room = max(20, limit - margin)
        let first = lines(String(line.dropFirst(margin)), width: room)
        guard let head = first.first else { return [line] }
        // What follows has less room than the first line.
        let left = first.dropFirst().joined(separator: " ")
        let tail = left.isEmpty ? [] : lines(left, width: max(16, room - 4))
        return [String(line.prefix(margin)) + head] + tail.map { rest + $0 }
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
