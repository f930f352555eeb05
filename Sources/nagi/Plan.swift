import ArgumentParser
import Calendars
import Daemon
import Foundation
import PolicyFile
import Primitives
import Scheduling

/// `nagi plan PATH`
struct PlanVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show when policies may act, what freezes take away, and how far the runs come.",
        discussion: """
            Instants are RFC 3339, or local dates and times of the zone that all policies share. With --at: what each \
            policy would do at that instant, if nothing why, and when next.

              nagi plan policies --days 30
              nagi plan policies --at "2026-12-29 02:30"
              nagi plan policies --from 2026-12-01 --to 2027-01-15 --format html > plan.html
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, svg, html, ics
    }

    @Argument(help: ArgumentHelp("File or directory of policies.", valueName: "path")) var path: String
    @OptionGroup var span: PlanSpan
    @Option(help: ArgumentHelp("One instant, instead of a span.", valueName: "time")) var at: String?
    @Option(help: "table for people, json for programs, svg and html to look at, ics for calendars.")
    var format = Format.table

    func validate() throws {
        guard at != nil else { return }
        if span.from != nil || span.to != nil || span.days != nil {
            throw ValidationError("--at is one instant: leave --from, --to and --days out")
        }
        if ![.table, .json].contains(format) { throw ValidationError("--at is shown as table or json only") }
    }

    func run() throws {
        let set = try PolicyFiles(path: path).validSet()
        let zone = DisplayZone(of: set)
        let now = HostClock.now().wall
        if let instant = try PlanSpan.instant(at, "--at", zone) {
            let answers = PlanAnswers(answers(set, at: instant), at: instant, set: set, zone: zone)
            return print(format == .json ? answers.json : answers.text)
        }
        let span = try self.span.span(zone, now: now)
        let plan = plan(set, from: span.start, to: span.end)
        switch format {
        case .table: print(PlanText(plan, set: set, zones: HostZones.catalog().version).text)
        case .json: print(PlanDocument(plan, set: set, zone: zone, zones: HostZones.catalog().version).json)
        case .ics:
            print(
                ICalendarWriter.text(of: plan, name: "nagi", stamp: now, zones: set.zones), terminator: "")
        case .svg: print(PlanPicture(plan, zones: set.zones, zone: zone, now: now).svg, terminator: "")
        case .html:
            let page = PlanPage(
                plan, zones: set.zones, zone: zone, now: now, zonesVersion: HostZones.catalog().version)
            print(page.html, terminator: "")
        }
    }
}
