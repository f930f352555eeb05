import Calendars
import ModeCore
import Scheduling

/// Which zone a TZID means: one of the zones that the caller knows, or an error, never UTC by default.
///
/// In this order: an IANA name; the X-LIC-LOCATION of the file's VTIMEZONE; the IANA name at the end of an identifier
/// such as `/freeassociation.sourceforge.net/Europe/Berlin`. The rules inside a VTIMEZONE are not used: the host's are
/// newer.
final class ICalendarZones {
    private let catalog: ZoneCatalog
    private let faults: ICalendarFaults
    /// Of the calendar, where the file has none.
    private let defaultZone: String?
    /// X-WR-TIMEZONE, for whole days and times without a zone.
    private let written: ContentLine?
    /// X-LIC-LOCATION by TZID.
    private let locations: [String: String]
    private var resolved: [String: String?] = [:]
    private var rulesByName: [String: ZoneRules] = [:]
    /// The zone of whole days and times without a zone, once it was asked for; nil in it: there is none.
    private var floatingZone: String??

    init(file: ICalendarFile, defaultZone: String?, catalog: ZoneCatalog, faults: ICalendarFaults) {
        self.catalog = catalog
        self.faults = faults
        var locations: [String: String] = [:]
        for zone in file.zones {
            if let identifier = zone.identifier, let location = zone.location {
                locations[identifier] = locations[identifier] ?? location
            }
        }
        self.locations = locations
        self.defaultZone = defaultZone
        written = file.timeZone
    }

    func rules(_ name: String) -> ZoneRules? {
        if let known = rulesByName[name] { return known }
        let rules = catalog.rules(name) ?? (name == "UTC" ? .utc : nil)
        rulesByName[name] = rules
        return rules
    }

    /// The file's own zone, else the calendar's; nil after it was reported, once, that there is none.
    func floating(at place: ICalendarPlace) -> String? {
        if let known = floatingZone { return known }
        let zone = written.map { floating(written: $0) } ?? defaultZone
        if written == nil, defaultZone == nil {
            faults.error(
                .missingTimeZone, "no time zone is given, neither here nor for the calendar", at: place,
                hint: "give the Calendar a time zone: timeZone: Asia/Tokyo")
        }
        // A zone of the calendar that nobody knows is reported where it is written, in the policy.
        let known = zone.flatMap { rules($0) == nil ? nil : $0 }
        floatingZone = .some(known)
        return known
    }

    private func floating(written line: ContentLine) -> String? {
        let text = line.text
        // Publishers of holidays write UTC where they mean no zone in particular: a holiday of Japan is a day in Japan.
        if lookUp(text) == ZoneRules.utc.name, let defaultZone { return defaultZone }
        if let own = lookUp(text) {
            if let defaultZone, defaultZone != own {
                faults.warning(
                    .calendarDoubtful, "the file is in \(own), the calendar in \(defaultZone): \(own) is used",
                    at: line.place, hint: "where that is wrong, write X-WR-TIMEZONE:\(defaultZone)")
            }
            return own
        }
        guard let defaultZone else {
            faults.error(
                .unknownTimeZone, "no time zone is called \"\(text)\", and the calendar gives none",
                at: line.valuePlace,
                hint: hint(for: text, "X-WR-TIMEZONE:"))
            return nil
        }
        faults.warning(
            .calendarDoubtful,
            "no time zone is called \"\(text)\": that of the calendar is used, \(defaultZone)", at: line.valuePlace,
            hint: hint(for: text, "X-WR-TIMEZONE:"))
        return defaultZone
    }

    /// The zone of a TZID; nil after it was reported, once, that it is unknown.
    func named(_ identifier: String, at place: ICalendarPlace) -> String? {
        if let known = resolved[identifier] { return known }
        let name = lookUp(identifier)
        resolved[identifier] = .some(name)
        if name == nil {
            faults.error(
                .unknownTimeZone, "no time zone is called \"\(identifier)\"", at: place,
                hint: hint(for: identifier))
        }
        return name
    }

    private func lookUp(_ identifier: String) -> String? {
        if rules(identifier) != nil { return identifier }
        if let location = locations[identifier], rules(location) != nil { return location }
        let parts = identifier.split(separator: "/")
        // Area/City at least: the last word alone (`/Japan`, `/EST`) may mean anything.
        for count in stride(from: min(3, parts.count - 1), through: 2, by: -1) {
            let name = parts.suffix(count).joined(separator: "/")
            if rules(name) != nil { return name }
        }
        return nil
    }

    private func hint(for identifier: String, _ property: String = "TZID=") -> String {
        if let name = WindowsZones.names[identifier.lowercased()], rules(name) != nil {
            return "that is a name of Windows: write \(property)\(name)"
        }
        if identifier.count > 3, let near = nearest(to: identifier, among: catalog.names) {
            return "did you mean \(near)?"
        }
        return "write an IANA name such as Asia/Tokyo, or X-LIC-LOCATION:Asia/Tokyo into its VTIMEZONE"
    }
}

/// Names that Windows programs write, with what they mean most often (Unicode CLDR, windowsZones, territory 001). Only
/// for hints: the list is not complete.
private enum WindowsZones {
    static let names = [
        "tokyo standard time": "Asia/Tokyo", "korea standard time": "Asia/Seoul",
        "china standard time": "Asia/Shanghai", "taipei standard time": "Asia/Taipei",
        "singapore standard time": "Asia/Singapore", "se asia standard time": "Asia/Bangkok",
        "india standard time": "Asia/Kolkata", "arabian standard time": "Asia/Dubai",
        "aus eastern standard time": "Australia/Sydney",
        "new zealand standard time": "Pacific/Auckland",
        "gmt standard time": "Europe/London", "greenwich standard time": "Atlantic/Reykjavik",
        "w. europe standard time": "Europe/Berlin", "romance standard time": "Europe/Paris",
        "central europe standard time": "Europe/Budapest",
        "central european standard time": "Europe/Warsaw",
        "e. europe standard time": "Europe/Chisinau", "fle standard time": "Europe/Kyiv",
        "russian standard time": "Europe/Moscow", "turkey standard time": "Europe/Istanbul",
        "south africa standard time": "Africa/Johannesburg",
        "e. south america standard time": "America/Sao_Paulo",
        "eastern standard time": "America/New_York", "central standard time": "America/Chicago",
        "mountain standard time": "America/Denver", "us mountain standard time": "America/Phoenix",
        "pacific standard time": "America/Los_Angeles", "alaskan standard time": "America/Anchorage",
        "hawaiian standard time": "Pacific/Honolulu",
    ]
}
