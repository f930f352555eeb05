extension ValueType where Value == String {
    /// One line of text, quoted or plain.
    static let text = ValueType(.text(pattern: "^[^\\n]+$"), written: { $0 }) { node, findings in
        guard let scalar = findings.scalar(node, "a text") else { return nil }
        let isShort =
            scalar.text.utf8.count <= PolicyLimits.textLength
            || scalar.text.unicodeScalars.count <= PolicyLimits.textLength
        guard isShort, scalar.isVisibleASCII || !scalar.text.utf8.contains(0x0A) else {
            findings.error(
                .invalidText, "one line of at most \(PolicyLimits.textLength) characters is possible here",
                at: node.location)
            return nil
        }
        guard !scalar.text.isEmpty else {
            findings.error(.invalidText, "the text is empty", at: node.location)
            return nil
        }
        return scalar.text
    }

    /// Any text, of several lines too.
    static let anyText = ValueType(.text(pattern: nil)) { node, findings in
        guard let scalar = findings.scalar(node, "a text") else { return nil }
        if scalar.text.unicodeScalars.count <= PolicyLimits.textLength { return scalar.text }
        findings.error(.invalidText, "more than \(PolicyLimits.textLength) characters", at: node.location)
        return nil
    }

    /// A DNS label: lower case letters, digits and inner hyphens, at most 63.
    static let name = checked(pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", code: .invalidName) { text in
        if isLabel(text) { return nil }
        let better = String(text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        return Complaint(
            "a name has lower case letters, digits and hyphens between them, at most 63",
            hint: isLabel(better) ? "for example \(better)" : nil)
    }

    /// The name of a node, as the node itself says it: `node-01@192.0.2.5`.
    static let nodeName = checked(pattern: "^[!-~]{1,255}$", code: .invalidName) { text in
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && text.utf8.count <= 255
            ? nil : Complaint("the name of a node has no spaces and nothing outside ASCII, and at most 255 characters")
    }

    static let labelValue = checked(pattern: "^.{1,253}$", code: .invalidText) { text in
        text.utf8.count <= 253 || text.unicodeScalars.count <= 253
            ? nil : Complaint("a label has at most 253 characters")
    }

    /// The name of an environment variable.
    static let variable = checked(pattern: "^[A-Za-z_][A-Za-z0-9_]*$", code: .invalidText) { text in
        let isName = text.utf8.allSatisfy { isWordByte($0) } && !(text.utf8.first.map { $0 < 0x3A } ?? true)
        return isName ? nil : Complaint("the name of an environment variable has letters, digits and `_`")
    }

    /// `http://host[:port][/path]`, without user and fragment.
    static let address = checked(pattern: "^[Hh][Tt][Tt][Pp][Ss]?://[^@# ]+$", code: .invalidURL) { text in
        do throws(Complaint) {
            _ = try HTTPAddress(text)
            return nil
        } catch {
            return error
        }
    }

    /// A text of one line with a rule of its own.
    static func checked(
        pattern: String, code: DiagnosticCode, complaint: @escaping @Sendable (String) -> Complaint?
    ) -> ValueType<String> {
        ValueType(.text(pattern: pattern), written: { $0 }) { node, findings in
            guard let value = ValueType<String>.text.read(node, findings) else { return nil }
            guard let complaint = complaint(value) else { return value }
            // Reported where the text was scanned.
            if value.unicodeScalars.contains(where: isUnprintable) { return nil }
            findings.error(complaint.code ?? code, complaint.message, at: node.location, hint: complaint.hint)
            return nil
        }
    }
}

/// Why a text is not what it should be.
struct Complaint: Error, Hashable {
    var message: String
    var hint: String?
    /// Where it is not the usual one of the text's type.
    var code: DiagnosticCode?

    init(_ message: String, hint: String? = nil, code: DiagnosticCode? = nil) {
        self.message = message
        self.hint = hint
        self.code = code
    }
}

/// A DNS label (RFC 1123), lower case only.
func isLabel(_ text: String) -> Bool {
    let bytes = text.utf8
    guard (1...63).contains(bytes.count), bytes.first != 0x2D, bytes.last != 0x2D else { return false }
    return bytes.allSatisfy { (0x61...0x7A).contains($0) || isDigit($0) || $0 == 0x2D }
}

func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

private func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
}
