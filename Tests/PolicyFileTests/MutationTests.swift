import PolicyFile
import Testing

/// Bytes of good and bad files, changed at random with a fixed seed: whatever comes out, nothing crashes, every
/// diagnostic has a place inside its file, and the answer is the same twice.
struct MutationTests {
    @Test func `no mutated file makes the parser crash or lose its place`() throws {
        var random = SplitMix(state: 0x6e61_6769)
        var seeds = try Corpus.files("good").map { try Corpus.source("good", $0).bytes }
        seeds += try Corpus.files("bad").map { try Corpus.source("bad", $0).bytes }.filter { $0.count < 4_000 }
        let base = try Corpus.source("good", "base.yaml")
        var refused = 0
        for _ in 0..<4_000 {
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(4) { mutate(&bytes, seeds, &random) }
            let sources = [PolicySource(path: "m.yaml", bytes: bytes), base]
            let parsed = parsePolicies(sources, zones: Corpus.zones)
            let lines =
                bytes.count { $0 == 0x0A || $0 == 0x0D } + bytes.count { $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 } + 1
            for diagnostic in parsed.diagnostics {
                #expect((0...lines).contains(diagnostic.line))
                #expect(diagnostic.rendered().unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
            }
            if parsed.set == nil { refused += 1 }
        }
        #expect(refused > 1_000)
    }

    private static let special = Array("[]{}:,-&*!|>'\"%@#?\t\n ~<\u{1}".utf8)

    private func mutate(_ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let at = random.below(bytes.count)
        switch random.below(6) {
        case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(MutationTests.special[random.below(MutationTests.special.count)], at: at)
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + random.below(40)))
        case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + random.below(60))], at: random.below(at + 1))
        default:
            let other = seeds[random.below(seeds.count)]
            let start = random.below(other.count)
            bytes.insert(contentsOf: other[start..<min(other.count, start + random.below(80))], at: at)
        }
    }

    @Test func `the same files give the same answer`() throws {
        for name in try Corpus.files("bad").prefix(40) {
            #expect(try Corpus.parsed("bad", name).diagnostics == Corpus.parsed("bad", name).diagnostics)
        }
    }
}

/// A small generator whose whole state is its seed.
private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int) -> Int { limit <= 0 ? 0 : Int(next() % UInt64(limit)) }
}
