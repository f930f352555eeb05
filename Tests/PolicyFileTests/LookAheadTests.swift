import Calendars
import Foundation
import PolicyFile
import Primitives
import Testing

/// What looking ahead costs, and what it leaves alone. What it says stands in `bad/ahead-*.expected`.
struct LookAheadTests {
    private static let now = Timestamp(rfc3339: "2026-11-22T00:00:00Z")

    private func parsed(_ text: String) throws -> ParsedPolicies {
        let now = try #require(LookAheadTests.now)
        return parsePolicies(
            [PolicySource(path: "test.yaml", text: text), try Corpus.source("good", "base.yaml")], zones: Corpus.zones,
            now: now)
    }

    private func policy(_ number: Int, _ windows: String, exclusions: String = "") -> String {
        """
        apiVersion: nagi/v1
        kind: MaintenanceWindow
        metadata: {name: p\(number)}
        spec:
          cluster: base
          suspend: false
          timeZone: Europe/Paris
          windows: [\(windows)]
          exclusions: [\(exclusions)]
          cutoff: 10m
          sequence: [{drain: {deadline: 30m}}, {block: {}}, {restore: {}}]
        ---

        """
    }

    @Test(arguments: [
        ("nightly", #"{schedule: "30 2 * * *", duration: 3h}"#),
        ("every minute", #"{schedule: "* * * * *", duration: 1h}"#),
        ("every minute for days", #"{schedule: "* * * * *", duration: 30d}"#),
    ])
    func `a hundred policies are looked at ahead in no time`(name: String, window: String) throws {
        let freezes = """
            {name: weekends, weekly: {days: [sat], start: "00:00"}, duration: 2d}, \
            {name: minutes, schedule: "*/2 * * * *", duration: 1m}
            """
        let text = (0..<99).map { policy($0, window, exclusions: freezes) }.joined()
        var result: ParsedPolicies?
        let time = try ContinuousClock().measure { result = try parsed(text) }
        let found = try #require(result)
        print("looked ahead at 99 policies (\(name)) in \(time): \(found.counts.warnings) warnings")
        #expect(found.set != nil)
        // A debug build on a busy machine; an optimised one takes a fiftieth.
        #expect(time < .seconds(20))
    }

    @Test func `a policy that is suspended meets nobody`() throws {
        let text =
            policy(1, #"{weekly: {days: [sun], start: "05:00"}, duration: 1h}"#)
            + policy(2, #"{weekly: {days: [sun], start: "05:00"}, duration: 1h}"#)
        #expect(try parsed(text).diagnostics.map(\.code) == [.policiesOverlap])
        let suspended = text.replacing("suspend: false", with: "suspend: true", maxReplacements: 1)
        #expect(try parsed(suspended).diagnostics.isEmpty)
    }

    @Test(arguments: [
        #"{schedule: "30 2 * * *", duration: 3h, dst: {gap: shift, overlap: first}}"#,
        #"{schedule: "*/20 * * * *", duration: 40m}"#, #"{schedule: "0 5 * * *", until: "07:00"}"#,
        #"{weekly: {days: [sun], start: "00:00"}, until: "00:00"}"#,
        #"{schedule: "0 4-23 * * *", duration: 30m}, {schedule: "30 4-23 * * *", duration: 30m}"#,
        #"{schedule: "*/10 * * * *", duration: 10m}"#,
        #"{at: 2028-01-01T02:00, duration: 1h}, {schedule: "0 5 * * *", duration: 1h}"#,
    ])
    func `what is said or does not matter is not warned of`(windows: String) throws {
        let codes = try parsed(policy(1, windows)).diagnostics.map(\.code)
        #expect(codes.filter { $0 != .windowFarAway } == [])
    }

    @Test func `a week of freeze in a nightly policy is nothing unusual`() throws {
        let freeze = "{name: year-end, start: 2026-12-28, lastDay: 2027-01-03}"
        let text = policy(1, #"{schedule: "0 5 * * *", duration: 1h}"#, exclusions: freeze)
        #expect(try parsed(text).diagnostics.isEmpty)
    }

    /// Half an hour of draining fits into what the freeze leaves; with the time that the gate may take it does not.
    @Test func `the time that a gate may take is part of what a node needs`() throws {
        let gate = "{gate: {name: calm, command: [/usr/bin/check], timeout: 20m}}"
        let text = policy(
            1, #"{weekly: {days: [sun], start: "05:00"}, duration: 1h}"#,
            exclusions: "{name: release, at: 2026-12-06T05:40, duration: 1h}")
        #expect(try parsed(text).diagnostics.isEmpty)
        let found = try parsed(text.replacing("{block: {}}", with: "{block: {}}, \(gate)")).diagnostics
        #expect(found.map(\.code) == [.windowTooShort])
        #expect(found.first?.message.hasPrefix("one node needs up to 50m") ?? false)
        #expect(found.first?.hint == "drain 30m + block + calm 20m")
    }

    @Test func `without a time nothing is looked at ahead`() throws {
        let text = policy(1, "{at: 2020-01-01T02:00, duration: 1h}")
        #expect(try Corpus.parsed(text: text).diagnostics.isEmpty)
        #expect(try parsed(text).diagnostics.map(\.code) == [.windowOver])
    }
}
