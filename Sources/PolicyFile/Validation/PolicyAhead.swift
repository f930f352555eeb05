import Calendars
import ModeCore
import Primitives
import Scheduling

/// Looks at the windows of one policy, its exclusions subtracted, over the coming days.
struct PolicyAhead {
    let places: PolicyPlaces
    /// When it may act; filled by `look`.
    private(set) var open = SpanSet()

    private let policy: Policy
    /// By place in the cluster: whether the policy is about the node.
    private let selected: [Bool]
    private let nodes: [String]
    private let exclusions: [Located<Exclusion>]
    /// What one node needs at the longest, and the sum in words.
    private var worst: (total: Duration, sum: String)

    init(_ policy: Policy, _ places: PolicyPlaces, _ set: PolicySet) {
        self.policy = policy
        self.places = places
        exclusions = places.allExclusions
        let known = set.cluster(named: policy.cluster)?.nodes ?? []
        nodes = known.map(\.name)
        selected = known.map(policy.selector.matches)
        worst = policy.sequence.worstCase
    }

    var name: String { policy.name }
    var isSuspended: Bool { policy.isSuspended }
    private var cutoff: Duration { policy.schedule.cutoff }

    /// The zone of its first window.
    var zone: String? { places.windows.first?.value.timeZone }

    /// The first node that both are about.
    func firstShared(with other: PolicyAhead) -> String? {
        guard policy.cluster == other.policy.cluster else { return nil }
        for index in selected.indices where selected[index] && other.selected[index] { return nodes[index] }
        return nil
    }

    /// Something that an exclusion takes.
    private struct Taken {
        var span: Span
        var exclusion: Int
    }

    mutating func look(_ outlook: inout Outlook, _ findings: Findings) {
        worst.total = outlook.longestCourse(of: policy.sequence) ?? worst.total
        var end = outlook.end
        var taken: [Taken] = []
        var calendars: Set<Substring> = []
        for (index, exclusion) in exclusions.enumerated() {
            let coming = outlook.coming(exclusion.value.window)
            end = min(end, coming.end)
            taken += coming.occurrences.map { Taken(span: $0.span, exclusion: index) }
            if let calendar = exclusion.value.window.calendar, !calendars.insert(calendar).inserted { continue }
            checkZone(exclusion, coming.occurrences.first, outlook, findings)
        }
        let closed = SpanSet(taken.map(\.span))
        guard !places.windows.isEmpty else {
            if places.document.spec["windows"] == nil {
                open = SpanSet(Span(start: outlook.now, end: end)).minus(closed)
            }
            return
        }
        var occurrences: [(occurrence: Occurrence, window: Int)] = []
        for (index, window) in places.windows.enumerated() {
            let coming = outlook.coming(window.value)
            end = min(end, coming.end)
            occurrences += coming.occurrences.map { ($0, index) }
        }
        occurrences.removeAll { end < $0.occurrence.span.start }
        occurrences.sort { ($0.occurrence.span.start, $0.window) < ($1.occurrence.span.start, $1.window) }
        let joined = SpanSet(occurrences.map(\.occurrence.span))
        open = joined.minus(closed)
        guard !occurrences.isEmpty else { return }
        if open.isEmpty {
            // What is further away may open.
            guard end >= outlook.end else { return }
            reportNothingLeft(taken, occurrences.map(\.occurrence), outlook, findings)
        } else {
            checkSwallowed(taken, closed, occurrences.map(\.occurrence), outlook, findings)
            checkLengths(taken, joined, occurrences, until: end, outlook, findings)
        }
    }
}

extension PolicyAhead {
    /// So many occurrences in a row, over so many days, are more than a freeze is usually meant to take.
    private static let swallowed = (occurrences: 3, days: 21)

    private var theWindows: [Findings.Note] {
        places.windows.prefix(1).map { .init(message: "the windows", location: $0.location) }
    }

    private func name(of exclusion: Int) -> String { exclusions[exclusion].value.window.name }

    /// `freezes/year-end`, `a, b and 3 more`: what takes any of these, in the order of the policy.
    private func names(_ taken: [Taken], in span: Span) -> (text: String, first: Int?) {
        let indices = Set(taken.filter { $0.span.overlaps(span) }.map(\.exclusion)).sorted()
        var text = indices.prefix(2).map { "\"\(name(of: $0))\"" }.joined(
            separator: indices.count == 2 ? " and " : ", ")
        if indices.count > 2 { text += " and \(indices.count - 2) more" }
        return (text, indices.first)
    }

