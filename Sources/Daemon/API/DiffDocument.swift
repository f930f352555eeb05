import Calendars
import Foundation
import PolicyFile
import Primitives
import Scheduling

/// The JSON of `nagi diff`. Fields may come, these stay; each instant has the offset of its window's zone.
package struct DiffDocument: Encodable {
    /// One field of one document that is written otherwise.
    struct Field: Codable, Hashable, Sendable {
        /// Below `spec`: `strategy.maxUnavailable`, `windows[sunday].duration`; of a list the order of its items.
        var path: String
        /// As YAML writes it on one line; null where there is nothing. Secrets are only ever references.
        @Nullable var old: String?
        @Nullable var new: String?
        /// It is not written: the value is what holds then.
        var oldIsDefault: Bool
        var newIsDefault: Bool
    }

    struct Document: Codable, Hashable, Sendable {
        var kind: String
        var name: String
        /// What the same document was called before; null where it is called the same, or is new.
        @Nullable var formerName: String?
        /// `added`, `removed` or `changed`.
        var state: String
        var fields: [Field]
        /// What that does to runs in work, for people.
        var effects: [String]
    }

    /// Whether a policy may act at more times, on more nodes, or with less care than before.
    struct Verdict: Encodable {
        struct Witness: Encodable {
            /// It may act there and might not, or the other way round.
            var isGain: Bool
            var text: String
            /// The first time that differs; null where it is about nodes.
            @Nullable var start: String?
            @Nullable var end: String?
            /// What bounds it (`nodes at once`, `cutoff` …), where it is about that: then `was` and `now` say how much.
            @Nullable var bound: String?
            /// `open`, `frozen`, `outside-windows` or `suspended`; null where it is about nodes.
            @Nullable var was: String?
            @Nullable var now: String?
            /// The exclusion that froze it, or freezes it.
            @Nullable var by: String?
            /// How many further times there are.
            var more: Int
            /// Those that differ, `cluster/node`; empty where it is a time.
            var nodes: [String]
        }

        var policy: String
        @Nullable var formerName: String?
        /// `same`, `narrower`, `wider`, `moved`, `new` or `removed`.
        var verdict: String
        /// Gains first; empty where nothing is to be shown.
        var witnesses: [Witness]
    }

    struct Pair: Encodable {
        var old: PlanDocument.Occurrence
        var new: PlanDocument.Occurrence
    }

    struct RunPair: Encodable {
        var old: PlanDocument.Run
        var new: PlanDocument.Run
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

    /// Nothing differs, but for comments and the like.
    var same: Bool
    var from: String
    /// Up to when windows and runs were compared.
    var to: String
    /// Up to when the times were compared that verdicts are about.
    var verdictsTo: String
    /// Null where the former text is not at hand.
    @Nullable var documents: [Document]?
    /// Of every policy of either set, by name.
    var verdicts: [Verdict]
    var policiesAdded: [String]
    var policiesRemoved: [String]
    var changes: [Policy]
    /// Runs that both plans have and that go otherwise.
    var runs: [RunPair]
    var isTruncated: Bool

    package init(_ difference: SetDifference, zones: [String: ZoneRules], zone: DisplayZone) {
        let plan = difference.plan
        same = difference.isEmpty
        isTruncated = plan.isTruncated
        from = zone.text(plan.from)
        to = zone.text(plan.to)
        verdictsTo = zone.text(plan.reachesTo)
        policiesAdded = plan.policiesAdded
        policiesRemoved = plan.policiesRemoved
        func display(_ name: String) -> DisplayZone { zones[name].map { DisplayZone(rules: $0) } ?? .utc }
        func shown(_ entry: Plan.Entry) -> PlanDocument.Occurrence {
            PlanDocument.Occurrence(entry, zone: display(entry.timeZone))
        }
        func shown(_ pair: PlanDifference.Pair) -> Pair { Pair(old: shown(pair.old), new: shown(pair.new)) }
        documents = difference.documents.map { $0.map { Document($0) } }
        let words = DiffWording(zones: zones)
        verdicts = plan.reaches.map { Verdict($0, words, zone: display($0.timeZone)) }
        changes = plan.changes.map { change in
            Policy(
                policy: change.policy, gained: change.gained.map(shown), lost: change.lost.map(shown),
                moved: change.moved.map(shown), resized: change.resized.map(shown),
                frozen: change.frozen.map(shown), nodesEntering: change.nodesEntering,
                nodesLeaving: change.nodesLeaving, suspended: change.suspended, revision: change.revision,
                unbounded: change.isUnbounded)
        }
        let zoneOf = Dictionary(plan.reaches.map { ($0.policy, $0.timeZone) }, uniquingKeysWith: { first, _ in first })
        runs = plan.runs.map { run in
            let zone = display(zoneOf[run.policy] ?? "")
            return RunPair(old: .init(run.old, zone: zone), new: .init(run.new, zone: zone))
        }
    }
}

extension DiffDocument.Document {
    fileprivate init(_ change: DocumentChange) {
        self.init(
            kind: change.kind.rawValue, name: change.name, formerName: change.formerName, state: change.state.rawValue,
            fields: change.fields.map { field in
                DiffDocument.Field(
                    path: field.path, old: field.old, new: field.new, oldIsDefault: field.isOldDefault,
                    newIsDefault: field.isNewDefault)
            }, effects: change.effects)
    }
}

extension DiffDocument.Verdict {
    fileprivate init(_ reach: ReachChange, _ words: DiffWording, zone: DisplayZone) {
        self.init(
            policy: reach.policy, formerName: reach.formerName, verdict: reach.word.rawValue,
            witnesses: reach.witnesses.map { witness in
                var shown = Witness(
                    isGain: witness.isGain, text: words.witness(witness, reach.timeZone), start: nil, end: nil,
                    bound: nil, was: nil, now: nil, by: nil, more: 0, nodes: [])
                switch witness.subject {
                case .time(let span, let was, let now, let more):
                    (shown.start, shown.end, shown.more) = (zone.text(span.start), zone.text(span.end), more)
                    (shown.was, shown.now) = (was.word, now.word)
                    if case .frozen(let by) = was { shown.by = by }
                    if case .frozen(let by) = now { shown.by = by }
                case .nodes(let names, _): shown.nodes = names
                case .care(let what, let was, let now): (shown.bound, shown.was, shown.now) = (what, was, now)
                }
                return shown
            })
    }
}

extension ReachChange.Stance {
    fileprivate var word: String {
        switch self {
        case .open: "open"
        case .frozen: "frozen"
        case .outsideWindows: "outside-windows"
        case .suspended: "suspended"
        }
    }
}
