import Calendars
import Primitives
import Scheduling

extension PlanWording {
    /// How a run of a maintenance window ends at the worst: `2 nodes in 2 waves, worst case 4h 52m: …`.
    package func window(_ run: RunEstimate, _ policy: PlannedPolicy, _ zone: String) -> String {
        let nodes = count(run.nodes.count, "node")
        guard !run.waves.isEmpty else { return run.nodes.isEmpty ? "no node is selected" : "\(nodes), none may go" }
        let waves = run.waves.count > 1 && run.waves.count < run.nodes.count ? " in \(run.waves.count) waves" : ""
        var text = nodes + waves
        if let needed = run.needed {
            text += ", worst case \(needed.spoken)"
        } else {
            text += ", out until the window ends"
        }
        var problems: [String] = []
        if !run.worst.givenBack.isEmpty {
            problems.append("\(names(run.worst.givenBack)) would be given back unfinished")
        }
        if !run.worst.notReached.isEmpty {
            let before = run.worst.lastStart.map { " before \(moment($0, run, zone))" } ?? ""
            problems.append("\(names(run.worst.notReached)) would not start\(before)")
        }
        if problems.isEmpty, !run.fits, let end = run.worst.overrun ?? run.worst.end {
            problems.append("goes on until \(moment(end, run, zone))")
        }
        if !problems.isEmpty { text += ": " + problems.joined(separator: ", ") }
        return text + (run.fits ? ", fits" : "   does not fit")
    }

    /// An instant of a run: the day is only said where it is another.
    private func moment(_ instant: Timestamp, _ run: RunEstimate, _ zone: String) -> String {
        guard let span = run.span else { return clock(instant, zone) }
        return day(span.start, zone) == day(instant, zone) || span.contains(instant)
            ? time(instant, zone) : clock(instant, zone)
    }

    /// How far a rollout comes.
    package func rollout(_ run: RunEstimate, _ policy: PlannedPolicy) -> String {
        guard !run.waves.isEmpty else {
            return run.nodes.isEmpty ? "no node is selected" : "the budget lets no node go"
        }
        let zone = policy.timeZone
        func windows(_ course: RunEstimate.Course) -> String {
            course.windows == 0 ? "" : "needs \(count(course.windows, "window")); "
        }
        guard let worst = run.worst.end else {
            let missing = names(run.worst.givenBack + run.worst.notReached)
            let needed = run.needed.map { " (\($0.spoken) in all)" } ?? ""
            guard let expected = run.expected.end else {
                return "would never be through\(needed): no window is long enough for \(missing)"
            }
            return windows(run.expected) + "expected to be done \(clock(expected, zone)); in the worst case\(needed) "
                + "never: no window is long enough for \(missing)"
        }
        guard let expected = run.expected.end, expected != worst else {
            return windows(run.worst) + "done \(clock(worst, zone)) in the worst case"
        }
        let more =
            run.worst.windows == run.expected.windows ? "" : ", \(count(run.worst.windows, "window"))"
        return windows(run.expected) + "expected to be done \(clock(expected, zone)) "
            + "(worst case \(clock(worst, zone))\(more))"
    }

    /// What `expected` stands on.
    package static let assumption =
        "Expected: drains, commands and checks take half of what they may, nothing fails, approvals come at once."
}

extension PlanWording {
    /// Why a policy acts or does not, with the instants that matter.
    package func reason(_ answer: PolicyAnswer) -> String {
        let zone = answer.timeZone
        switch answer.reason {
        case .suspended: return "suspended: it starts nothing until that is taken back"
        case .always:
            return "at any time: it has no windows"
                + (answer.until.map { "; a freeze begins \(stamp($0, zone))" } ?? "")
        case .open(let occurrence, let last, let isReached):
            let until = answer.until.map { " until \(stamp($0, zone))" } ?? ""
            let cutoff =
                isReached
                ? "; no node starts any more (cutoff since \(time(last, zone)))"
                : answer.until == last ? "" : "; no node starts after \(time(last, zone))"
            return "inside \(occurrence.window)\(until)\(cutoff)"
        case .excluded(let taken):
            let until = answer.until.map { " until \(stamp($0, zone))" } ?? ""
            return "excluded by \(name(taken))\(until)" + next(answer)
        case .outside(let taken):
            var text = "outside its windows" + next(answer)
            if let first = taken.first {
                let others = taken.count == 1 ? "" : " and \(taken.count - 1) more"
                let verb = taken.count == 1 ? "is" : "are"
                let by = first.takenAway.first.map { " by \(name($0))" } ?? ""
                text += " (\(clock(first.start, first.timeZone))\(others) \(verb) taken away\(by))"
            }
            return text
        }
    }

    private func next(_ answer: PolicyAnswer) -> String {
        answer.next.map { "; next \(stamp($0, answer.nextTimeZone))" } ?? "; it does not open again"
    }

    /// `Sun 2026-11-29 02:00 +09:00`.
    package func stamp(_ instant: Timestamp, _ zone: String) -> String {
        "\(clock(instant, zone)) \(offset(instant, zone))"
    }
}
