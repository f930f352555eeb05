import ModeCore

/// Ids as clients see them: 26 characters of Crockford's base32, of a salt that each process draws and of the number
/// behind the id. Ids of a process that has ended are never those of another, and lead back to their number exactly.
struct WireIDs: Hashable, Sendable {
    private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    /// 128 bits, five in each character.
    static let length = 26

    private let salt: UInt64

    init(salt: UInt64 = .random(in: 0 ... .max)) { self.salt = salt }

    func text(_ number: UInt64) -> String { Self.text(high: salt, low: number) }

    func text(_ id: SessionID) -> String { text(id.rawValue) }

    /// Nil of a text that this process has not made.
    func number(_ text: String) -> UInt64? {
        guard text.utf8.count == Self.length else { return nil }
        var bits: UInt128 = 0
        for (position, character) in text.utf8.enumerated() {
            guard let digit = Self.digits.firstIndex(of: character), position > 0 || digit < 8 else { return nil }
            bits = bits << 5 | UInt128(digit)
        }
        return UInt64(truncatingIfNeeded: bits >> 64) == salt ? UInt64(truncatingIfNeeded: bits) : nil
    }

    func session(_ text: String) -> SessionID? { number(text).map(SessionID.init) }

    /// An id that leads nowhere, for what is only told once.
    static func unique() -> String { text(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max)) }

    private static func text(high: UInt64, low: UInt64) -> String {
        var bits = UInt128(high) << 64 | UInt128(low)
        var characters = [UInt8](repeating: 0, count: length)
        for position in characters.indices.reversed() {
            characters[position] = digits[Int(bits & 31)]
            bits >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }
}