    private func reportNothingLeft(
        _ taken: [Taken], _ occurrences: [Occurrence], _ outlook: Outlook, _ findings: Findings
    ) {
        guard let first = occurrences.first, let last = occurrences.last else { return }
        let (text, exclusion) = names(taken, in: Span(start: first.span.start, end: last.span.end))
        guard let exclusion else { return }
        let count =
            occurrences.count == 1
            ? "the only occurrence" : "all \(occurrences.count) occurrences"
        findings.warning(
            .excludedForLong,
            "\(count) of the windows of \"\(name)\" in the next \(PolicyValidator.aheadDays) days, from "
                + "\(outlook.day(first.span.start, in: first.timeZone)) on, "
                + "\(occurrences.count == 1 ? "is" : "are") taken away by \(text)",
            at: exclusions[exclusion].location, hint: "it will never act: move the windows or the exclusions",
            related: theWindows)
    }

    /// The longest row of occurrences of which exclusions leave nothing.
    private func checkSwallowed(
        _ taken: [Taken], _ closed: SpanSet, _ occurrences: [Occurrence], _ outlook: Outlook, _ findings: Findings
    ) {
        var row: (first: Int, count: Int)?
        var longest: (first: Int, count: Int, span: Span)?
        for (index, occurrence) in occurrences.enumerated() {
            guard closed.covers(occurrence.span) else {
                row = nil
                continue
            }
            let first = row?.first ?? index
            row = (first, index - first + 1)
            // From the end of the last that opened to the start of the next that does.
            let start = first > 0 ? occurrences[first - 1].span.end : outlook.now
            let end = index + 1 < occurrences.count ? occurrences[index + 1].span.start : occurrence.span.end
            let span = Span(start: start, end: end)
            if span.length > longest?.span.length ?? .zero { longest = (first, index - first + 1, span) }
        }
        guard let longest, longest.count >= PolicyAhead.swallowed.occurrences,
            longest.span.length >= .days(PolicyAhead.swallowed.days)
        else { return }
        let first = occurrences[longest.first].span.start
        let last = occurrences[longest.first + longest.count - 1].span.end
        let (text, exclusion) = names(taken, in: Span(start: first, end: last))
        guard let exclusion else { return }
        let zone = occurrences[longest.first].timeZone
        let isBack = longest.first + longest.count < occurrences.count
        findings.warning(
            .excludedForLong,
            "\"\(name)\" does not open for \(Int(longest.span.length / .days(1))) days, from "
                + "\(outlook.day(longest.span.start, in: zone)) to \(outlook.day(longest.span.end, in: zone)): "
                + "\(plural(longest.count, "occurrence")) in a row are taken away by \(text)"
                + (isBack ? "" : ", and none comes after that"),
            at: exclusions[exclusion].location,
            related: theWindows)
    }

    /// Why an opening is shorter than its window usually is.
    private enum Cause: Hashable {
        case clocks
        case exclusion(Int)
        /// Nothing special: every occurrence may have another length.
        case none
    }

    private struct Short {
        var span: Span
        var window: Int
        var cause: Cause
    }

