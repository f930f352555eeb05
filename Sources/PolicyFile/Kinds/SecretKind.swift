import Scheduling

/// Where secrets are to be read: never in a policy.
enum SecretKind {
    private static let object: ValueType<SecretReference> = .choice(
        "a secret",
        Field("env", .variable, "an environment variable of the daemon").map(SecretReference.environment),
        Field("file", .text, "a file whose first line is the value").map(SecretReference.file))

    /// `{env: NAME}` or `{file: path}`.
    static let secret = object.withoutSecret(write: "{env: VARIABLE} or {file: path}")

    /// `http://…`, or where an address that is a secret is to be read.
    static let target = ValueType<NotificationPolicy.Target>(.oneOf([ValueType<String>.address.shape, object.shape])) {
        node, findings in
        guard case .mapping = node.value else {
            guard let url = ValueType<String>.address.read(node, findings) else { return nil }
            if HTTPAddress(parsing: url)?.isSecret == true {
                findings.warning(
                    .secretInText, "the address is a secret: whoever can read the policy can send there",
                    at: node.location, hint: "write {env: VARIABLE} or {file: path}")
            }
            return .address(url)
        }
        return object.read(node, findings).map { .secret($0) }
    }

    static let headers = ValueType<[String: SecretReference]>.map(
        of: secret, key: { !$0.isEmpty && $0.utf8.allSatisfy(isTokenByte) }, keyIsA: "the name of a header",
        pattern: "^[-0-9A-Za-z!#$%&'*+.^_`|~]+$"
    ).withoutSecret(write: "{NAME: {env: VARIABLE}}")
}

extension ValueType {
    /// Whoever writes a text where a mapping says where a secret is to be read has written the secret: it is not shown.
    ///
    /// - Parameter mapping: what belongs there.
    func withoutSecret(write mapping: String) -> ValueType {
        ValueType(shape, written: written) { node, findings in
            guard let scalar = node.scalar, !scalar.isNull else { return read(node, findings) }
            findings.error(
                .secretInText, "a secret must not stand in a policy", at: node.location, hint: "write \(mapping)")
            return nil
        }
    }
}

extension HTTPAddress {
    /// Incoming webhooks of Slack, and of others that look like them: `/services/T…/B…/…`.
    fileprivate var isSecret: Bool {
        if host == "hooks.slack.com" { return true }
        let parts = path.split(separator: "/")
        guard scheme == "https", parts.count >= 4 else { return false }
        return parts.indices.dropLast(3).contains {
            parts[$0] == "services" && parts[$0 + 1].hasPrefix("T") && parts[$0 + 2].hasPrefix("B")
        }
    }
}

/// RFC 9110, token.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x5E...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x7C, 0x7E: true
    default: false
    }
}
