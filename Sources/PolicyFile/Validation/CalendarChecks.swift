import Calendars
import ModeCore
import Scheduling

extension PolicyValidator {
    /// The calendar with the spans that it declares and those of its files.
    mutating func calendar(_ draft: CalendarDraft, _ document: PolicyDocument) -> CalendarPolicy {
        let name = document.name.value
        var spans = spans(draft.spans, default: draft.timeZone, called: "span", in: name, of: "calendar")
        let isEmpty = isEmpty(document.spec)
        if !isEmpty, !document.spec.hasKey("files") {
            checkTimeZone(draft.timeZone, of: document.spec, in: ["spans"])
        } else if let timeZone = draft.timeZone {
            _ = zone(named: timeZone)
        }
        if isEmpty {
            findings.error(
                .calendarEmpty, "the calendar \"\(name)\" has no spans", at: document.spec.location,
                hint: "spans: [{name: year-end, start: 2026-12-28, lastDay: 2027-01-03, timeZone: Asia/Tokyo}]")
        }
        if !draft.files.isEmpty {
            spans += spansOfFiles(draft, document, besides: spans)
            let isFaulty = findings.errors > 0
            if spans.isEmpty, !isFaulty {
                findings.error(
                    .calendarEmpty, "the calendar \"\(name)\" has no spans: there is no event in its files",
                    at: document.spec.location(of: "files"))
            }
        }
        calendarSpans[name] = spans
        return CalendarPolicy(name: name, spans: spans.map(\.value))
    }

    /// The events of the calendar's files. Faults in them are reported there, missing files where they are named.
    private mutating func spansOfFiles(
        _ draft: CalendarDraft, _ document: PolicyDocument, besides written: [Located<Exclusion>]
    ) -> [Located<Exclusion>] {
        let path = paths[Int(document.spec.location.file)]
        // A faulty zone is reported already: any zone lets the files be judged.
        let isFaulty = document.spec.hasKey("timeZone") && draft.timeZone.flatMap { zone(named: $0) } == nil
        let defaultZone = isFaulty ? ZoneRules.utc.name : draft.timeZone?.value
        var names: [String: SourceLocation] = [:]
        for span in written { names[span.value.window.name] = span.node.location(of: "name") }
        var result: [Located<Exclusion>] = []
        for file in draft.files {
            let source: PolicySource
            switch calendarFiles.read(file.value, path) {
            case .failure(let reason):
                findings.error(
                    .unreadableFile, "the calendar file \(file.value) cannot be read: \(reason.message)",
                    at: file.location)
                continue
            case .success(let read): source = read
            }
            if !calendarSources.contains(where: { $0.path == source.path }) { calendarSources.append(source) }
            let reading = ICalendarReader.spans(
                of: source, calendar: document.name.value, defaultZone: defaultZone, zones: zones)
            findings.add(reading.diagnostics)
            usedZones.merge(reading.usedZones) { first, _ in first }
            for span in reading.spans {
                if let first = names[span.window.name] {
                    findings.duplicate(
                        .duplicateName, "\(file.value) holds \"\(span.window.name)\", which the calendar has already",
                        at: file.location, first: first)
                }
                names[span.window.name] = names[span.window.name] ?? file.location
                result.append(Located(value: span, node: file.node))
            }
        }
        return result
    }

    /// The calendar that a policy names. One that is declared but faulty is reported where it stands.
    func calendar(named reference: Located<String>) -> CalendarPolicy? {
        checkDeclared(
            reference.value, as: .calendar, .unknownCalendar, at: reference.location,
            none: "no file declares a calendar")
        return calendars[reference.value]
    }

    /// Exclusions win: windows of the same calendar would never open.
    func checkCalendarsOnBothSides(_ draft: PolicyDraft, _ cluster: CheckedCluster?) {
        let windows = (draft.windows ?? []).compactMap(\.value.calendar)
        for exclusion in draft.exclusions.compactMap(\.value.calendar) {
            guard let window = windows.first(where: { $0.value == exclusion.value }) else { continue }
            findings.error(
                .duplicateName, "the calendar \"\(exclusion.value)\" is already named as a window: exclusions win",
                at: exclusion.location, related: [.init(message: "as a window here", location: window.location)])
        }
        for exclusion in cluster?.draft.exclusions.compactMap(\.value.calendar) ?? [] {
            guard let window = windows.first(where: { $0.value == exclusion.value }) else { continue }
            findings.error(
                .duplicateName,
                "the calendar \"\(exclusion.value)\" is named as an exclusion by the cluster: exclusions win",
                at: window.location, related: [.init(message: "as an exclusion here", location: exclusion.location)])
        }
    }

    /// Both lists are missing or written without anything in them; faulty items are reported by themselves.
    private func isEmpty(_ spec: YAMLNode) -> Bool {
        ["spans", "files"].allSatisfy { key in
            guard let value = spec[key]?.value else { return true }
            if case .sequence(let items) = value { return items.isEmpty }
            return false
        }
    }
}