    /// Openings in which no node is started, or in which no node could finish, though the windows by themselves are
    /// long enough.
    private func checkLengths(
        _ taken: [Taken], _ joined: SpanSet, _ occurrences: [(occurrence: Occurrence, window: Int)],
        until end: Timestamp, _ outlook: Outlook, _ findings: Findings
    ) {
        guard cutoff > .zero || worst.total > .zero else { return }
        let starts = Dictionary(
            taken.map { ($0.span.start, $0.exclusion) }, uniquingKeysWith: { first, second in min(first, second) })
        let ends = Dictionary(
            taken.map { ($0.span.end, $0.exclusion) }, uniquingKeysWith: { first, second in min(first, second) })
        let fit = WindowFit(places.windows.map(\.value))
        // An error already.
        if !fit.mayJoin, let longest = fit.longest, longest <= cutoff { return }
        var (union, next) = (0, 0)
        var tooLate: [Short] = []
        var tooShort: [Short] = []
        for span in open.spans {
            let length = span.length
            while union < joined.spans.count, joined.spans[union].end <= span.start { union += 1 }
            guard length <= cutoff || length < worst.total, union < joined.spans.count else { continue }
            // It may be longer than what was looked at of it.
            if fit.mayJoin, joined.spans[union].start <= outlook.now || end <= joined.spans[union].end { continue }
            while next < occurrences.count, occurrences[next].occurrence.span.start < joined.spans[union].start {
                next += 1
            }
            guard next < occurrences.count else { break }
            let (occurrence, index) = occurrences[next]
            let window = places.windows[index].value
            let usual = window.wallLength
            var cause = Cause.none
            if let exclusion = starts[span.end] ?? ends[span.start], span != joined.spans[union] {
                cause = .exclusion(exclusion)
            } else if let usual, usual != occurrence.span.length, occurrence.isTouchedByDST {
                cause = .clocks
            }
            let short = Short(span: span, window: index, cause: cause)
            // Found without looking ahead.
            let isUsuallyTooShort = !fit.mayJoin && (usual.map { $0 < worst.total } ?? false)
            if length <= cutoff {
                tooLate.append(short)
            } else if !isUsuallyTooShort {
                tooShort.append(short)
            }
        }
        report(tooLate, outlook) { short, day, why in
            findings.warning(
                .cutoffTooLong,
                "with a cutoff of \(cutoff.spoken) no node starts on \(day): \(why)",
                at: places.document.spec.location(of: "cutoff"), related: [reason(short)])
        }
        let isWhole = end >= outlook.end
        let longest = open.spans.map(\.length).max() ?? .zero
        let isUsuallyEnough =
            fit.mayJoin || places.windows.contains { ($0.value.wallLength ?? .days(1)) >= worst.total }
        if longest < worst.total, isUsuallyEnough, !tooShort.isEmpty, isWhole,
            let best = open.spans.first(where: { $0.length == longest })
        {
            findings.warning(
                .neverFinishes,
                "one node needs up to \(worst.total.spoken), but no opening of \"\(name)\" in the next "
                    + "\(PolicyValidator.aheadDays) days has more than \(longest.spoken) "
                    + "(\(outlook.day(best.start, in: zone ?? "UTC")))",
                at: places.document.spec.location(of: "sequence"), hint: worst.sum,
                related: theWindows)
            return
        }
        report(tooShort, outlook) { short, day, why in
            findings.warning(
                .windowTooShort, "one node needs up to \(worst.total.spoken), too much for \(day): \(why)",
                at: places.windows[short.window].node.lengthLocation, hint: worst.sum,
                related: short.cause == .clocks ? [] : [reason(short)])
        }
    }

    /// One word per cause and window, with the first date and the number of the others.
    private func report(
        _ found: [Short], _ outlook: Outlook, _ say: (_ first: Short, _ day: String, _ why: String) -> Void
    ) {
        struct Key: Hashable {
            var window: Int
            var calendar: Substring?
            var cause: Cause
        }
        var order: [Key] = []
        var groups: [Key: [Short]] = [:]
        for short in found {
            let calendar = places.windows[short.window].value.calendar
            let key = Key(window: calendar == nil ? short.window : -1, calendar: calendar, cause: short.cause)
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append(short)
        }
        for key in order {
            guard let group = groups[key], let first = group.first else { continue }
            let window = places.windows[first.window].value
            let more = group.count > 1 ? " (and \(plural(group.count - 1, "other day")))" : ""
            let length = first.span.length.spoken
            let why =
                switch first.cause {
                case .clocks:
                    "the clocks change, and the window \"\(window.name)\" has \(length)"
                        + (window.wallLength.map { " instead of \($0.spoken)" } ?? "")
                case .exclusion(let exclusion):
                    "\"\(name(of: exclusion))\" leaves \(length) of the window \"\(window.name)\""
                case .none: "the window \"\(window.name)\" has \(length)"
                }
            say(first, outlook.day(first.span.start, in: window.timeZone) + more, why)
        }
    }

    private func reason(_ short: Short) -> Findings.Note {
        switch short.cause {
        case .exclusion(let exclusion): .init(message: "the exclusion", location: exclusions[exclusion].location)
        case .clocks, .none:
            .init(message: "the window's length", location: places.windows[short.window].node.lengthLocation)
        }
    }

    /// A freeze of whole days in another zone than the windows begins and ends at an odd time there.
    private func checkZone(
        _ exclusion: Located<Exclusion>, _ next: Occurrence?, _ outlook: Outlook, _ findings: Findings
    ) {
        guard let next, next.id.nominal.secondsSinceMidnight == 0,
            let own = outlook.zones[exclusion.value.window.timeZone], !places.windows.isEmpty
        else { return }
        let start = next.span.start
        let others = places.windows.map(\.value.timeZone)
        for other in others {
            guard let zone = outlook.zones[other], zone.offset(at: start) != own.offset(at: start) else { return }
        }
        guard let first = places.windows.first, let zone = outlook.zones[first.value.timeZone] else { return }
        findings.warning(
            .freezeInAnotherZone,
            "the exclusion \"\(exclusion.value.window.name)\" is in \(own.name), the windows of \"\(name)\" in "
                + "\(zone.name): it starts there on \(zone.day(start))",
            at: exclusion.node.location(of: "timeZone"),
            hint: exclusion.value.window.calendar == nil ? "timeZone: \(zone.name)" : nil,
            related: [.init(message: "the windows", location: first.node.location(of: "timeZone"))])
    }
}
