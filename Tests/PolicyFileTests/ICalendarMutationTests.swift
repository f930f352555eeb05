import Calendars
import PolicyFile
import Testing

/// Bytes of good and bad calendar files, changed at random with a fixed seed: nothing crashes or hangs, every diagnostic
/// has a place inside its file, every span has a zone and a name of its own.
struct ICalendarMutationTests {
    @Test func `no mutated calendar file makes the reader crash or lose its place`() throws {
        var random = MutationSource(state: 0x6963_7320)
        var seeds: [[UInt8]] = []
        for folder in ["good", "bad"] {
            seeds += try ICalendarCorpus.files(folder).map { try ICalendarCorpus.source(folder, $0).bytes }
        }
        seeds = seeds.filter { !$0.isEmpty }
        let zones = try ICalendarCorpus.zones()
        var faulty = 0
        var read = 0
        for _ in 0..<3_000 {
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(4) { mutate(&bytes, seeds, &random) }
            let source = PolicySource(path: "m.ics", bytes: bytes)
            let reading = ICalendarReader.spans(of: source, calendar: "m", defaultZone: "Asia/Tokyo", zones: zones)
            let breaks: Set<UInt8> = [0x0A, 0x0D, 0x85, 0xA8, 0xA9]
            let lines = bytes.count { breaks.contains($0) } + 1
            for diagnostic in reading.diagnostics {
                #expect((1...lines).contains(diagnostic.line))
                #expect(diagnostic.rendered().unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
            }
            #expect(Set(reading.spans.map(\.window.name)).count == reading.spans.count)
            #expect(reading.spans.allSatisfy { reading.usedZones[$0.window.timeZone] != nil })
            if !reading.diagnostics.isEmpty { faulty += 1 }
            if !reading.spans.isEmpty { read += 1 }
        }
        #expect(faulty > 1_000 && read > 500)
    }

    private static let special = Array(";:,=\"\\\r\n \tTZPD-+0129".utf8) + [0x00, 0xE2, 0x80, 0xAE, 0xFF]

    private func mutate(_ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout MutationSource) {
        guard !bytes.isEmpty else { return }
        let at = random.below(bytes.count)
        let special = ICalendarMutationTests.special
        switch random.below(6) {
        case 0: bytes[at] = special[random.below(special.count)]
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(special[random.below(special.count)], at: at)
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + random.below(40)))
        case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + random.below(60))], at: random.below(at + 1))
        default:
            let other = seeds[random.below(seeds.count)]
            let start = random.below(other.count)
            bytes.insert(contentsOf: other[start..<min(other.count, start + random.below(80))], at: at)
        }
    }
}

/// A small generator whose whole state is its seed.
private struct MutationSource {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return limit <= 0 ? 0 : Int((state >> 33) % UInt64(limit))
    }
}
