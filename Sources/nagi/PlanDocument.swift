import Daemon
import Foundation
import ModeCore
import Scheduling

/// The JSON of `nagi plan`. Fields may come, these stay; each instant has the offset of its window's zone.
struct PlanDocument: Encodable {
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
        @Nullable var reason: String?
    }

    var from: String
    var to: String
    var occurrences: [Occurrence]
    /// Rollouts that may progress at any time.
    var unbounded: [String]
    var isTruncated: Bool

    init(_ plan: Plan, set: PolicySet, zone: DisplayZone) {
        from = zone.text(plan.from)
        to = zone.text(plan.to)
        unbounded = plan.unbounded
        isTruncated = plan.isTruncated
        occurrences = plan.occurrences.map { entry in
            let zone = set.zones[entry.timeZone].map { DisplayZone(rules: $0) } ?? .utc
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

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Every number in it is finite, so that it can always be encoded.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
