import Calendars
import Primitives

/// What happens to the nodes of each run, as the journal tells it.
struct RunLog {
    /// One node's part: its latest try.
    struct Part: Hashable {
        var node: String
        var start: Timestamp?
        var end: Timestamp?
        var result: PartResult?
        /// Since when it has waited for the window's end, and nothing else.
        var waitsSince: Timestamp?

        var isThrough: Bool { result?.isThrough ?? false }
    }

    struct Entry: Hashable {
        var policy: String
        /// Of a maintenance window.
        var span: Span?
        /// In the order of the run.
        var parts: [Part]
        fileprivate var steps: [Step]
        /// Why it goes no further without a person.
        var pause: String?
        var isEnded = false
        /// Parts that were taken back since one was last through.
        var setbacks = 0

        /// The same at another time.
        func moved(by distance: Duration) -> Entry {
            var entry = self
            entry.span = span.map { Span(start: $0.start + distance, end: $0.end + distance) }
            for index in parts.indices {
                entry.parts[index].start = parts[index].start.map { $0 + distance }
                entry.parts[index].end = parts[index].end.map { $0 + distance }
                entry.parts[index].waitsSince = parts[index].waitsSince.map { $0 + distance }
            }
            return entry
        }
    }

    private var runs: [RunID: Entry] = [:]
    /// By policy, in the order of their starts.
    private var byPolicy: [String: [RunID]] = [:]
    /// Of maintenance windows.
    private(set) var activeWindows = 0

    /// The latest run of the policy.
    func entry(of policy: String) -> Entry? { byPolicy[policy]?.last.flatMap { runs[$0] } }

    /// The run of a maintenance window in that span.
    func run(of policy: String, in span: Span) -> Entry? {
        byPolicy[policy]?.lazy.reversed().compactMap { runs[$0] }.first { $0.span?.overlaps(span) ?? false }
    }

    func hasRun(_ policy: String, in span: Span) -> Bool { run(of: policy, in: span) != nil }

    mutating func note(_ record: Record) {
        switch record.fact {
        case .runStarted(let run):
            var entry = Entry(
                policy: run.policy, parts: run.parts.map { Part(node: $0.node.name) }, steps: run.pinned.sequence.steps)
            if case .window(_, let span) = run.origin {
                entry.span = span
                activeWindows += 1
            }
            runs[run.id] = entry
            byPolicy[run.policy, default: []].append(run.id)
        case .partChanged(let run, let place, let part, _, _): runs[run]?.note(part, at: place, record.at.wall)
        case .paused(let run?, let pause): runs[run]?.pause = pause.reason
        case .runEnded(let run, _):
            runs[run]?.isEnded = true
            if runs[run]?.span != nil { activeWindows -= 1 }
        default: break
        }
    }
}

extension RunLog.Entry {
    fileprivate mutating func note(_ part: Part, at place: Int, _ now: Timestamp) {
        var known = parts[place]
        switch part.phase {
        case .queued:
            known.end = now
            setbacks += 1
        case .finished(let result):
            if known.start != nil, known.end == nil { known.end = now }
            known.result = result
            if result.isThrough { setbacks = 0 }
        case .out, .committed, .returning, .soaking:
            if known.start == nil || known.end != nil { known = RunLog.Part(node: known.node, start: now) }
            guard let work = part.phase.work, steps[work.step] == .wait(.windowEnd) else { break }
            known.waitsSince = known.waitsSince ?? now
        }
        parts[place] = known
    }
}

extension PartResult {
    /// Everything that the run wanted of the node is done.
    fileprivate var isThrough: Bool { self == .done || self == .alreadyThere }
}
