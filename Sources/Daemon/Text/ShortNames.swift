/// Names of one cluster so short that they fit, each another than the rest: `media-01…` for
/// `media-01.sfu.tokyo.example.com@10.20.30.101`, where the pieces after it follow from the first or are the same in all.
package struct ShortNames: Hashable, Sendable {
    /// What all names look like, `*` for what differs; nil: they are not shortened, or have nothing in common.
    package private(set) var pattern: String?
    private var short: [String: String] = [:]
    /// Longest first, so that no name is found within another.
    private var longestFirst: [String] = []

    /// Of more names none is looked for in texts.
    private static let textLimit = 200
    /// Longer pieces that are the same in all names are left out.
    private static let pieceLimit = 12
    private static let separators: Set<Character> = ["-", ".", "_", "@", ":", "/"]

    /// - Parameter limit: columns; nil: they stay as long as they are.
    package init(_ names: [String], limit: Int?) {
        guard let limit, let widest = names.map({ TextFold.width($0.plain) }).max(), widest > limit else { return }
        let (texts, pattern) = ShortNames.shortened(names, limit: limit)
        var taken: Set<String> = []
        for (name, text) in zip(names, texts) {
            var own = TextFold.middleCut(text, width: limit)
            // Two that become the same are told apart by as much more as it takes.
            var length = limit
            while !taken.insert(own).inserted, length < widest {
                length += 4
                own = TextFold.middleCut(text, width: length)
            }
            short[name] = own
        }
        self.pattern = pattern
        longestFirst = names.sorted { ($0.count, $1) > ($1.count, $0) }
    }

    /// How the whole of one is found.
    package static let advice = "one in full: nagi explain and what is shown of it, or a part"

    /// Any is shown otherwise than it is.
    package var areShortened: Bool { !short.isEmpty }

    package subscript(name: String) -> String { short[name] ?? name }

    /// The text with the short names in the place of the names.
    package func shortened(_ text: String) -> String {
        guard !short.isEmpty, longestFirst.count <= ShortNames.textLimit else { return text }
        return longestFirst.reduce(text) { text, name in
            text.contains(name) ? text.replacing(name, with: self[name]) : text
        }
    }

    /// Names that are made alike, without the pieces that all share and those that are not needed to tell them apart.
    private static func shortened(_ names: [String], limit: Int) -> ([String], pattern: String?) {
        let plain = names.map(\.plain)
        let pieces = plain.map(pieces)
        guard let first = pieces.first, pieces.count > 1, pieces.allSatisfy({ $0.count == first.count }) else {
            return (plain, nil)
        }
        let differing = first.indices.filter { place in pieces.contains { $0[place] != first[place] } }
        for last in differing {
            let heads = pieces.map { $0[...last].joined() }
            guard Set(heads).count == heads.count else { continue }
            let texts = pieces.map { own -> String in
                let head = heads[0].count <= limit ? own[...last].joined() : abbreviated(own[...last], differing)
                return head + (last == own.count - 1 ? "" : "…")
            }
            let pattern = first.indices.map { differing.contains($0) ? "*" : first[$0] }.joined()
            return (texts, differing.count == first.count ? nil : pattern)
        }
        return (plain, nil)
    }

    /// With `…` for long runs of pieces that are the same in all names.
    private static func abbreviated(_ pieces: ArraySlice<String>, _ differing: [Int]) -> String {
        var text = ""
        var same = ""
        for place in pieces.indices {
            guard differing.contains(place) else {
                same += pieces[place]
                continue
            }
            text += (same.count > pieceLimit ? "…" : same) + pieces[place]
            same = ""
        }
        return text + (same.count > pieceLimit ? "…" : same)
    }

    /// `media`, `-`, `01`, `.`, `sfu`.
    private static func pieces(of name: String) -> [String] {
        var pieces = [""]
        for character in name {
            if separators.contains(character) {
                pieces += [String(character), ""]
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        return pieces
    }
}
