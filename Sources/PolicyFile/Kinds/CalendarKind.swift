import Scheduling

/// `kind: Calendar`.
enum CalendarKind {
    static let spec: ValueType<CalendarDraft> = .object(
        "a calendar",
        Field("timeZone", .located(.text), "for every span and file that has none of its own"),
        DefaultedField(
            "spans", .list(of: .located(SpanKind.calendarSpan), maximum: 1_000), default: [],
            "named spans, used by policies as windows or as exclusions"),
        DefaultedField(
            "files", .list(of: .located(.calendarFile), maximum: 100), default: [],
            "calendar files (.ics) beside the policy file, whose events are further spans"),
        build: CalendarDraft.init)
}

extension ValueType where Value == String {
    /// A path below the directory of the policy file: `holidays.ics`, `freezes/2027.ics`.
    fileprivate static let calendarFile = checked(
        pattern: "^[^/].*\\.[iI][cC][sS]$", code: .invalidText
    ) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if text.hasPrefix("/") || parts.contains("..") {
            return Complaint(
                "the file must be inside the directory of the policy file", hint: "copy it there, or link it")
        }
        guard text.lowercased().hasSuffix(".ics"), parts.allSatisfy({ !$0.isEmpty && $0 != "." }) else {
            return Complaint("this is not the name of a calendar file", hint: "write holidays.ics")
        }
        return nil
    }
}
