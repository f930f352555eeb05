import Calendars
import Primitives

/// What another text of the policies changes over a span of time.
package struct PlanDifference: Hashable, Sendable {
    /// The same occurrence before and after.
    package struct Pair: Hashable, Sendable {
        package var old: Plan.Entry
        package var new: Plan.Entry
    }

    /// What changes of one policy that both have.
    package struct Change: Hashable, Sendable {
        package var policy: String
        package var gained: [Plan.Entry] = []
        package var lost: [Plan.Entry] = []
        /// Starts at another time, and may have another length.
        package var moved: [Pair] = []
        /// Starts when it did and ends at another time.
        package var resized: [Pair] = []
        /// Exclusions leave something else of it.
        package var frozen: [Pair] = []
        package var nodesEntering: [String] = []
        package var nodesLeaving: [String] = []
        /// Suspended before and after, where that differs.
        package var suspended: Bool?
        /// Of a rollout: the new revision, where it is another.
        package var revision: String?
        /// A rollout may progress at any time now, or no longer.
        package var isUnbounded: Bool?

        package init(policy: String) {
            self.policy = policy
        }

        package var isEmpty: Bool { self == Change(policy: policy) }
    }

    package var from: Timestamp
    package var to: Timestamp
    package var policiesAdded: [String]
    package var policiesRemoved: [String]
    /// By name; policies with no change are not among them. Those that were added gain, those removed lose.
    package var changes: [Change]
    /// One of the plans has more occurrences than were compared.
    package var isTruncated: Bool
    /// Of every policy of either set, by name: whether it may act at more times and on more nodes, or at fewer.
    package var reaches: [ReachChange]
    /// Up to when the reaches were compared, from `from` on.
    package var reachesTo: Timestamp
    /// Runs that both plans have and that go otherwise, by policy, then by time.
    package var runs: [RunChange]

    package var isEmpty: Bool {
        changes.isEmpty && policiesAdded.isEmpty && policiesRemoved.isEmpty && runs.isEmpty
            && reaches.allSatisfy { $0.word == .same }
    }
}

/// How the plans of both sets differ over `[from, to)`.
///
/// Occurrences are matched by policy, window and nominal start; then equal spans of windows that were renamed; then, of
/// the same window, those of the same date, or each other's nearest by nominal start, up to four days apart: they were moved.
///
/// - Parameters:
///   - reachesTo: up to when open times are compared; `to` unless given.
///   - renamed: former names of policies, by the new ones.
package func difference(
    old: PolicySet, new: PolicySet, from: Timestamp, to: Timestamp, reachesTo: Timestamp? = nil,
    renamed: [String: String] = [:]
) -> PlanDifference {
    let plans = (old: plan(old, from: from, to: to), new: plan(new, from: from, to: to))
    let before = Dictionary(grouping: plans.old.occurrences, by: \.policy)
    let after = Dictionary(grouping: plans.new.occurrences, by: \.policy)
    let names = (old: Set(plans.old.policies.map(\.name)), new: Set(plans.new.policies.map(\.name)))
    let renamed = renamed.filter { names.new.contains($0.key) && names.old.contains($0.value) }
    let shown = names.old.subtracting(renamed.values).union(names.new).sorted()
    let changes = shown.map { name in
        let former = renamed[name] ?? name
        var change = PlanDifference.Change(policy: name)
        change.compare(before[former] ?? [], after[name] ?? [])
        change.compare(
            plans.old.policies.first { $0.name == former }, plans.new.policies.first { $0.name == name })
        return change
    }
    let horizon = Span(start: from, end: max(from, reachesTo ?? to))
    return PlanDifference(
        from: from, to: to, policiesAdded: names.new.subtracting(names.old).subtracting(renamed.keys).sorted(),
        policiesRemoved: names.old.subtracting(names.new).subtracting(renamed.values).sorted(),
        changes: changes.filter { !$0.isEmpty }, isTruncated: plans.old.isTruncated || plans.new.isTruncated,
        reaches: shown.map { ReachChange(of: $0, former: renamed[$0] ?? $0, old: old, new: new, in: horizon) },
        reachesTo: horizon.end,
        runs: RunChange.changes(from: plans.old.runs, to: plans.new.runs, renamed: renamed))
}

extension PlanDifference.Change {
    static let farthestMove = Duration.days(4)

