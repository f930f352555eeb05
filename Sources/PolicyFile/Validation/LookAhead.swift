import Calendars
import ModeCore
import Primitives
import Scheduling

extension PolicyValidator {
    /// How far ahead the windows of a set are looked at.
    static let aheadDays = 400

    /// What will go wrong with the windows of the set from that instant on. Warnings only.
    func lookAhead(_ set: PolicySet, from now: Timestamp) {
        var outlook = Outlook(from: now, days: PolicyValidator.aheadDays, zones: set.zones)
        for name in calendarSpans.keys.sorted() {
            for span in calendarSpans[name] ?? [] {
                let window = Located(value: span.value.window, node: span.node)
                let ahead = SpanAhead(window, of: "span", findings)
                ahead.checkClocks(&outlook)
                // An item of `files` is a text: what others publish ends when it ends.
                if span.node.scalar == nil { ahead.checkRecurs(&outlook) }
            }
        }
        for name in clusters.keys.sorted() { look(at: clusters[name]?.exclusions ?? [], &outlook) }
        var policies: [PolicyAhead] = []
        for policy in set.policies {
            guard let places = places[policy.name] else { continue }
            policies.append(PolicyAhead(policy, places, set))
        }
        for index in policies.indices {
            var calendars: Set<Substring> = []
            for window in policies[index].places.windows {
                if let calendar = window.value.calendar {
                    guard calendars.insert(calendar).inserted else { continue }
                    checkOpens(window.value, of: calendar, among: policies[index].places.windows, &outlook)
                    continue
                }
                let ahead = SpanAhead(window, of: "window", findings)
                ahead.checkOpens(&outlook)
                ahead.checkClocks(&outlook)
            }
            look(at: policies[index].places.exclusions, &outlook)
            policies[index].look(&outlook, findings)
        }
        checkOverlaps(policies, outlook)
        checkFreezesAreShared(policies, &outlook)
    }

    /// Those of calendars are looked at where they are written.
    private func look(at exclusions: [Located<Exclusion>], _ outlook: inout Outlook) {
        for exclusion in exclusions where exclusion.value.window.calendar == nil {
            let ahead = SpanAhead(
                Located(value: exclusion.value.window, node: exclusion.node), of: "exclusion", findings)
            ahead.checkClocks(&outlook)
            ahead.checkRecurs(&outlook)
        }
    }

    /// A list of dates is not wrong because some of them are past; one of which all are is.
    private func checkOpens(
        _ window: Window, of calendar: Substring, among windows: [Located<Window>], _ outlook: inout Outlook
    ) {
        for other in windows where other.value.calendar == calendar {
            if !outlook.coming(other.value).occurrences.isEmpty { return }
        }
        guard let span = calendarSpans[String(calendar)]?.first(where: { $0.value.window == window }) else { return }
        SpanAhead(Located(value: window, node: span.node), of: "span", findings).checkOpens(&outlook)
    }

    /// Policies that may act on the same node at the same time: each is named once, with the first that it meets.
    private func checkOverlaps(_ policies: [PolicyAhead], _ outlook: Outlook) {
        let acting = policies.filter { !$0.isSuspended }.sorted {
            let (a, b) = ($0.places.document.name.location, $1.places.document.name.location)
            return (a.file, a.line, a.column) < (b.file, b.line, b.column)
        }
        for (index, later) in acting.enumerated() {
            var first: (policy: PolicyAhead, node: String, instant: Timestamp)?
            var count = 0
            for earlier in acting[..<index] {
                guard let node = later.firstShared(with: earlier),
                    let instant = later.open.firstShared(with: earlier.open)
                else { continue }
                count += 1
                if let first, first.instant <= instant { continue }
                first = (earlier, node, instant)
            }
            guard let first else { continue }
            let zone = later.zone ?? first.policy.zone ?? ZoneRules.utc.name
            let more = count == 1 ? "" : " (\(plural(count - 1, "more policy", "more policies")) too)"
            let when =
                first.instant <= outlook.now ? "now" : "on \(outlook.day(first.instant, in: zone)) \(zone)"
            findings.warning(
                .policiesOverlap,
                "\"\(later.name)\" and \"\(first.policy.name)\" may both act on \(first.node), first \(when)\(more): "
                    + "the node is in one run at a time, the other waits",
                at: later.places.document.name.location, hint: "give them other nodes or other times",
                related: [.init(message: "the other one", location: first.policy.places.document.name.location)])
        }
    }
}

/// `1 policy`, `2 policies`.
func plural(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
