import Calendars
import Foundation
import Primitives
import Scheduling

/// The JSON of `nagi plan`. Fields may come, these stay; each instant has the offset of its window's zone.
package struct PlanDocument: Encodable {
    struct Occurrence: Encodable {
        var id: String
        var policy: String
        var window: String
        var start: String
        var end: String
        var startUTC: String
        var endUTC: String
        var timeZone: String
        var elapsedSeconds: Double
        var wallSeconds: Double
        var dst: Bool
        var takenAway: [Taken]
        /// What is left of it.
        var open: [Stretch]
    }

    struct Stretch: Encodable {
        var start: String
        var end: String
    }

    struct Taken: Encodable {
        var start: String
        var end: String
        var by: String
        @Nullable var reason: String?
    }

    struct Run: Encodable {
        struct Course: Encodable {
            var node: String
            /// When it is expected to start; null where it is not.
            @Nullable var start: String?
            /// Null where it is not through.
            @Nullable var expectedEnd: String?
            @Nullable var worstCaseEnd: String?
        }

        var policy: String
        /// Null for a rollout without windows.
        @Nullable var occurrence: String?
        var nodes: [String]
        /// Nodes out of service at once, at most.
        var atOnce: Int
        /// In the order of the run.
        var courses: [Course]
        /// Null where it is not through within sight.
        @Nullable var worstCaseEnd: String?
        @Nullable var expectedEnd: String?
        var fits: Bool
        /// What the run takes at the longest; null where nodes wait for the window's end.
        @Nullable var worstCaseSeconds: Double?
        /// Why it would pause and wait for a person in the worst case.
        @Nullable var pause: String?
        var notReached: [String]
        var givenBack: [String]
        /// Occurrences of its windows in which it starts a node, in the worst case.
        var windows: Int
    }

    var from: String
    var to: String
    var occurrences: [Occurrence]
    var runs: [Run]
    /// Rollouts that may progress at any time.
    var unbounded: [String]
    var isTruncated: Bool
    /// Version of the time zone data.
    @Nullable var tzdata: String?

    package init(_ plan: Plan, set: PolicySet, zone: DisplayZone, zones: String?) {
        from = zone.text(plan.from)
        to = zone.text(plan.to)
        unbounded = plan.unbounded
        isTruncated = plan.isTruncated
        tzdata = zones
        func display(_ name: String?) -> DisplayZone {
            name.flatMap { set.zones[$0] }.map { DisplayZone(rules: $0) } ?? .utc
        }
        occurrences = plan.occurrences.map { Occurrence($0, zone: display($0.timeZone)) }
        let zoneOf = Dictionary(
            plan.policies.map { ($0.name, $0.timeZone) }, uniquingKeysWith: { first, _ in first })
        runs = plan.runs.map { Run($0, zone: display(zoneOf[$0.policy])) }
    }

    package var json: String { Self.encoded(self) }

    package static func encoded(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Every number in it is finite, so that it can always be encoded.
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension PlanDocument.Occurrence {
    init(_ entry: Plan.Entry, zone: DisplayZone) {
        self.init(
            id: entry.id.description, policy: entry.policy, window: entry.window, start: zone.text(entry.start),
            end: zone.text(entry.end), startUTC: DisplayZone.utc.text(entry.start),
            endUTC: DisplayZone.utc.text(entry.end), timeZone: entry.timeZone, elapsedSeconds: entry.elapsedSeconds,
            wallSeconds: entry.wallSeconds, dst: entry.dst,
            takenAway: entry.takenAway.map { taken in
                PlanDocument.Taken(
                    start: zone.text(taken.span.start), end: zone.text(taken.span.end), by: taken.by,
                    reason: taken.reason)
            },
            open: entry.open.map { .init(start: zone.text($0.start), end: zone.text($0.end)) })
    }
}

extension PlanDocument.Run {
    init(_ run: RunEstimate, zone: DisplayZone) {
        let worst = Dictionary(run.worst.parts.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        func end(_ part: RunEstimate.Part?) -> String? {
            part.flatMap { $0.isThrough ? $0.end : nil }.map(zone.text)
        }
        self.init(
            policy: run.policy, occurrence: run.occurrence?.description, nodes: run.nodes, atOnce: run.atOnce,
            courses: run.expected.parts.map { part in
                Course(
                    node: part.node, start: part.start.map(zone.text), expectedEnd: end(part),
                    worstCaseEnd: end(worst[part.node]))
            },
            worstCaseEnd: run.worst.end.map(zone.text), expectedEnd: run.expected.end.map(zone.text), fits: run.fits,
            worstCaseSeconds: run.needed?.inSeconds, pause: run.worst.pause, notReached: run.worst.notReached,
            givenBack: run.worst.givenBack, windows: run.worst.windows)
    }
}
