import Hummingbird
import Primitives
import Scheduling

/// What `/v1/history` and `/v1/events` are asked for.
struct HistoryQuery {
    static let standardLimit = 200
    static let mostRecords = 1_000
    /// Longest value of a parameter in bytes.
    static let valueLimit = 300

    var filter = RecordFilter()
    var since: Timestamp?
    var until: Timestamp?
    var after: Int64?
    var before: Int64?
    var limit = standardLimit
    /// Also as people are told it.
    var isTold = false

    private static let known = ["node", "run", "actor", "since", "until", "after", "before", "limit", "all", "told"]

    /// - Parameter report: tells whether a node's name alone is ambiguous.
    init(
        _ parameters: Parameters, _ zone: DisplayZone, _ report: StatusReport?, now: Timestamp
    ) throws(APIError) {
        let values = try Self.values(parameters, known: Self.known)
        filter.node = try values["node"].map { text throws(APIError) in try Self.node(text, report) }
        filter.run = values["run"]
        filter.actor = values["actor"]
        filter.isWhole = try Self.flag(values, "all")
        isTold = try Self.flag(values, "told")
        let reader = PastInstant(zone: zone, now: now)
        since = try Self.instant(values, "since", reader, after: nil)
        until = try Self.instant(values, "until", reader, after: since)
        if let since, let until, until <= since {
            throw APIError(
                .badRequest, "invalid-value", "until is not after since: \(zone.text(until)), \(zone.text(since))")
        }
        after = try Self.number(values, "after", 0...Int.max).map { Int64($0) }
        before = try Self.number(values, "before", 0...Int.max).map { Int64($0) }
        limit = try Self.number(values, "limit", 1...Self.mostRecords) ?? Self.standardLimit
    }

    /// Each parameter once.
    static func values(_ parameters: Parameters, known: [String]) throws(APIError) -> [String: String] {
        var values: [String: String] = [:]
        for (name, value) in parameters {
            let name = String(name)
            guard known.contains(name) else {
                throw APIError(
                    .badRequest, "invalid-value", "there is no parameter \(name.prefix(40))",
                    hint: "there are \(known.joined(separator: ", "))")
            }
            guard values[name] == nil else {
                throw APIError(.badRequest, "invalid-value", "\(name) is given twice")
            }
            guard !value.isEmpty, value.utf8.count <= valueLimit else {
                throw APIError(.badRequest, "invalid-value", "\(name) is empty or longer than \(valueLimit) bytes")
            }
            values[name] = String(value)
        }
        return values
    }

    static func number(
        _ values: [String: String], _ name: String, _ range: ClosedRange<Int>
    ) throws(APIError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let bounds =
                range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
            throw APIError(.badRequest, "invalid-value", "\(name) is \(text.prefix(80))", hint: "a number, \(bounds)")
        }
        return number
    }

    static func flag(_ values: [String: String], _ name: String) throws(APIError) -> Bool {
        switch values[name] {
        case nil, "false"?: return false
        case "true"?: return true
        case let text?:
            throw APIError(.badRequest, "invalid-value", "\(name) is \(text.prefix(80))", hint: "true or false")
        }
    }

    private static func node(_ text: String, _ report: StatusReport?) throws(APIError) -> String {
        let clusters = (report?.clusters ?? []).filter { cluster in cluster.nodes.contains { $0.name == text } }
        guard clusters.count > 1 else { return text }
        throw APIError(
            .badRequest, "ambiguous", "\(text) is in more than one cluster",
            hint: clusters.prefix(5).map { "\($0.name)/\(text)" }.joined(separator: " or "))
    }

    private static func instant(
        _ values: [String: String], _ name: String, _ reader: PastInstant, after start: Timestamp?
    ) throws(APIError) -> Timestamp? {
        guard let text = values[name] else { return nil }
        do throws(PastInstant.Fault) {
            return try reader.instant(text, after: start)
        } catch {
            switch error {
            case .unreadable:
                throw APIError(
                    .badRequest, "invalid-value", "\(name) is \(text.prefix(80)): no time is written so",
                    hint: PastInstant.hint)
            case .ambiguous:
                throw APIError(
                    .badRequest, "invalid-value",
                    "\(name) is \(text.prefix(80)): the windows are in more than one time zone, so it could mean any of them",
                    hint: "give an offset: 2026-11-29T02:00:00+09:00, or Z for UTC; or a length: 1h")
            }
        }
    }
}

extension HistoryQuery {
    /// From the earliest on where a beginning is named; else the latest ones.
    var isForward: Bool { after != nil || since != nil }

    var journalQuery: JournalReader.Query {
        var query = JournalReader.Query()
        (query.after, query.before, query.since, query.until) = (after, before, since, until)
        query.isBackward = !isForward
        query.limit = limit
        query.traces = filter.traces
        query.isWanted = { [filter] in filter.matches($0) }
        return query
    }
}

extension HistoryDocument {
    /// What the journal has of it.
    init(_ query: HistoryQuery, _ reader: JournalReader, _ zone: DisplayZone) async throws(JournalError) {
        let page = try await reader.page(query.journalQuery)
        let entries = query.isForward ? page.entries : page.entries.reversed()
        let told = query.isTold ? Telling.lines(of: entries) : nil
        let shown = entries.map { entry in Record(entry, zone, told: told.map { $0[entry.seq] ?? [] }) }
        var beginning: Beginning?
        if let first = page.first, let instant = try await reader.instant(of: first) {
            beginning = Beginning(id: first, at: zone.text(instant))
        }
        let isAbsent = shown.isEmpty && page.isComplete
        let reach = beginning.map { "since \($0.at)" } ?? "to nothing: it is empty"
        self.init(
            records: shown,
            next: query.isForward && !page.isComplete ? page.through : nil,
            previous: query.isForward || page.isComplete ? nil : page.through,
            last: page.last, first: beginning,
            note: isAbsent ? try await Self.absence(query, reader, reach) : nil)
    }

    private static func absence(
        _ query: HistoryQuery, _ reader: JournalReader, _ reach: String
    ) async throws(JournalError) -> String {
        guard !query.filter.isEmpty else { return "nothing is in the journal there (it reaches back \(reach))" }
        var anywhere = HistoryQuery(query.filter).journalQuery
        anywhere.limit = 1
        let found = try await reader.page(anywhere)
        return found.entries.isEmpty && found.isComplete
            ? "nowhere in the journal: \(query.filter.words) (it reaches back \(reach))"
            : "nothing in that time about \(query.filter.words)"
    }
}

extension HistoryQuery {
    fileprivate init(_ filter: RecordFilter) {
        self.filter = filter
    }
}
