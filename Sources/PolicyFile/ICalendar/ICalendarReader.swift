import Scheduling

/// What a calendar file says.
public struct ICalendarReading: Sendable {
    public var spans: [Exclusion]
    public var usedZones: [String: ZoneRules]
    public var diagnostics: [Diagnostic]
}

/// Reads iCalendar files (RFC 5545): their events become spans.
public struct ICalendarReader {
    /// Until the reader is there every file is refused.
    public static func spans(
        of source: PolicySource, calendar: String, defaultZone: String?, zones: ZoneCatalog
    ) -> ICalendarReading {
        let fault = Diagnostic(
            severity: .error, code: .notYetSupported, message: "calendar files are not read yet", file: source.path)
        return ICalendarReading(spans: [], usedZones: [:], diagnostics: [fault])
    }
}
