import ModeCore
import Scheduling

extension PolicyValidator {
    /// The calendar with the spans that it declares and those of its files.
    mutating func calendar(_ draft: CalendarDraft, _ document: PolicyDocument) -> CalendarPolicy {
        let name = document.name.value
        let spans = spans(draft.spans, default: draft.timeZone, called: "span", in: name, of: "calendar")
        calendarSpans[name] = spans
        if isEmpty(document.spec) {
            findings.error(
                .calendarEmpty, "the calendar \"\(name)\" has no spans", at: document.spec.location,
                hint: "spans: [{name: year-end, start: 2026-12-28, lastDay: 2027-01-03, timeZone: Asia/Tokyo}]")
        }
        return CalendarPolicy(name: name, spans: spans.map(\.value))
    }

    /// The calendar that a policy names. One that is declared but faulty is reported where it stands.
    func calendar(named reference: Located<String>) -> CalendarPolicy? {
        let known = names(of: .calendar)
        if !known.contains(reference.value), !isIncomplete {
            let near = nearest(to: reference.value, among: known)
            findings.error(
                .unknownCalendar, "there is no calendar \"\(reference.value)\"", at: reference.location,
                hint: near.map { "did you mean \($0)?" } ?? (known.isEmpty ? "no file declares a calendar" : nil))
        }
        return calendars[reference.value]
    }

    /// Exclusions win: windows of the same calendar would never open.
    func checkCalendarsOnBothSides(_ draft: PolicyDraft) {
        let windows = (draft.windows ?? []).compactMap(\.value.calendar)
        for exclusion in draft.exclusions.compactMap(\.value.calendar) {
            guard let window = windows.first(where: { $0.value == exclusion.value }) else { continue }
            findings.error(
                .duplicateName, "the calendar \"\(exclusion.value)\" is already named as a window: exclusions win",
                at: exclusion.location, related: [.init(message: "as a window here", location: window.location)])
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
