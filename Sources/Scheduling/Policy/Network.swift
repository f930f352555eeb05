/// Addresses of the Internet Protocol that begin with the same bits: `192.0.2.0/24`, `2001:db8::/32`.
package struct Network: Hashable, Sendable {
    /// 4 or 16.
    private let bytes: [UInt8]
    private let length: Int

    /// Nil where the text is none.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let bytes = Network.bytes(of: parts[0]), let length = Int(parts[1]),
            (0...bytes.count * 8).contains(length)
        else { return nil }
        self.bytes = bytes
        self.length = length
    }

    /// False where the host is a name: what it stands for may be something else tomorrow.
    package func contains(host: String) -> Bool {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        guard let address = Network.bytes(of: isBracketed ? host.dropFirst().dropLast() : Substring(host)),
            address.count == bytes.count
        else { return false }
        return (0..<length).allSatisfy { bit in
            (address[bit / 8] ^ bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    /// The 4 or 16 bytes of an IP address in digits; nil where it is none. RFC 4291, section 2.2, without embedded IPv4. No
    /// leading zeros in IPv4: some read them as octal numbers.
    package static func bytes(of text: some StringProtocol) -> [UInt8]? {
        if !text.contains(":") {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            let bytes = parts.compactMap { part in UInt8(part).flatMap { String($0) == part ? $0 : nil } }
            return parts.count == 4 && bytes.count == 4 ? bytes : nil
        }
        let characters = Array(text)
        let gaps = characters.indices.dropLast().filter { characters[$0] == ":" && characters[$0 + 1] == ":" }
        guard let gap = gaps.first else {
            let bytes = groups(characters[...])
            return bytes?.count == 16 ? bytes : nil
        }
        guard gaps.count == 1, let head = groups(characters[..<gap]), let tail = groups(characters[(gap + 2)...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: ArraySlice<Character>) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        for group in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(group.count), group.allSatisfy(\.isHexDigit),
                let number = UInt16(String(group), radix: 16)
            else { return nil }
            bytes += [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
        return bytes
    }
}
