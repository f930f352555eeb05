import ArgumentParser
import Daemon
import Foundation
import ModeCore
import PolicyFile
import Scheduling

/// `nagi plan PATH`
struct PlanVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "List when the policies may act, and what freezes take of it.",
        discussion: """
            Each occurrence in its own zone. Exit code 1 where a policy is wrong.

              nagi plan policies
              nagi plan policies --from 2026-12-20T00:00:00+09:00 --days 30
              nagi plan policies --format json | jq -r '.occurrences[].id'
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    static let longestDays = 3660

    @Argument(help: ArgumentHelp("File or directory of policies.", valueName: "path")) var path: String
    @Option(help: "First instant, RFC 3339 (2026-12-20T00:00:00+09:00). Default: now.") var from: String?
    @Option(help: "End, RFC 3339, instead of --days.") var to: String?
    @Option(help: "How many days to look ahead (default: 14).") var days: Int?
    @Option(help: "table for people, json for programs.") var format = Format.table

    func run() throws {
        let start = try from.map { try instant($0, "--from") } ?? Timestamp(seconds: HostClock.now().wall.seconds)
        let end = try end(after: start)
        let reading = PolicyFiles(path: path).read()
        guard let set = reading.set else {
            for message in reading.messages { FileHandle.standardError.write(Data((message + "\n").utf8)) }
            throw Refusal(.no, "the policies are wrong: nothing to plan", hint: "nagi check \(path)")
        }
        let plan = plan(set, from: start, to: end)
        switch format {
        case .table: print(PlanTable(plan, set: set).text)
        case .json:
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(PlanDocument(plan, set: set)), as: UTF8.self))
        }
    }

    private func end(after start: Timestamp) throws -> Timestamp {
        if to != nil, days != nil { throw Refusal(.usage, "--to and --days are two ways to say the same: give one") }
        if let to {
            let end = try instant(to, "--to")
            guard start < end else { throw Refusal(.usage, "--to is not after --from") }
            return min(end, start + .days(PlanVerb.longestDays))
        }
        let days = days ?? 14
        guard (1...PlanVerb.longestDays).contains(days) else {
            throw Refusal(.usage, "--days \(days): 1 to \(PlanVerb.longestDays)")
        }
        return start + .days(days)
    }

    private func instant(_ text: String, _ option: String) throws -> Timestamp {
        guard let instant = Timestamp(rfc3339: text) else {
            throw Refusal(
                .usage, "\(option) \(text) is not an instant", hint: "write it with an offset: 2026-12-20T02:00:00+09:00")
        }
        return instant
    }
}

/// The stable JSON shape of `plan`: fields may come, these stay.
private struct PlanDocument: Encodable {
    var from: String
    var to: String
    var occurrences: [Occurrence]
    /// The steps of runs ahead are planned in later versions.
    var runs: [String] = []

    struct Occurrence: Encodable {
        var id: String
        var policy: String
        var window: String
        var start: String
        var end: String
        var timeZone: String
        var elapsedSeconds: Double
        var wallSeconds: Double
        var dst: Bool
        var takenAway: [Taken]
    }

    struct Taken: Encodable {
        var start: String
        var end: String
        var by: String
        var reason: String?

        enum Key: String, CodingKey {
            case start, end, by, reason
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(start, forKey: .start)
            try container.encode(end, forKey: .end)
            try container.encode(by, forKey: .by)
            try container.encode(reason, forKey: .reason)
        }
    }

    init(_ plan: Plan, set: PolicySet) {
        from = ZoneRules.utc.text(plan.from)
        to = ZoneRules.utc.text(plan.to)
        occurrences = plan.occurrences.map { entry in
            let zone = set.zones[entry.timeZone] ?? .utc
            return Occurrence(
                id: entry.id.description, policy: entry.policy, window: entry.window, start: zone.text(entry.start),
                end: zone.text(entry.end), timeZone: entry.timeZone, elapsedSeconds: entry.elapsedSeconds,
                wallSeconds: entry.wallSeconds, dst: entry.dst,
                takenAway: entry.takenAway.map { taken in
                    Taken(
                        start: zone.text(taken.span.start), end: zone.text(taken.span.end), by: taken.by,
                        reason: taken.reason)
                })
        }
    }
}

/// The plan for people: a heading for each policy, a line for each occurrence.
private struct PlanTable {
    let text: String

    init(_ plan: Plan, set: PolicySet) {
        var lines: [String] = []
        for policy in Set(plan.occurrences.map(\.policy)).sorted() {
            let entries = plan.occurrences.filter { $0.policy == policy }
            lines.append("\(policy) · \(PlanTable.cluster(of: policy, in: set))")
            for entry in entries { lines.append("  " + PlanTable.line(entry, set.zones[entry.timeZone] ?? .utc)) }
        }
        for name in plan.unbounded { lines.append("\(name) · \(PlanTable.cluster(of: name, in: set)): at any time") }
        if lines.isEmpty { lines.append("no policy may act between \(plan.from.rfc3339) and \(plan.to.rfc3339)") }
        if plan.isTruncated { lines.append("there are more: ask for fewer days") }
        text = lines.joined(separator: "\n")
    }

    private static func cluster(of policy: String, in set: PolicySet) -> String {
        set.maintenanceWindows.first { $0.name == policy }?.cluster
            ?? set.rollouts.first { $0.name == policy }?.cluster ?? ""
    }

    private static func line(_ entry: Plan.Entry, _ zone: ZoneRules) -> String {
        let start = zone.local(entry.start)
        let weekday = start.date.weekday.rawValue.capitalized
        let end = zone.local(entry.end)
        let endText = end.date == start.date ? clock(end) : "\(end.date) \(clock(end))"
        var text = "\(weekday) \(start.date)  \(clock(start)) → \(endText)  "
        text += Duration.seconds(entry.elapsedSeconds).spoken
        text += "  \(entry.window)  \(entry.timeZone) \(zone.text(entry.start).suffix(6))"
        if entry.dst { text += "  DST: \(Duration.seconds(entry.wallSeconds).spoken) on the wall" }
        for taken in entry.takenAway {
            let what = entry.open.isEmpty ? "taken away" : "partly taken away"
            let reason = taken.reason.map { " (\"\($0)\")" } ?? ""
            text += "  \(what) by \(taken.by)\(reason) until \(zone.text(taken.span.end))"
        }
        return text
    }

    private static func clock(_ local: LocalDateTime) -> String { String("\(local)".split(separator: "T")[1]) }
}
