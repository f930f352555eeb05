import Foundation
import PolicyFile
import Scheduling
import Testing

/// Files that want to hurt.
struct LimitTests {
    private func codes(_ bytes: [UInt8]) -> ([DiagnosticCode], Duration) {
        var parsed: ParsedPolicies?
        let source = PolicySource(path: "big.yaml", bytes: bytes)
        let time = ContinuousClock().measure { parsed = parsePolicies([source], zones: Corpus.zones) }
        return (parsed?.diagnostics.map(\.code) ?? [], time)
    }

    @Test func `an alias bomb is refused at once`() throws {
        let (codes, time) = codes(try Corpus.source("bad", "alias-bomb.yaml").bytes)
        #expect(codes == [.tooManyNodes])
        #expect(time < .milliseconds(100))
    }

    @Test func `ten megabytes are refused by size, before they are read`() {
        let (codes, time) = codes([UInt8](repeating: UInt8(ascii: "["), count: 10_000_000))
        #expect(codes == [.fileTooLarge])
        #expect(time < .milliseconds(100))
    }

    @Test(arguments: [
        "[", "{", "- ", "? ", "a: ", "&a ", "*a ", "!", "\"", "'", "|", ">", "\n", "#", "%", ",", ":", "\u{2028}",
    ])
    func `a megabyte of one thing is answered within seconds`(piece: String) {
        let text = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        let (codes, time) = codes(Array(text.utf8))
        #expect(!codes.isEmpty)
        #expect(time < .seconds(5))
    }

    @Test func `a mapping of many keys is not searched from the start for each`() {
        let text = (0..<24_000).map { "k\($0): v\n" }.joined()
        let (codes, time) = codes(Array(text.utf8))
        #expect(codes.contains(.unknownKey))
        #expect(codes.last == .tooManyDiagnostics)
        #expect(codes.count == PolicyLimits.diagnostics + 1)
        #expect(time < .seconds(2))
    }

    @Test func `no files are an empty set, and a file without documents is doubted`() {
        #expect(parsePolicies([], zones: Corpus.zones).set?.isEmpty == true)
        let comment = parsePolicies([PolicySource(path: "a.yaml", text: "# nothing\n")], zones: Corpus.zones)
        #expect(comment.diagnostics.map(\.code) == [.noPolicies])
        #expect(comment.set?.isEmpty == true)
    }

    @Test func `a file that cannot be read does not make other files name the unknown`() throws {
        let broken = PolicySource(path: "cluster.yaml", text: "kind: [\n")
        let window = PolicySource(
            path: "window.yaml",
            text: """
                apiVersion: nagi/v1
                kind: MaintenanceWindow
                metadata: {name: night}
                spec: {cluster: nowhere, windows: [{at: 2026-12-06T02:00, duration: 3h, timeZone: UTC}], sequence: none}
                """)
        let parsed = parsePolicies([broken, window], zones: Corpus.zones)
        #expect(parsed.diagnostics.map(\.code) == [.yamlSyntax])
        #expect(parsed.set == nil)
    }
}
