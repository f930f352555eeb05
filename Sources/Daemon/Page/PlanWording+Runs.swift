import Calendars
import Primitives
import Scheduling

extension PlanWording {
    /// How a run of a maintenance window ends at the worst: `9 nodes, 2 at once, worst case 4h 52m: …`.
    package func window(_ run: RunEstimate, _ zone: String) -> String {
        let nodes = count(run.nodes.count, "node")
        guard run.atOnce > 0 else { return run.nodes.isEmpty ? "no node is selected" : "\(nodes), none may go" }
        var text = nodes + (run.atOnce > 1 && run.atOnce < run.nodes.count ? ", \(run.atOnce) at once" : "")
        if let needed = run.needed {
            text += ", worst case \(rounded(needed).spoken)"
        } else if run.waitsForWindowEnd {
            text += ", out until the window ends"
        }
        let problems = problems(of: run, zone)
        if !problems.isEmpty { text += ": " + problems.joined(separator: ", ") }
        return text + (run.fits ? ", fits" : "   does not fit")
    }

    private func problems(of run: RunEstimate, _ zone: String) -> [String] {
        var problems: [String] = []
        if let pause = run.worst.pause { problems.append("would pause: \(pause)") }
        if !run.worst.givenBack.isEmpty {
            problems.append("\(names(run.worst.givenBack)) would be given back unfinished")
        }
        if !run.worst.notReached.isEmpty {
            let before = run.lastStart.map { " before \(moment($0, run, zone))" } ?? ""
            problems.append("\(names(run.worst.notReached)) would not start\(before)")
        }
        if problems.isEmpty, !run.fits, let end = run.worst.overrun ?? run.worst.end {
            problems.append("goes on until \(moment(rounded(end, in: run), run, zone))")
        }
        return problems
    }

    /// An instant of a run: the day is only said where it is another.
    private func moment(_ instant: Timestamp, _ run: RunEstimate, _ zone: String) -> String {
        guard let span = run.span else { return clock(instant, zone) }
        return day(span.start, zone) == day(instant, zone) || span.contains(instant)
            ? time(instant, zone) : clock(instant, zone)
    }

    /// Up to the next minute: a rehearsal knows what the reads between the steps take, and nobody wants to read that. A run
    /// of a few minutes is told by the second.
    private func rounded(_ length: Duration) -> Duration {
        let unit = length < .minutes(10) ? Duration.seconds(1) : .minutes(1)
        return unit * Int((length / unit).rounded(.up))
    }

    /// An instant of a run, with its day.
    func clock(_ instant: Timestamp, in run: RunEstimate, _ zone: String) -> String {
        clock(rounded(instant, in: run), zone)
    }

    private func rounded(_ instant: Timestamp, in run: RunEstimate) -> Timestamp {
        let unit = run.needed.map { $0 < .minutes(10) } ?? false ? Duration.seconds(1) : .minutes(1)
        return Timestamp(nanoseconds: 0) + unit * Int(((instant - Timestamp(nanoseconds: 0)) / unit).rounded(.up))
    }

    /// How far a rollout comes.
    package func rollout(_ run: RunEstimate, _ zone: String) -> String {
        guard run.atOnce > 0 else {
            return run.nodes.isEmpty ? "no node is selected" : "the budget lets no node go"
        }
        func windows(_ course: RunEstimate.Course) -> String {
            course.windows == 0 ? "" : "needs \(count(course.windows, "window")); "
        }
        func end(_ instant: Timestamp) -> String { clock(instant, in: run, zone) }
        guard let worst = run.worst.end else {
            let needed = run.needed.map { " (\(rounded($0).spoken) in all)" } ?? ""
            guard let expected = run.expected.end else {
                return "would never be through\(needed): \(obstacle(of: run.expected))"
            }
            return windows(run.expected) + "expected to be done \(end(expected)); in the worst case\(needed) "
                + "never: \(obstacle(of: run.worst))"
        }
        guard let expected = run.expected.end, end(expected) != end(worst) else {
            return windows(run.worst) + "done \(end(worst)) in the worst case"
        }
        let more =
            run.worst.windows == run.expected.windows ? "" : ", \(count(run.worst.windows, "window"))"
        return windows(run.expected) + "expected to be done \(end(expected)) (worst case \(end(worst))\(more))"
    }

    private func obstacle(of course: RunEstimate.Course) -> String {
        if let pause = course.pause { return "it would pause: \(pause)" }
        return "no window is long enough for \(names(course.givenBack + course.notReached))"
    }

    /// What its runs ask of people and measurements, where they do: what a plan cannot know.
    package func asks(_ policy: PlannedPolicy) -> String? {
        let asks = policy.policy.asks()
        guard !asks.isEmpty else { return nil }
        return "asks for \(asks.joined(separator: ", ")): taken to be given at once, and to be good in time"
    }

    /// That not all of its nodes are known, where that is so.
    package func unknownNodes(_ policy: PlannedPolicy) -> String? {
        guard policy.isOpen else { return nil }
        return policy.nodes.isEmpty
            ? "its nodes are found when a daemon runs: none of them is in this plan"
            : "further nodes may be found when a daemon runs: they are not in this plan"
    }

    /// What `expected` stands on.
    package static let assumption =
        "Expected: drains, commands and checks take half of what they may, and nothing fails."
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
