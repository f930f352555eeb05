import Calendars
import Primitives

/// Whether a policy may act at more times, on more nodes, on more of them at once or with less care than before, or the
/// reverse.
package struct ReachChange: Hashable, Sendable {
    package enum Word: String, Hashable, Sendable, CaseIterable {
        /// At the same times on the same nodes, as carefully.
        case same
        /// At fewer times, on fewer nodes or with more care, nowhere more.
        case narrower
        /// At more times, on more nodes or with less care, nowhere less.
        case wider
        /// Both.
        case moved
        /// There was no such policy.
        case new
        /// There is none any more.
        case removed
    }

    /// What a policy is at an instant.
    package enum Stance: Hashable, Sendable {
        case open
        case frozen(by: String)
        case outsideWindows
        case suspended
    }

    /// One difference that shows it.
    package struct Witness: Hashable, Sendable {
        package enum Subject: Hashable, Sendable {
            /// The first time that differs, and how many more there are.
            case time(Span, was: Stance, is: Stance, more: Int)
            /// The nodes that differ, `cluster/node`, sorted.
            case nodes([String], isSelected: Bool)
            /// Something that bounds what it does: how much it was, and how much it is.
            case care(String, was: String, is: String)
        }

        package var subject: Subject
        package var isGain: Bool
    }

    package var policy: String
    package var formerName: String?
    package var word: Word
    /// Gains before losses; empty where it is the same, new or removed.
    package var witnesses: [Witness]
    /// IANA name of the zone that instants are shown in.
    package var timeZone: String
}

extension ReachChange {
    /// Of a policy that at least one of the sets has.
    init(of name: String, former: String, old: PolicySet, new: PolicySet, in horizon: Span) {
        let before = Reach(former, of: old, in: horizon)
        let after = Reach(name, of: new, in: horizon)
        policy = name
        formerName = former == name ? nil : former
        witnesses = []
        timeZone = (after ?? before)?.timeZone ?? ZoneRules.utc.name
        guard let before, let after else {
            word = before == nil ? .new : .removed
            return
        }
        let gained = after.beyond(before, isGain: true)
        let lost = before.beyond(after, isGain: false)
        witnesses = gained + lost
        word =
            switch (gained.isEmpty, lost.isEmpty) {
            case (true, true): .same
            case (false, true): .wider
            case (true, false): .narrower
            case (false, false): .moved
            }
    }
}

/// When and on which nodes one policy may act.
private struct Reach {
    let timeZone: String
    private let nodes: Set<String>
    private let open: SpanSet
    private let windows: SpanSet
    private let isSuspended: Bool
    private let calendar: PolicyCalendar
    private let care: Care

    /// Nil where the set has no such policy.
    init?(_ name: String, of set: PolicySet, in horizon: Span) {
        guard let policy = set.policy(named: name) else { return nil }
        let planned = PlannedPolicy(policy, of: set)
        timeZone = planned.timeZone
        // A node of another cluster is another node, whatever it is called.
        nodes = Set(planned.nodes.map { "\(policy.cluster)/\($0)" })
        calendar = set.calendar(of: policy)
        isSuspended = policy.isSuspended
        care = Care(planned, of: set)
        let spans = calendar.spans(in: horizon)
        windows = spans.windows
        open = policy.isSuspended || planned.nodes.isEmpty ? SpanSet() : spans.open
    }

    /// What this one may do and the other one may not.
    func beyond(_ other: Reach, isGain: Bool) -> [ReachChange.Witness] {
        guard !open.isEmpty else { return [] }
        var witnesses: [ReachChange.Witness] = []
        let times = open.minus(other.open).spans
        if let first = times.first {
            let (span, stance) = other.stance(in: first)
            let subject = ReachChange.Witness.Subject.time(
                span, was: isGain ? stance : .open, is: isGain ? .open : stance, more: times.count - 1)
            witnesses.append(.init(subject: subject, isGain: isGain))
        }
        let more = nodes.subtracting(other.nodes).sorted()
        if !more.isEmpty, !other.nodes.isEmpty || times.isEmpty {
            witnesses.append(.init(subject: .nodes(more, isSelected: isGain), isGain: isGain))
        }
        // One that never acted was careful about nothing.
        guard !other.open.isEmpty else { return witnesses }
        return witnesses
            + care.beyond(other.care).map { bound in
                let (was, now) = isGain ? (bound.there, bound.here) : (bound.here, bound.there)
                return .init(subject: .care(bound.what, was: was, is: now), isGain: isGain)
            }
    }

    /// Why this one is not open in the span, with its first part in which it is so for one reason.
    private func stance(in span: Span) -> (Span, ReachChange.Stance) {
        if isSuspended { return (span, .suspended) }
        let outside = SpanSet(span).minus(windows)
        guard let first = outside.spans.first else { return (span, frozen(at: span.start)) }
        if first.start == span.start { return (first, .outsideWindows) }
        return (Span(start: span.start, end: first.start), frozen(at: span.start))
    }

    private func frozen(at instant: Timestamp) -> ReachChange.Stance {
        calendar.isExcluded(at: instant).map { .frozen(by: $0.by) } ?? .outsideWindows
    }
}
