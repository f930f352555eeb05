import Scheduling

/// `discovery:` and `api.tls:` of a Cluster.
enum DiscoveryKind {
    static let discovery: ValueType<Discovery> = .object(
        "discovery",
        NeededField(
            "seeds", .list(of: .address, minimum: 1, maximum: 100),
            "mode APIs that are asked who is in the cluster while no node says"),
        DefaultedField(
            "allow", .list(of: .network, minimum: 1, maximum: 1_000), default: [],
            "networks whose addresses are called, as they stand in the lists; needed where `api.headers` are sent"),
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
        guard let bytes = Network.bytes(of: parts[0]) else {
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
