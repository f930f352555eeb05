import Calendars
import Foundation
import Scheduling

/// The JSON of `nagi diff`.
package struct DiffDocument: Encodable {
    struct Pair: Encodable {
        var old: PlanDocument.Occurrence
        var new: PlanDocument.Occurrence
    }

    struct Policy: Encodable {
        var policy: String
        var gained: [PlanDocument.Occurrence]
        var lost: [PlanDocument.Occurrence]
        var moved: [Pair]
        var resized: [Pair]
        /// Exclusions leave something else of these.
        var frozen: [Pair]
        var nodesEntering: [String]
        var nodesLeaving: [String]
        @Nullable var suspended: Bool?
        @Nullable var revision: String?
        @Nullable var unbounded: Bool?
    }

    var from: String
    var to: String
    var policiesAdded: [String]
    var policiesRemoved: [String]
    var changes: [Policy]
    var isTruncated: Bool

    package init(_ difference: PlanDifference, zones: [String: ZoneRules], zone: DisplayZone) {
        isTruncated = difference.isTruncated
        from = zone.text(difference.from)
        to = zone.text(difference.to)
        policiesAdded = difference.policiesAdded
        policiesRemoved = difference.policiesRemoved
        func shown(_ entry: Plan.Entry) -> PlanDocument.Occurrence {
            PlanDocument.Occurrence(entry, zone: zones[entry.timeZone].map { DisplayZone(rules: $0) } ?? .utc)
        }
        func shown(_ pair: PlanDifference.Pair) -> Pair { Pair(old: shown(pair.old), new: shown(pair.new)) }
        changes = difference.changes.map { change in
            Policy(
                policy: change.policy, gained: change.gained.map(shown), lost: change.lost.map(shown),
                moved: change.moved.map(shown), resized: change.resized.map(shown),
                frozen: change.frozen.map(shown), nodesEntering: change.nodesEntering,
                nodesLeaving: change.nodesLeaving, suspended: change.suspended, revision: change.revision,
                unbounded: change.isUnbounded)
        }
    }
}
