import Calendars
import Primitives
import Scheduling

extension PolicyValidator {
    /// A calendar, or a date, that keeps policies from acting.
    private struct Freeze {
        /// Those that heed it, by place in the list; the first is the one that is named.
        var holders: [Int]
        var exclusions: [Located<Exclusion>]
        var spans = SpanSet()
    }

    /// Freezes that one policy heeds and another one, which may act on the same nodes meanwhile, does not: the most
    /// common way to be surprised by one. Of each freeze and each such policy one word, with the first instant.
    func checkFreezesAreShared(_ policies: [PolicyAhead], _ outlook: inout Outlook) {
        let acting = policies.filter { !$0.isSuspended }
        guard acting.count > 1 else { return }
        for freeze in freezes(of: acting, &outlook) {
            for (index, other) in acting.enumerated() where !freeze.holders.contains(index) {
                guard let instant = other.open.firstShared(with: freeze.spans) else { continue }
                for holder in freeze.holders {
                    guard let node = other.firstShared(with: acting[holder]) else { continue }
                    let exclusion = freeze.exclusions.first { exclusion in
                        outlook.coming(exclusion.value.window).occurrences.contains { $0.span.contains(instant) }
                    }
                    guard let exclusion else { break }
                    say(exclusion, of: acting[holder], not: other, node: node, at: instant, outlook)
                    break
                }
            }
        }
    }

    /// Each once, in the order of the policies. What comes back every week belongs to a policy; a calendar and a date are
    /// about the world.
    private func freezes(of policies: [PolicyAhead], _ outlook: inout Outlook) -> [Freeze] {
        enum Key: Hashable {
            case calendar(Substring)
            case date(Window)
        }
        var freezes: [Freeze] = []
        var places: [Key: Int] = [:]
        for (index, policy) in policies.enumerated() {
            for exclusion in policy.places.exclusions {
                let window = exclusion.value.window
                guard window.calendar != nil || window.isDated else { continue }
                let key = window.calendar.map { Key.calendar($0) } ?? .date(window)
                guard let place = places[key] else {
                    places[key] = freezes.count
                    freezes.append(Freeze(holders: [index], exclusions: [exclusion]))
                    continue
                }
                if freezes[place].holders[0] == index { freezes[place].exclusions.append(exclusion) }
                if freezes[place].holders.last != index { freezes[place].holders.append(index) }
            }
        }
        for index in freezes.indices {
            freezes[index].spans = SpanSet(
                freezes[index].exclusions.flatMap { outlook.coming($0.value.window).occurrences.map(\.span) })
        }
        return freezes
    }

    private func say(
        _ exclusion: Located<Exclusion>, of policy: PolicyAhead, not other: PolicyAhead, node: String,
        at instant: Timestamp, _ outlook: Outlook
    ) {
        let window = exclusion.value.window
        let spec = other.places.document.spec
        let day = outlook.day(instant, in: other.zone ?? window.timeZone)
        let message =
            "\"\(window.name)\" stops \"\(policy.name)\", but not this policy, which may act on \(node) meanwhile, first "
            + (instant <= outlook.now ? "now" : "on \(day)")
        let place = spec.hasKey("exclusions") ? spec.location(of: "exclusions") : other.places.document.name.location
        let note = Findings.Note(message: "there it is an exclusion", location: exclusion.location)
        let hint = "a freeze for all policies belongs in the Cluster's `exclusions`"
        if window.calendar != nil {
            findings.warning(.freezeNotShared, message, at: place, hint: hint, related: [note])
        } else {
            findings.note(.freezeNotShared, message, at: place, hint: hint, related: [note])
        }
    }
}

extension Window {
    /// It happens once.
    fileprivate var isDated: Bool { if case .at = recurrence { true } else { false } }
}
