import ArgumentParser
import Daemon
import Foundation
import ModeCore
import Scheduling

/// `nagi plan PATH`
struct PlanVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show when policies may act, and what freezes take away.",
        discussion: """
            Instants are RFC 3339, or local dates and times of the zone that all policies share.

              nagi plan policies --days 30
              nagi plan policies --from 2026-12-01 --to 2027-01-15 --format json
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(help: ArgumentHelp("File or directory of policies.", valueName: "path")) var path: String
    @Option(help: "Where the plan begins. Default: now.") var from: String?
    @Option(help: "Where it ends.") var to: String?
    @Option(help: "How many days it covers, instead of --to. Default: 14.") var days: Int?
    @Option(help: "table for people, json for programs.") var format = Format.table

    func validate() throws {
        if to != nil && days != nil { throw ValidationError("give --to or --days, not both") }
        if let days, !(1...3660).contains(days) { throw ValidationError("--days is 1 to 3660") }
    }

    func run() throws {
        let reading = PolicyFiles(path: path).read()
        guard let set = reading.set else {
            throw Refusal(.no, reading.messages.joined(separator: "\n"), hint: "nagi check says all of it")
        }
        let zone = DisplayZone(of: set)
        let start = try instant(from, "--from", zone) ?? HostClock.now().wall
        let end = try instant(to, "--to", zone) ?? start + .days(days ?? 14)
        guard start < end else { throw Refusal(.usage, "--to is not after --from") }
        let plan = plan(set, from: start, to: end)
        switch format {
        case .table: print(PlanText(plan, set: set, zone: zone).text)
        case .json: print(PlanDocument(plan, set: set, zone: zone).json)
        }
    }

    private func instant(_ text: String?, _ option: String, _ zone: DisplayZone) throws -> Timestamp? {
        guard let text else { return nil }
        guard let instant = zone.instant(text) else {
            throw Refusal(.usage, "\(option): \"\(text)\" is neither RFC 3339 nor a local date and time")
        }
        return instant
    }
}
