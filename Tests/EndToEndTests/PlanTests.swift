import Foundation
import Glibc
import Testing

extension EndToEndTests {
    private static let policies = """
        apiVersion: nagi/v1
        kind: Cluster
        metadata: {name: tokyo}
        spec:
          topology: standalone
          nodes:
            - {name: node-01, api: "http://192.0.2.5:3000/"}
            - {name: node-02, api: "http://192.0.2.6:3000/"}
        ---
        apiVersion: nagi/v1
        kind: MaintenanceWindow
        metadata: {name: weekly}
        spec:
          cluster: tokyo
          timeZone: Asia/Tokyo
          windows: [{name: sunday, weekly: {days: [sun], start: "02:00"}, duration: 3h}]
          exclusions: [{name: year-end, start: 2026-12-28, lastDay: 2027-01-03, reason: rest}]
          cutoff: 30m
          sequence: drain-then-block
        """

    /// Runs the program beside `policies.yaml`, and `new.yaml` with its window an hour later.
    private func planned(_ arguments: [String]) async throws -> (status: Int32, output: String, errors: String) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let texts = [
            "policies.yaml": Self.policies, "new.yaml": Self.policies.replacing("02:00", with: "03:00"),
            "two.yaml": Self.policies.replacing(
                "duration: 3h}]", with: "duration: 3h}, {name: utc, at: 2026-12-01T02:00, duration: 1h, timeZone: UTC}]"
            ),
            "wrong.yaml": Self.policies.replacing("Asia/Tokyo", with: "Asia/Tokio"),
        ]
        for (name, text) in texts { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
        let program = try Program(arguments, in: directory, name: "asked")
        defer { program.send(SIGKILL) }
        return (try await program.ended(within: .seconds(20)), program.outputText, program.errorText)
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (["--from", "2026-11-28", "--days", "40"], "Sun 2026-11-29  02:00 → 05:00  UTC Sat 17:00 → 20:00  3h"),
            (["--from", "2026-11-28", "--days", "40"], "taken away by year-end (\"rest\")"),
            (["--at", "2026-12-29 02:30"], "weekly   no    outside its windows; next Sun 2027-01-10 02:00 +09:00"),
            (["--at", "2026-11-28T17:30:00Z"], "weekly   yes   inside sunday until Sun 2026-11-29 05:00 +09:00"),
            (["--at", "2026-11-29 04:30", "--format", "json"], "\"acts\":true"),
            (["--from", "2026-11-28", "--format", "json"], "\"start\":\"2026-11-29T02:00:00+09:00\""),
            (["--from", "2026-11-28", "--format", "html"], "<!DOCTYPE html>"),
            (["--from", "2026-11-28", "--format", "svg"], "<svg xmlns"),
            (["--from", "2026-11-28", "--format", "ics"], "BEGIN:VCALENDAR"),
        ])
    func `plan shows when policies act`(_ options: [String], _ expected: String) async throws {
        let asked = try await planned(["plan", "policies.yaml"] + options)
        #expect(asked.status == 0)
        #expect(asked.errors.isEmpty)
        #expect(asked.output.contains(expected), "\(asked.output)")
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (["plan", "policies.yaml", "--to", "2027-01-01", "--days", "3"], 2, "--to or --days"),
            (["plan", "policies.yaml", "--at", "2027-01-01", "--days", "3"], 2, "--at is one instant"),
            (["plan", "policies.yaml", "--at", "2027-01-01", "--format", "svg"], 2, "table or json"),
            (["plan", "policies.yaml", "--at", "tomorrow"], 2, "neither RFC 3339 nor"),
            (["plan", "two.yaml", "--at", "2027-01-01"], 2, "more than one time zone"),
            (["plan", "policies.yaml", "--from", "2027-01-02", "--to", "2027-01-01"], 2, "--to is not after"),
            (["plan", "wrong.yaml"], 1, "Asia/Tokyo"), (["plan", "nowhere.yaml"], 2, "no such file"),
            (["diff", "policies.yaml", "wrong.yaml"], 1, "Asia/Tokyo"),
        ] as [([String], Int32, String)])
    func `plan says what is wrong with the question`(
        _ arguments: [String], _ status: Int32, _ reason: String
    ) async throws {
        let asked = try await planned(arguments)
        #expect(asked.status == status)
        #expect(asked.output.isEmpty)
        #expect(asked.errors.contains(reason), "\(asked.errors)")
    }

    @Test(.timeLimit(.minutes(2))) func `diff says what was moved`() async throws {
        let span = ["--from", "2026-11-28", "--days", "7"]
        let moved = try await planned(["diff", "policies.yaml", "new.yaml"] + span)
        #expect(moved.status == 0)
        #expect(moved.output.contains("~ Sun 2026-11-29 02:00 → 05:00  3h  sunday   moved to Sun 2026-11-29 03:00"))
        let same = try await planned(["diff", "policies.yaml", "policies.yaml"] + span)
        #expect(same.status == 0)
        #expect(same.output == "nothing differs\n")
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (["--exit-code"], "policies.yaml", 0, ""), (["--exit-code"], "new.yaml", 1, ""),
            (["--allow", "same"], "policies.yaml", 0, ""), (["--allow", "same,moved"], "new.yaml", 0, ""),
            (["--allow", "same,narrower"], "new.yaml", 1, "weekly is moved: Sun 2026-11-29 05:00 → 06:00 was outside"),
            (["--allow", "same,smaller"], "new.yaml", 2, "same,smaller"), (["--allow", ""], "new.yaml", 2, "allow"),
        ] as [([String], String, Int32, String)])
    func `diff is a guard for pipelines`(
        _ options: [String], _ new: String, _ status: Int32, _ reason: String
    ) async throws {
        let asked = try await planned(["diff", "policies.yaml", new, "--from", "2026-11-28"] + options)
        #expect(asked.status == status, "\(asked)")
        #expect(reason.isEmpty ? asked.errors.isEmpty : asked.errors.contains(reason), "\(asked.errors)")
    }

    @Test(.timeLimit(.minutes(2))) func `diff shows fields, and speaks Markdown and JSON`() async throws {
        let asked = ["diff", "policies.yaml", "new.yaml", "--from", "2026-11-28"]
        let table = try await planned(asked)
        #expect(table.output.hasPrefix("MaintenanceWindow weekly\n  windows[sunday]"), "\(table.output)")
        let markdown = try await planned(asked + ["--format", "markdown"])
        #expect(markdown.output.hasPrefix("| policy |"))
        let json = try await planned(asked + ["--format", "json"])
        #expect(json.output.contains(#""verdict":"moved""#))
    }
}
