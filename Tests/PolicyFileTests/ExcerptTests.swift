import PolicyFile
import Testing

struct ExcerptTests {
    @Test func `a thousand diagnostics of one long line keep its text once`() throws {
        let keys = (0..<2_000).map { "k\($0): v" }.joined(separator: ", ")
        let text = "apiVersion: nagi/v1\nkind: Sequence\nmetadata: {name: x}\nspec: {\(keys)}\n"
        let parsed = parsePolicies([PolicySource(path: "long.yaml", text: text)], zones: Corpus.zones)
        let excerpts = parsed.diagnostics.filter { $0.code == .unknownKey }.compactMap(\.excerpt)
        #expect(excerpts.count > 900)
        #expect(Set(excerpts.compactMap(Self.storage)).count == 1)
    }

    /// Where the bytes of a text are.
    private static func storage(of text: String) -> UInt? {
        text.utf8.withContiguousStorageIfAvailable { UInt(bitPattern: $0.baseAddress) }
    }
}
