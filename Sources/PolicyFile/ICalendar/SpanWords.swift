/// Words for the names of spans, made of UIDs.
///
/// Lower case letters, digits and hyphens, without the `@host` that most UIDs end with. Where two UIDs of a file would
/// share a word, which makes the names of both longer where they differ only after the `@`, or where one is longer than
/// a name should be, a hash of the whole UID is added: a name depends on the UIDs alone, not on their order.
struct SpanWords {
    private static let longest = 40

    private let words: [String?]

    init(_ identifiers: [String?]) {
        var owners: [String: String] = [:]
        var shared: Set<String> = []
        for case let identifier? in identifiers {
            let short = SpanWords.short(identifier)
            if let owner = owners[short], owner != identifier { shared.insert(short) }
            owners[short] = identifier
        }
        words = identifiers.map { identifier in
            guard let identifier, !identifier.isEmpty else { return nil }
            let short = SpanWords.short(identifier)
            if !short.isEmpty, short.utf8.count <= SpanWords.longest, !shared.contains(short) {
                return short
            }
            let hash = SpanWords.hash(identifier)
            let start = String(short.prefix(24))
            return start.isEmpty ? hash : "\(start)-\(hash)"
        }
    }

    /// Nil where the event has no UID.
    func word(_ index: Int) -> String? { words[index] }

    private static func short(_ identifier: String) -> String {
        let local = identifier.utf8.first == 0x40 ? identifier[...] : identifier.prefix { $0 != "@" }
        var word: [UInt8] = []
        for byte in local.utf8 {
            let lower = (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
            if isDigit(lower) || (0x61...0x7A).contains(lower) {
                word.append(lower)
            } else if let last = word.last, last != 0x2D {
                word.append(0x2D)
            }
        }
        if word.last == 0x2D { word.removeLast() }
        return String(decoding: word, as: UTF8.self)
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
