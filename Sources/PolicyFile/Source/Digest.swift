/// Two hashes of 64 bits with different starting points, over every file in the order of the paths.
/// It says whether the text is the same, nothing more: it is no protection against somebody who wants a collision.
func digest(of sources: [PolicySource]) -> String {
    var hash = TwinHash()
    for source in sources.sorted(by: { $0.path < $1.path }) {
        hash.append(Array(source.path.utf8))
        hash.append(source.bytes)
    }
    return hash.hexadecimal
}

private struct TwinHash {
    private var first: UInt64 = 0xcbf2_9ce4_8422_2325
    private var second: UInt64 = 0x84b2_21b5_9f1d_0aa7

    /// Eight bytes at a time, then what is left, then the length, which keeps one text apart from the next.
    mutating func append(_ bytes: [UInt8]) {
        var index = 0
        while index + 8 <= bytes.count {
            var word: UInt64 = 0
            for offset in 0..<8 { word |= UInt64(bytes[index + offset]) << UInt64(8 * offset) }
            mix(word)
            index += 8
        }
        for byte in bytes[index...] { mix(UInt64(byte)) }
        mix(UInt64(bytes.count))
    }

    /// FNV-1a over words. What multiplication moves up is brought back down: the upper bits count as much as the lower.
    private mutating func mix(_ word: UInt64) {
        first = (first ^ word) &* 0x100_0000_01b3
        first ^= first >> 29
        second = (second ^ word) &* 0x9e37_79b9_7f4a_7c15
        second ^= second >> 32
    }

    var hexadecimal: String { TwinHash.hexadecimal(first) + TwinHash.hexadecimal(second) }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
