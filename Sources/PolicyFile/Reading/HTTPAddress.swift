import Scheduling

/// An address of the mode API or of a readiness gate, taken apart far enough to refuse what cannot work and to see that
/// two texts mean the same.
package struct HTTPAddress: Hashable {
    /// Lower case.
    var scheme: String
    /// Lower case, IPv6 in brackets.
    package var host: String
    var port: Int
    /// Begins with `/`.
    package var path: String

    /// Nil where the text is none.
    package init?(parsing text: String) {
        guard let address = try? HTTPAddress(text) else { return nil }
        self = address
    }

    /// Its host is an IP address, no name.
    var isLiteral: Bool { host.hasPrefix("[") || Network.bytes(of: host) != nil }

    /// `http://host:port/path`.
    package var text: String { "\(scheme)://\(host):\(port)\(path)" }

    init(_ text: String) throws(Complaint) {
        if let address = HTTPAddress(usual: text) {
            self = address
            return
        }
        guard let colon = text.schemeEnd else {
            throw Complaint("this is not an address", hint: "write http://host:port/")
        }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Complaint("only http and https are possible, not \"\(scheme)\"")
        }
        // Most addresses are fine: one pass tells.
        let isClean = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 && $0 != 0x40 }
        guard isClean || text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Complaint("an address has no spaces and nothing outside ASCII")
        }
        let rest = text[colon.upperBound...]
        guard isClean || !rest.utf8.contains(0x23) else { throw Complaint("an address of an API has no `#`") }
        let end = rest.utf8.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.endIndex
        let authority = rest[..<end]
        path = rest[end...].isEmpty ? "/" : String(rest[end...])
        guard isClean || !authority.utf8.contains(0x40) else {
            throw Complaint(
                "an address must not hold user or password", hint: "use headers: {Authorization: {env: …}}",
                code: .secretInText)
        }
        let (host, port) = try HTTPAddress.hostAndPort(authority)
        self.host = host.lowercased()
        self.port = port ?? (scheme == "https" ? 443 : 80)
    }

    /// What most addresses are, without a second look: lower case, a name or IPv4, no fault. Nil for all others.
    private init?(usual text: String) {
        let bytes = Array(text.utf8)
        let isSecure = bytes.starts(with: HTTPAddress.secure)
        guard isSecure || bytes.starts(with: HTTPAddress.plain) else { return nil }
        let start = isSecure ? 8 : 7
        var end = start
        while end < bytes.count, HTTPAddress.isHostByte(bytes[end]), !(0x41...0x5A).contains(bytes[end]) { end += 1 }
        guard end > start else { return nil }
        var next = end
        var number = isSecure ? 443 : 80
        if next < bytes.count, bytes[next] == 0x3A {
            number = 0
            next += 1
            while next < bytes.count, isDigit(bytes[next]), number <= 65535 {
                number = number * 10 + Int(bytes[next]) - 0x30
                next += 1
            }
            guard (1...65535).contains(number) else { return nil }
        }
        let rest = bytes[next...]
        guard rest.first.map({ $0 == 0x2F || $0 == 0x3F }) ?? true,
            rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 && $0 != 0x40 })
        else { return nil }
        scheme = isSecure ? "https" : "http"
        host = String(decoding: bytes[start..<end], as: UTF8.self)
        port = number
        path = rest.isEmpty ? "/" : String(decoding: rest, as: UTF8.self)
    }

    private static let plain = Array("http://".utf8)
    private static let secure = Array("https://".utf8)

    /// Two addresses of one host and port are rare.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(port)
    }

    private static func hostAndPort(_ authority: Substring) throws(Complaint) -> (Substring, Int?) {
        var host = authority
        var port: Substring?
        // The text is ASCII: bytes are characters.
        let bytes = authority.utf8
        if bytes.first == 0x5B {
            guard let close = bytes.firstIndex(of: 0x5D) else {
                throw Complaint("the `[` of the host is not closed")
            }
            let after = bytes.index(after: close)
            host = authority[..<after]
            guard host.utf8.dropFirst().dropLast().allSatisfy({ isDigit($0) || $0 == 0x3A || $0 == 0x2E || isHex($0) })
            else { throw Complaint("in brackets stands an IPv6 address") }
            if after < bytes.endIndex {
                guard bytes[after] == 0x3A else { throw Complaint("after `]` comes a port or nothing") }
                port = authority[bytes.index(after: after)...]
            }
        } else if let colon = bytes.firstIndex(of: 0x3A) {
            host = authority[..<colon]
            port = authority[bytes.index(after: colon)...]
        }
        guard !host.isEmpty, host != "[]" else { throw Complaint("the host is missing") }
        guard host.utf8.first == 0x5B || host.utf8.allSatisfy(isHostByte) else {
            throw Complaint("\"\(host)\" is not the name of a host")
        }
        guard let port else { return (host, nil) }
        guard let number = Int(port), (1...65535).contains(number), port.utf8.allSatisfy(isDigit) else {
            throw Complaint("\"\(port)\" is not a port: 1 to 65535")
        }
        return (host, number)
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    private static func isHex(_ byte: UInt8) -> Bool { (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte) }
}

extension String {
    /// Where `://` stands first. Bytes, because looking for characters took a third of the time of a whole set.
    fileprivate var schemeEnd: Range<String.Index>? {
        var rest = utf8[...]
        while let colon = rest.firstIndex(of: 0x3A) {
            rest = rest[rest.index(after: colon)...]
            guard rest.first == 0x2F else { continue }
            let second = rest.index(after: rest.startIndex)
            if second < rest.endIndex, rest[second] == 0x2F { return colon..<rest.index(after: second) }
        }
        return nil
    }
}
