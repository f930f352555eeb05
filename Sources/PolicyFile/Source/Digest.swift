/// Two FNV-1a hashes of 64 bits with different starting points, over every file in the order of the paths.
/// It says whether the text is the same, nothing more: it is no protection against somebody who wants a collision.
func digest(of sources: [PolicySource]) -> String {
    var hash = TwinHash()
    for source in sources.sorted(by: { $0.path < $1.path }) {
        hash.append(source.path.utf8)
        hash.append([0])
        hash.append(source.bytes)
        hash.append([0])
    }
    return hash.hexadecimal
}

private struct TwinHash {
    private var first: UInt64 = 0xcbf2_9ce4_8422_2325
    private var second: UInt64 = 0x84b2_21b5_9f1d_0aa7

    mutating func append(_ bytes: some Swift.Sequence<UInt8>) {
        for byte in bytes {
            first = (first ^ UInt64(byte)) &* 0x100_0000_01b3
            second = (second ^ UInt64(byte)) &* 0x100_0000_01b3
        }
    }

    var hexadecimal: String { TwinHash.hexadecimal(first) + TwinHash.hexadecimal(second) }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
