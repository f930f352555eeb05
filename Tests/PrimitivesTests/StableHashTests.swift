import Primitives
import Testing

struct StableHashTests {
    /// The published test vectors of FNV-1a.
    static let vectors: [(String, UInt64)] = [
        ("", 0xCBF2_9CE4_8422_2325), ("a", 0xAF63_DC4C_8601_EC8C), ("b", 0xAF63_DF4C_8601_F1A5),
        ("foobar", 0x8594_4171_F739_67E8),
    ]

    @Test(arguments: vectors) func `a text has the published hash`(_ text: String, _ value: UInt64) {
        #expect(StableHash(text).value == value)
    }

    @Test func `parts are hashed as the whole`() {
        var hash = StableHash("foo")
        hash.add("bar")
        #expect(hash == StableHash("foobar"))
    }

    @Test func `a number is its eight bytes, the lowest first`() {
        var hash = StableHash()
        hash.add(0x7261_626F_6F66)
        var bytes = StableHash("foobar")
        bytes.add("\0\0")
        #expect(hash == bytes)
    }

    @Test func `as text it has sixteen digits`() {
        #expect(StableHash("").hexadecimal == "cbf29ce484222325")
        let short = (0..<5000).map { StableHash("\($0)") }.first { $0.value >> 60 == 0 }
        #expect(short?.hexadecimal.count == 16)
        #expect(short?.hexadecimal.first == "0")
    }
}
