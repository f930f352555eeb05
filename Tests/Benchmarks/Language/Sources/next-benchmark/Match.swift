import BenchmarkHarness
import Calendars
import Foundation
import Primitives

/// One question, put to the calendar and to its peers in turn.
struct Match {
    let question: Question
    let calendar: WindowCalendar
    let instants: [Timestamp]
    let folder: URL
    let queries: URL

    init(_ question: Question, zone: ZoneRules, instants: [Timestamp], folder: URL, queries: URL) {
        self.question = question
        self.instants = instants
        self.folder = folder
        self.queries = queries
        let window = Window(
            name: "night", recurrence: question.recurrence, length: .elapsed(.seconds(10_800)), timeZone: zone.name)
        calendar = WindowCalendar(window: window, zone: zone)
    }

    /// Prints a table; false where a peer answers differently.
    func run() -> Bool {
        print("\(question.name), \(calendar.zone.name)")
        let own = instants.map { calendar.nextSpan(after: $0)?.start }
        var contest = Contest()
        contest.add("nagi", target: 1e7) { [calendar, instants] in
            processorRate(of: instants.count * 50) {
                for _ in 0..<50 { for instant in instants { keep(calendar.nextSpan(after: instant)) } }
            }
        }
        var peers: [Peer] = []
        var isFine = true
        for (name, command, count) in commands {
            do {
                let peer = try Peer(name, command, queries: queries, count: count)
                isFine = agrees(peer, Array(own.prefix(count))) && isFine
                contest.add(name) { peer.round() }
                peers.append(peer)
            } catch let absent as Peer.Absent {
                print("  \(name): left out, \(absent.reason)")
            } catch {
                print("  \(name): left out, \(error)")
            }
        }
        show(contest.run(rounds: 7))
        for peer in peers { peer.end() }
        return isFine
    }

    private var commands: [(name: String, command: [String], count: Int)] {
        let rule = "DTSTART=\(Question.start);" + question.rule
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        return [
            ("rrule-go", [path("next-go"), "rrule", Question.zone, rule], 2000),
            ("robfig/cron", [path("next-go"), question.cronKind, Question.zone, question.cron], 500),
            ("libical", [path("next-libical"), "rrule", Question.zone, rule], 2000),
            ("dateutil", [path("venv/bin/python"), path("next.py"), "rrule", Question.zone, rule], 200),
        ]
    }

    /// A start in the gap of spring is at 03:00 here, one in the overlap of autumn is the first of the two; peers may
    /// have it otherwise.
    private func agrees(_ peer: Peer, _ own: [Timestamp?]) -> Bool {
        guard peer.answers.count == own.count else {
            print("  \(peer.name): \(peer.answers.count) answers to \(own.count) questions")
            return false
        }
        var (gaps, wrong) = (0, 0)
        for (place, answer) in peer.answers.enumerated() where own[place]?.seconds != answer {
            let theirs = calendar.zone.local(Timestamp(seconds: answer))
            let ours = own[place].map { calendar.zone.local($0) }
            let isShifted = ours?.secondsSinceMidnight == 10_800 || ours == theirs
            if isShifted { gaps += 1 } else { wrong += 1 }
            if wrong == 1, !isShifted {
                print("  \(peer.name) after \(instants[place].seconds): \(answer), not \(own[place]?.seconds ?? 0)")
            }
        }
        let equal = peer.answers.count - gaps - wrong
        print(
            "  \(peer.name): \(equal) of \(peer.answers.count) equal, \(gaps) at a change of the clocks, \(wrong) different"
        )
        return wrong == 0 && !peer.answers.isEmpty
    }

    private func show(_ results: [Contest.Result]) {
        guard let own = results.first?.median, own > 0 else { return }
        let verdict = own >= 1e7 ? "met" : "NOT MET"
        print(String(format: "  nagi         %9.1f ns   target <= 100 ns: ", 1e9 / own) + verdict)
        for result in results.dropFirst() where result.median > 0 {
            let ratio = own / result.median
            var wanted: Double?
            switch result.name {
            case "rrule-go": wanted = 1
            case "libical": wanted = 10
            case "robfig/cron": wanted = question.cronRatio
            default: break
            }
            let verdict = wanted.map { String(format: "target > %.0f x: ", $0) + (ratio > $0 ? "met" : "NOT MET") }
            let name = result.name.padding(toLength: 12, withPad: " ", startingAt: 0)
            print(String(format: "  %@ %9.1f ns   %.1f x  ", name, 1e9 / result.median, ratio) + (verdict ?? ""))
        }
    }
}