    fileprivate mutating func compare(_ old: PlannedPolicy?, _ new: PlannedPolicy?) {
        let nodes = (old: Set(old?.nodes ?? []), new: Set(new?.nodes ?? []))
        nodesEntering = nodes.new.subtracting(nodes.old).sorted()
        nodesLeaving = nodes.old.subtracting(nodes.new).sorted()
        guard let old, let new else { return }
        if old.isSuspended != new.isSuspended { suspended = new.isSuspended }
        if old.revision != new.revision { revision = new.revision }
        if old.schedule.isUnbounded != new.schedule.isUnbounded { isUnbounded = new.schedule.isUnbounded }
    }

    fileprivate mutating func compare(_ old: [Plan.Entry], _ new: [Plan.Entry]) {
        let byID = Dictionary(new.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var matched: Set<OccurrenceID> = []
        var unmatched: [Plan.Entry] = []
        for entry in old {
            if let same = byID[entry.id] {
                matched.insert(same.id)
                note(entry, same)
            } else {
                unmatched.append(entry)
            }
        }
        // Renamed windows: the same time is no change.
        var bySpan: [Span: [Plan.Entry]] = [:]
        for entry in new.reversed() where !matched.contains(entry.id) { bySpan[entry.span, default: []].append(entry) }
        var left: [Plan.Entry] = []
        for entry in unmatched {
            if let same = bySpan[entry.span]?.popLast() {
                matched.insert(same.id)
                note(entry, same)
            } else {
                left.append(entry)
            }
        }
        let rest = new.filter { !matched.contains($0.id) }
        let moves = Self.moves(from: left, to: rest)
        for entry in left {
            if let target = moves[entry.id] {
                matched.insert(target.id)
                note(entry, target)
            } else if !entry.open.isEmpty {
                lost.append(entry)
            }
        }
        gained += rest.filter { !matched.contains($0.id) && !$0.open.isEmpty }
        gained.sort { ($0.start, $0.id.description) < ($1.start, $1.id.description) }
        lost.sort { ($0.start, $0.id.description) < ($1.start, $1.id.description) }
    }

    /// Where occurrences went: two of one window are one that moved where each is the other's nearest.
    private static func moves(from old: [Plan.Entry], to new: [Plan.Entry]) -> [OccurrenceID: Plan.Entry] {
        let sorted = Dictionary(grouping: old, by: \.window).mapValues { $0.sorted { $0.id.nominal < $1.id.nominal } }
        let targets = Dictionary(grouping: new, by: \.window).mapValues { $0.sorted { $0.id.nominal < $1.id.nominal } }
        var moves: [OccurrenceID: Plan.Entry] = [:]
        for (window, entries) in sorted {
            let others = targets[window] ?? []
            // Another hour of the same day, however far, is what people mean by moved.
            let byDate = Dictionary(grouping: others, by: \.id.nominal.date)
            for (date, same) in Dictionary(grouping: entries, by: \.id.nominal.date) {
                if same.count == 1, let target = byDate[date], target.count == 1 { moves[same[0].id] = target[0] }
            }
            let taken = Set(moves.values.map(\.id))
            for entry in entries where moves[entry.id] == nil {
                guard let near = others.nearest(to: entry), near.isNear(entry), !taken.contains(near.id),
                    entries.nearest(to: near)?.id == entry.id
                else { continue }
                moves[entry.id] = near
            }
        }
        return moves
    }

    private mutating func note(_ old: Plan.Entry, _ new: Plan.Entry) {
        let pair = PlanDifference.Pair(old: old, new: new)
        if old.open.isEmpty, new.open.isEmpty { return }
        if old.takenAway.map(\.span) != new.takenAway.map(\.span), old.span == new.span {
            frozen.append(pair)
        } else if old.open.isEmpty {
            gained.append(new)
        } else if new.open.isEmpty {
            lost.append(old)
        } else if old.start != new.start {
            moved.append(pair)
        } else if old.end != new.end {
            resized.append(pair)
        }
    }
}

extension Plan.Entry {
    fileprivate func distance(to other: Plan.Entry) -> Int64 { abs(id.nominal.seconds - other.id.nominal.seconds) }

    fileprivate func isNear(_ other: Plan.Entry) -> Bool {
        .seconds(distance(to: other)) <= PlanDifference.Change.farthestMove
    }
}

extension [Plan.Entry] {
    /// Of entries in the order of their nominal starts; of two as near the earlier.
    fileprivate func nearest(to entry: Plan.Entry) -> Plan.Entry? {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].id.nominal < entry.id.nominal { low = middle + 1 } else { high = middle }
        }
        let around = Swift.max(startIndex, low - 1)..<Swift.min(endIndex, low + 1)
        return self[around].min { $0.distance(to: entry) < $1.distance(to: entry) }
    }
}
