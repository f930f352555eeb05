/// An address of the mode API or of a readiness gate, taken apart far enough to refuse what cannot work and to see that
/// two texts mean the same.
struct HTTPAddress: Hashable {
    /// Lower case.
    var scheme: String
    /// Lower case, IPv6 in brackets.
    var host: String
    var port: Int
    /// Begins with `/`.
    var path: String

    init(_ text: String) throws(Complaint) {
        guard let colon = text.range(of: "://") else {
            throw Complaint("this is not an address", hint: "write http://host:port/")
        }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Complaint("only http and https are possible, not \"\(scheme)\"")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Complaint("an address has no spaces and nothing outside ASCII")
        }
        let rest = text[colon.upperBound...]
        guard !rest.contains("#") else { throw Complaint("an address of an API has no `#`") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        path = rest[end...].isEmpty ? "/" : String(rest[end...])
        guard !authority.contains("@") else {
            throw Complaint("an address must not hold user or password", hint: "use headers: {Authorization: {env: …}}")
        }
        let (host, port) = try HTTPAddress.hostAndPort(authority)
        self.host = host.lowercased()
        self.port = port ?? (scheme == "https" ? 443 : 80)
    }

    private static func hostAndPort(_ authority: Substring) throws(Complaint) -> (Substring, Int?) {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let close = authority.firstIndex(of: "]") else {
                throw Complaint("the `[` of the host is not closed")
            }
            let after = authority.index(after: close)
            host = authority[..<after]
            guard host.dropFirst().dropLast().utf8.allSatisfy({ isDigit($0) || $0 == 0x3A || $0 == 0x2E || isHex($0) })
            else { throw Complaint("in brackets stands an IPv6 address") }
            if after < authority.endIndex {
                guard authority[after] == ":" else { throw Complaint("after `]` comes a port or nothing") }
                port = authority[authority.index(after: after)...]
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard !host.isEmpty, host != "[]" else { throw Complaint("the host is missing") }
        guard host.first == "[" || host.utf8.allSatisfy(isHostByte) else {
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
            || [0x2D, 0x2E, 0x5F].contains(byte)
    }

    private static func isHex(_ byte: UInt8) -> Bool { (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte) }
}

extension String {
    /// The first place where the text occurs (the standard library has none without a module of its own).
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
