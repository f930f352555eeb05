import Crypto
import Foundation

/// A secret by which somebody is known: a token, or that of a cluster's webhooks. Each question takes the same time whatever
/// the answer is.
package struct SharedSecret: Sendable {
    private let digest: SHA256Digest
    private let key: SymmetricKey

    package init(_ secret: String) {
        digest = SHA256.hash(data: Data(secret.utf8))
        key = SymmetricKey(data: Data(secret.utf8))
    }

    /// Whether the text is the secret itself.
    func isEqual(to text: some StringProtocol) -> Bool { SHA256.hash(data: Data(text.utf8)) == digest }

    /// Whether whoever signed the bytes knows the secret.
    ///
    /// - Parameter signature: HMAC-SHA256 in hexadecimal digits.
    func isSigned(_ bytes: some DataProtocol, _ signature: some StringProtocol) -> Bool {
        guard let code = Self.bytes(signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: bytes, using: key)
    }

    private static func bytes(_ digits: some StringProtocol) -> [UInt8]? {
        let digits = Array(digits.utf8)
        guard digits.count == SHA256Digest.byteCount * 2 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}
