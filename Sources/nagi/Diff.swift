import ArgumentParser
import Calendars
import Daemon
import Foundation
import Primitives
import Scheduling

/// `nagi diff OLD NEW`
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what another text of the policies changes: windows gained, lost, moved, and nodes.",
        discussion: """
            Both texts are files or directories. The exit code is 0 whether or not anything changes, 1 where one of them
            is wrong.

              nagi diff policies policies.new --days 90
              nagi diff policies policies.new --from 2026-12-01 --to 2027-02-01 --format json
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(help: ArgumentHelp("The policies as they are.", valueName: "old")) var old: String
    @Argument(help: ArgumentHelp("The policies as they would be.", valueName: "new")) var new: String
    @OptionGroup var span: PlanSpan
    @Option(help: "table for people, json for programs.") var format = Format.table

    func run() throws {
        let sets = (old: try PolicyFiles(path: old).validSet(), new: try PolicyFiles(path: new).validSet())
        let zone = DisplayZone(of: [sets.old, sets.new])
        let span = try self.span.span(zone, now: HostClock.now().wall)
        let difference = difference(old: sets.old, new: sets.new, from: span.start, to: span.end)
        let zones = sets.old.zones.merging(sets.new.zones) { _, new in new }
        switch format {
        case .table: print(DiffText(difference, zones: zones).text)
        case .json: print(PlanDocument.encoded(DiffDocument(difference, zones: zones, zone: zone)))
        }
    }
}
