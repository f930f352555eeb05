import Scheduling

/// `discovery:` and `api.tls:` of a Cluster.
enum DiscoveryKind {
    static let discovery: ValueType<Discovery> = .object(
        "discovery",
        NeededField("seeds", .list(of: .address, minimum: 1, maximum: 100), "the mode APIs that are asked first"),
        DefaultedField(
            "allow", .list(of: .network, minimum: 1, maximum: 1_000), default: [],
            "networks whose addresses are called; needed where `api.headers` are sent"),
        DefaultedField("labels", ClusterKind.labels, default: [:], "given to every node that is found"),
        build: Discovery.init)

    static let tls: ValueType<TLSSettings> = .checkedObject(
        "tls",
        Field("caFile", .text, "PEM: whom to trust, instead of those that the host trusts"),
        Field("certificateFile", .text, "PEM: what the daemon shows of itself"),
        Field("keyFile", .text, "PEM: the key of that certificate")
    ) { fields, caFile, certificateFile, keyFile in
        for (key, other) in [("certificateFile", "keyFile"), ("keyFile", "certificateFile")]
        where fields.has(key) && !fields.has(other) {
            fields.findings.error(
                .missingKey,
                "`\(other)` is missing: a certificate is of no use without its key, nor the key without it",
                at: fields.keyLocation(key))
        }
        if fields.keys.isEmpty {
            fields.findings.error(
                .missingKey, "tls is caFile, or certificateFile and keyFile, or all three", at: fields.node.location)
        }
        return TLSSettings(caFile: caFile, certificateFile: certificateFile, keyFile: keyFile)
    }
}

extension ValueType where Value == String {
    /// `192.0.2.0/24` or `2001:db8::/32`.
    fileprivate static let network = checked(pattern: "^[0-9A-Fa-f:.]+/[0-9]{1,3}$", code: .invalidNetwork) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let bytes = networkBytes(parts[0]) else {
            return Complaint("\"\(parts[0])\" is not an IP address", hint: "write 192.0.2.0/24")
        }
        guard parts.count == 2, let length = decimal(parts[1]), length <= bytes.count * 8 else {
            return Complaint(
                "a network has a length from /0 to /\(bytes.count * 8)",
                hint: parts.count == 1 ? "for one address write \(text)/\(bytes.count * 8)" : nil)
        }
        let isWhole = bytes.enumerated().allSatisfy { index, byte in
            let kept = min(8, max(0, length - index * 8))
            return byte & UInt8(truncatingIfNeeded: 0xFF >> kept) == 0
        }
        return isWhole ? nil : Complaint("the address has bits beyond its length /\(length)")
    }
}

/// The 4 or 16 bytes of an IP address in digits; nil where it is none. RFC 4291, section 2.2, without embedded IPv4.
private func networkBytes(_ text: some StringProtocol) -> [UInt8]? {
    if !text.contains(":") {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { decimal($0).flatMap { UInt8(exactly: $0) } }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }
    func groups(_ text: [Character]) -> [UInt8]? {
        if text.isEmpty { return [] }
        var bytes: [UInt8] = []
        for group in text.split(separator: ":", omittingEmptySubsequences: false) {
            guard (1...4).contains(group.count), let number = UInt16(String(group), radix: 16),
                group.allSatisfy(\.isHexDigit)
            else { return nil }
            bytes += [UInt8(number >> 8), UInt8(number & 0xFF)]
        }
        return bytes
    }
    let characters = Array(text)
    let gaps = characters.indices.dropLast().filter { characters[$0] == ":" && characters[$0 + 1] == ":" }
    guard let gap = gaps.first else {
        let bytes = groups(characters)
        return bytes?.count == 16 ? bytes : nil
    }
    guard gaps.count == 1, let head = groups(Array(characters[..<gap])),
        let tail = groups(Array(characters[(gap + 2)...])), head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
}
