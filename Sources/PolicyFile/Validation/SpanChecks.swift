import Calendars
import ModeCore
import Primitives
import Scheduling

extension PolicyValidator {
    /// The spans as the model knows them, those of calendars included; faulty ones are reported and left out. Spans
    /// without a name are called `window-1`, `exclusion-2` by their place in the list.
    ///
    /// - Parameters:
    ///   - calendar: names of the spans get it before them, with a slash.
    ///   - owner: what holds them, for texts: "policy".
    mutating func spans(
        _ drafts: [Located<SpanDraft>], default timeZone: Located<String>?, called title: String,
        in calendar: String? = nil, of owner: String = "policy"
    ) -> [Located<Exclusion>] {
        var names: [String: SourceLocation] = Dictionary(minimumCapacity: drafts.count)
        var result: [Located<Exclusion>] = []
        result.reserveCapacity(drafts.count)
        for (index, draft) in drafts.enumerated() {
            if let reference = draft.value.calendar {
                result += spans(of: reference, used: &names)
                continue
            }
            guard !draft.node.hasKey("calendar") || calendar != nil else { continue }
            let name = draft.value.name ?? "\(title)-\(index + 1)"
            let place = draft.node.location(of: "name")
            if let first = names[name] {
                findings.duplicate(
                    .duplicateName, "there is already a span called \"\(name)\" in this \(owner)", at: place,
                    first: first)
            } else {
                names[name] = place
            }
            let zone = zone(of: draft, default: timeZone, owner)
            checkDates(draft)
            guard let recurrence = draft.value.recurrence else { continue }
            if let length = draft.value.length { checkLength(recurrence, length, draft.node) }
            guard let length = draft.value.length, let zone else { continue }
            let window = Window(
                name: calendar.map { "\($0)/\(name)" } ?? name, recurrence: recurrence, length: length, timeZone: zone,
                startDate: draft.value.startDate, endDate: draft.value.endDate, dst: draft.value.dst)
            checkDatesMatch(window, draft.node)
            result.append(
                Located(value: Exclusion(window: window, reason: draft.value.reason), node: draft.node))
        }
        return result
    }

    /// What holds for every policy of the cluster. Spans without a name have one that no policy gives to its own.
    mutating func exclusions(of draft: ClusterDraft, _ document: PolicyDocument) -> [Located<Exclusion>] {
        checkTimeZone(draft.timeZone, of: document.spec, in: ["exclusions"])
        return spans(draft.exclusions, default: draft.timeZone, called: "cluster-exclusion", of: "cluster")
    }

    /// The spans of a calendar, at the place where a policy or a cluster names it.
    private func spans(
        of reference: Located<String>, used names: inout [String: SourceLocation]
    ) -> [Located<Exclusion>] {
        // No name of a span has a slash at its end.
        let key = reference.value + "/"
        if let first = names[key] {
            findings.duplicate(
                .duplicateName, "the calendar \"\(reference.value)\" is already named in this list",
                at: reference.location,
                first: first)
            return []
        }
        names[key] = reference.location
        guard let calendar = calendar(named: reference) else { return [] }
        return calendar.spans.map { Located(value: $0, node: reference.node) }
    }

    private mutating func zone(
        of draft: Located<SpanDraft>, default timeZone: Located<String>?, _ owner: String
    ) -> String? {
        guard let written = draft.value.timeZone ?? timeZone else {
            // Neither where the time zone is faulty, nor where it is not even known what the span is.
            guard !draft.node.hasKey("timeZone"), draft.value.recurrence != nil else { return nil }
            findings.error(
                .missingTimeZone, "no time zone is given, neither here nor for the whole \(owner)", at: draft.location,
                hint: "timeZone: Asia/Tokyo")
            return nil
        }
        return zone(named: written)
    }

    /// The zone for all spans is known, and some span takes it.
    mutating func checkTimeZone(_ timeZone: Located<String>?, of spec: YAMLNode, in keys: [String]) {
        guard let timeZone, zone(named: timeZone) != nil else { return }
        var isEmpty = true
        for key in keys {
            guard let list = spec[key] else { continue }
            guard case .sequence(let items) = list.value else { return }
            for item in items {
                isEmpty = false
                // What is no mapping is an error already.
                guard case .mapping = item.value, item.hasKey("timeZone") || item.hasKey("calendar") else { return }
            }
        }
        findings.warning(
            .hasNoEffect,
            "`timeZone` has no effect: " + (isEmpty ? "there is no span here" : "no span here is without its own"),
            at: timeZone.location,
            hint: keys.contains("exclusions") ? "the spans of a calendar have the zone that is written there" : nil)
    }

