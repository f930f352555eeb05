import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// What `nagi plan` says about something that is shipped, in `plans/NAME.txt`.
    struct ShippedPlan: CustomTestStringConvertible, Sendable {
        /// Relative to the package.
        var path: String
        var arguments: [String]
        var name: String
        var testDescription: String { name }
    }

    static let shippedPlans = [
        ShippedPlan(path: "policies", arguments: ["--from", "2026-12-01", "--days", "14"], name: "policies"),
        ShippedPlan(path: "policies", arguments: ["--at", "2026-12-29T02:30"], name: "policies-at-year-end"),
        ShippedPlan(path: "policies", arguments: ["--at", "2026-12-06T02:30"], name: "policies-at-night"),
        ShippedPlan(
            path: "examples/zone-by-zone", arguments: ["--from", "2026-12-06", "--days", "14"], name: "zone-by-zone"),
        ShippedPlan(
            path: "examples/business-hours", arguments: ["--from", "2027-03-25", "--days", "7"], name: "business-hours"),
        ShippedPlan(
            path: "examples/business-hours", arguments: ["--at", "2027-03-29T09:30"], name: "business-hours-at-work"),
        ShippedPlan(
            path: "examples/quickstart/policies", arguments: ["--from", "2026-12-01", "--days", "3"], name: "quickstart"
        ),
        ShippedPlan(
            path: "examples/night-shift/policies", arguments: ["--from", "2026-12-01", "--days", "3"],
            name: "night-shift"),
        ShippedPlan(
            path: "examples/over-https", arguments: ["--from", "2026-12-01", "--days", "4"], name: "over-https"),
        ShippedPlan(
            path: "examples/standalone", arguments: ["--from", "2026-12-01", "--to", "2026-12-01T00:10"],
            name: "standalone"),
    ]

    /// `NAGI_REWRITE_EXPECTED=1` writes the files anew; read them then.
    @Test(.timeLimit(.minutes(2)), arguments: shippedPlans)
    func `what is shipped plans as its page says`(_ plan: ShippedPlan) async throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let package = tests.deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appendingPathComponent("plans/\(plan.name).txt")
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-plan-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }

        let path = package.appendingPathComponent(plan.path).path
        let program = try Program(["plan", path] + plan.arguments, in: directory, name: "plan")
        defer { program.send(SIGKILL) }
        #expect(try await program.ended(within: .seconds(20)) == 0, "\(program.errorText)")
        // The version of the time zone data is the host's.
        let lines = program.outputText.split(separator: "\n", omittingEmptySubsequences: false)
        let text = lines.filter { !$0.contains("tzdata") }.joined(separator: "\n")

        if ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] != nil {
            try Data(text.utf8).write(to: file)
        }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }
}
