import ArgumentParser
import Calendars
import Daemon
import Primitives

/// The instants that `plan` and `diff` are asked about.
struct PlanSpan: ParsableArguments {
    @Option(help: ArgumentHelp("Where it begins. Default: now.", valueName: "time")) var from: String?
    @Option(help: ArgumentHelp("Where it ends; a date is its midnight.", valueName: "time")) var to: String?
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many days it covers, instead of --to. Default: 14.", valueName: "number"))
    var days: Int?

    static let longestDays = 3660

    func validate() throws {
        if to != nil && days != nil { throw ValidationError("give --to or --days, not both") }
        if let days, !(1...Self.longestDays).contains(days) {
            throw ValidationError("--days is 1 to \(Self.longestDays)")
        }
    }

    /// - Parameter standardDays: where neither `--to` nor `--days` is given.
    func span(_ zone: DisplayZone, now: Timestamp, standardDays: Int = 14) throws -> Span {
        let start = try Self.instant(from, "--from", zone) ?? now
        let end = try Self.instant(to, "--to", zone) ?? start + .days(days ?? standardDays)
        guard start < end else { throw Refusal(.usage, "--to is not after --from") }
        guard end - start <= .days(Self.longestDays) else {
            throw Refusal(.usage, "from --from to --to is more than \(Self.longestDays) days")
        }
        return Span(start: start, end: end)
    }

    static func instant(_ text: String?, _ option: String, _ zone: DisplayZone) throws -> Timestamp? {
        guard let text else { return nil }
        guard let instant = zone.instant(text) else {
            throw Refusal(
                .usage, "\(option): \"\(text)\" is neither RFC 3339 nor a local date and time",
                hint: "2026-12-29T02:30:00+09:00, \"2026-12-29 02:30\" or 2026-12-29")
        }
        if zone.isAmbiguous, zone.isLocal(text) {
            throw Refusal(
                .usage, "\(option): the windows are in more than one time zone, so \"\(text)\" could mean any of them",
                hint: "give an offset: \(text.contains(":") ? text : text + "T00:00")+09:00, or Z for UTC")
        }
        return instant
    }
}