    /// The name, where there are rules for it.
    mutating func zone(named written: Located<String>) -> String? {
        if usedZones[written.value] != nil { return written.value }
        if let rules = zones.rules(written.value) {
            usedZones[written.value] = rules
            return written.value
        }
        let near: String?
        if let known = unknownZones[written.value] {
            near = known
        } else {
            near = nearestZone(to: written.value)
            unknownZones[written.value] = .some(near)
        }
        findings.error(
            .unknownTimeZone, "no time zone is called \"\(written.value)\"", at: written.location,
            hint: near.map { "did you mean \($0)?" } ?? "write an IANA name such as Asia/Tokyo")
        return nil
    }

    /// Nearest by the whole name, else by the city alone.
    private func nearestZone(to name: String) -> String? {
        let folded = name.split(separator: " ").joined(separator: "_")
        if let whole = nearest(to: folded, among: zones.names), folded.count > 3 { return whole }
        guard folded.count > 3, let city = folded.split(separator: "/").last else { return nil }
        let cities = zones.names.map { String($0.split(separator: "/").last ?? "") }
        guard let near = nearest(to: String(city), among: cities) else { return nil }
        return zones.names.first { $0.hasSuffix("/" + near) }
    }

    private func checkDates(_ draft: Located<SpanDraft>) {
        let span = draft.value
        if let start = span.startDate, let end = span.endDate, end < start {
            findings.error(
                .windowNeverOpens, "endDate \(end) is before startDate \(start)", at: draft.node.location(of: "endDate")
            )
            return
        }
        switch span.recurrence {
        case .at(let time)?:
            let isTooEarly = span.startDate.map { time.date < $0 } ?? false
            let isTooLate = span.endDate.map { time.date > $0 } ?? false
            if isTooEarly || isTooLate {
                findings.error(
                    .windowNeverOpens, "\(time.date) is outside startDate and endDate",
                    at: draft.node.location(of: "at"))
            }
        case .weekly(let days, _)?:
            guard let start = span.startDate, let end = span.endDate else { return }
            let length = end.daysSinceEpoch - start.daysSinceEpoch
            if length < 6, !(0...length).contains(where: { days.contains(start.adding(days: $0).weekday) }) {
                findings.error(
                    .windowNeverOpens, "none of these weekdays is between \(start) and \(end)",
                    at: draft.node.location(of: "weekly", "days"))
            }
        default: return
        }
    }

    private func checkLength(_ recurrence: Recurrence, _ length: WindowLength, _ node: YAMLNode) {
        switch length {
        case .days: return
        case .elapsed(let duration):
            if duration == .zero {
                findings.error(.windowEmpty, "a span of length 0 never opens", at: node.location(of: "duration"))
            }
        case .until(let time):
            // From midnight until midnight is a whole day, whatever its length.
            if time.secondsSinceMidnight != 0, recurrence.timesOfDay?.contains(time) ?? false {
                findings.error(
                    .windowEmpty, "it starts and ends at \(time)", at: node.location(of: "until"),
                    hint: "for a whole day write duration: 1d")
            }
        case .end(let end):
            guard case .at(let start) = recurrence, end <= start else { return }
            let place = node["lastDay"] == nil ? node.location(of: "end") : node.location(of: "lastDay")
            if end == start {
                findings.error(.windowEmpty, "it starts and ends at \(start)", at: place)
            } else {
                findings.error(.windowEndsBeforeStart, "it ends before it starts (\(start))", at: place)
            }
        }
    }
}

extension YAMLNode {
    /// Where the length of a span is written.
    var lengthLocation: SourceLocation {
        for key in ["duration", "until", "end", "lastDay"] {
            if let value = self[key] { return value.location }
        }
        return location
    }
}

extension Recurrence {
    /// The local time of every start, where it is always the same.
    var timeOfDay: TimeOfDay? {
        switch self {
        case .weekly(_, let start): start
        case .at(let local):
            TimeOfDay(
                hour: local.secondsSinceMidnight / 3600, minute: local.secondsSinceMidnight / 60 % 60,
                second: local.secondsSinceMidnight % 60)
        case .cron(let cron): cron.timeOfDay
        case .rule: nil
        }
    }
}

extension CronSchedule {
    /// Where exactly one minute of one hour matches.
    var timeOfDay: TimeOfDay? {
        guard minutes.nonzeroBitCount == 1, hours.nonzeroBitCount == 1 else { return nil }
        return TimeOfDay(hour: hours.trailingZeroBitCount, minute: minutes.trailingZeroBitCount)
    }
}

extension Window {
    /// How long the clocks on the wall say it is, where every occurrence is the same.
    var wallLength: Duration? {
        switch length {
        case .elapsed(let duration): return duration
        case .days(let days): return .days(days)
        case .until(let end):
            guard let start = recurrence.timeOfDay else { return nil }
            let seconds = (end.secondsSinceMidnight - start.secondsSinceMidnight + 86400) % 86400
            return .seconds(seconds == 0 ? 86400 : seconds)
        case .end(let end):
            guard case .at(let start) = recurrence else { return nil }
            return .seconds(end.seconds - start.seconds)
        }
    }
}
