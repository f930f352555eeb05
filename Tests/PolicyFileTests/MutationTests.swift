import Calendars
import Foundation
import PolicyFile
import Primitives
import Testing

/// Bytes of good and bad files, changed at random with a seed: whatever comes out, nothing crashes or hangs, every
/// diagnostic has a place inside its file, and what looking ahead finds is never an error.
///
/// `NAGI_FUZZ_SECONDS` goes on for so long, from the seed `NAGI_FUZZ_SEED`.
@Suite(.timeLimit(.minutes(30)))
struct MutationTests {
    private static let environment = ProcessInfo.processInfo.environment

    /// Longer than this no input of the size of a policy file may take, in a debug build on a busy machine.
    private static let patience = Duration.seconds(5)
    /// The whole test process may hold so much at its peak.
    private static let memoryKiB = 512 * 1024

    @Test func `no mutated file makes the parser crash, hang or lose its place`() throws {
        let seconds = Self.environment["NAGI_FUZZ_SECONDS"].flatMap { Int($0) }
        let seed = Self.environment["NAGI_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0x6e61_6769
        var random = RandomStream(seed: seed)
        let seeds = try Self.seeds()
        let base = try Corpus.source("good", "base.yaml")
        let now = try #require(Timestamp(rfc3339: "2026-11-22T00:00:00Z"))
        let start = ContinuousClock.now
        var (inputs, refused, slowest, slowestInput) = (0, 0, Duration.zero, [UInt8]())
        while seconds.map({ start.duration(to: .now) < .seconds($0) }) ?? (inputs < 4_000) {
            var bytes = seeds[random.below(seeds.count)]
            for _ in 0...random.below(4) { mutate(&bytes, seeds, &random) }
            if bytes.count > 20_000 { bytes.removeLast(bytes.count - 20_000) }
            let sources = [PolicySource(path: "m.yaml", bytes: bytes), base]
            let begin = ContinuousClock.now
            let parsed = parsePolicies(sources, zones: Corpus.zones, now: inputs.isMultiple(of: 2) ? now : nil)
            let time = begin.duration(to: .now)
            inputs += 1
            if time > slowest { (slowest, slowestInput) = (time, bytes) }
            if !hasPlaces(parsed, bytes) || time > Self.patience {
                Issue.record("seed \(seed), input \(inputs), \(time): \(String(decoding: bytes, as: UTF8.self))")
            }
            if parsed.set == nil { refused += 1 }
        }
        let peak = Self.peakKiB()
        print(
            "fuzzed with seed \(seed): \(inputs) inputs, \(refused) refused, slowest \(slowest) for "
                + "\(slowestInput.count) bytes, peak \(peak.map { "\($0 / 1024) MiB" } ?? "unknown")")
        if seconds != nil { print(String(decoding: slowestInput.prefix(2_000), as: UTF8.self)) }
        #expect(refused > inputs / 4)
        if let peak { #expect(peak < Self.memoryKiB) }
    }

    @Test func `looking ahead finds no errors, whatever the time`() throws {
        let nows = try ["1970-01-01T00:00:00Z", "2026-11-22T00:00:00Z", "2100-02-28T23:59:59Z", "2261-12-31T00:00:00Z"]
            .map { try #require(Timestamp(rfc3339: $0)) }
        for name in try Corpus.files("good") + Corpus.files("bad").filter({ $0.hasPrefix("ahead-") }) {
            let folder = name.hasPrefix("ahead-") ? "bad" : "good"
            let sources = [try Corpus.source(folder, name), try Corpus.source("good", "base.yaml")].prefix(
                name == "base.yaml" ? 1 : 2)
            for now in nows {
                let parsed = parsePolicies(Array(sources), zones: Corpus.zones, now: now)
                #expect(parsed.counts.errors == 0, "\(name) at \(now)")
            }
        }
    }

    private static func seeds() throws -> [[UInt8]] {
        var seeds = try Corpus.files("good").map { try Corpus.source("good", $0).bytes }
        seeds += try Corpus.files("bad").map { try Corpus.source("bad", $0).bytes }
        let policies = Corpus.directory.appending(path: "../../policies").standardizedFileURL
        for name in try FileManager.default.contentsOfDirectory(atPath: policies.path).sorted()
        where name.hasSuffix(".yaml") {
            seeds.append(Array(try Data(contentsOf: policies.appending(path: name))))
        }
        return seeds.filter { $0.count < 8_000 }
    }

    private func hasPlaces(_ parsed: ParsedPolicies, _ bytes: [UInt8]) -> Bool {
        let lines =
            bytes.count { $0 == 0x0A || $0 == 0x0D } + bytes.count { $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 } + 1
        return parsed.diagnostics.allSatisfy { diagnostic in
            (0...lines).contains(diagnostic.line)
                && diagnostic.rendered().unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 }
        }
    }

    /// The largest resident memory of this process so far, where the system says so.
    private static func peakKiB() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
    }

    private static let special = Array("[]{}:,-&*!|>'\"%@#?\t\n ~<\u{1}".utf8)

    /// Words that mean something to the reader, so that mutations get past the first lines.
    private static let words = [
        "schedule: \"* * * * *\"", "rrule: \"FREQ=DAILY;BYHOUR=2;BYMINUTE=30\"", "rrule: FREQ=YEARLY;BYMONTHDAY=-31",
        "duration: 400d", "duration: 1d", "until: \"00:00\"", "at: 2027-03-28T02:30", "startDate: 1678-01-01",
        "endDate: 2261-12-31", "lastDay: 2027-01-03", "timeZone: Europe/Paris", "timeZone: UTC", "cutoff: 3h",
        "calendar: freezes", "dst: {gap: skip}", "weekly: {days: [sun], start: \"02:30\"}", "exclusions:\n",
        "windows:\n", "\n---\n", "maxUnavailable: 100%", "minAvailable: 1", "kind: Rollout", "kind: Calendar",
        "INTERVAL=9999", "COUNT=1", "99999999999999999999", "29 2", "*/1", "\u{FEFF}", "&a ", "*a", "<<: *a", "|-\n",
    ]

    private func mutate(_ bytes: inout [UInt8], _ seeds: [[UInt8]], _ random: inout RandomStream) {
        guard !bytes.isEmpty else { return }
        let at = random.below(bytes.count)
        switch random.below(9) {
        case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(MutationTests.special[random.below(MutationTests.special.count)], at: at)
        case 3: bytes.removeSubrange(at..<min(bytes.count, at + random.below(40)))
        case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + random.below(60))], at: random.below(at + 1))
        case 5: bytes[at] ^= UInt8(1 << random.below(8))
        case 6: bytes.removeSubrange(at...)
        case 7:
            let word = Array(MutationTests.words[random.below(MutationTests.words.count)].utf8)
            // Sometimes in the place of what stands there, so that the line stays one.
            let end = random.below(2) == 0 ? at : min(bytes.count, at + word.count)
            bytes.replaceSubrange(at..<end, with: word)
        default:
            let other = seeds[random.below(seeds.count)]
            guard !other.isEmpty else { return }
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
