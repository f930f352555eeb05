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
            throw APIError(
                .badRequest, "invalid-value", "\(name): \"\(text.prefix(80))\" is not a number, \(bounds)")
        }
        return number
    }

    static func flag(_ values: [String: String], _ name: String) throws(APIError) -> Bool {
        switch values[name] {
        case nil, "false"?: return false
        case "true"?: return true
        case let text?:
            throw APIError(.badRequest, "invalid-value", "\(name): \"\(text.prefix(80))\" is not true or false")
        }
    }

    /// As the levers know nodes: `cluster/node`, or the node alone, each also by what stands before its address. A node that
    /// the daemon does not know now may be in the journal all the same.
    private static func node(_ text: String, _ report: StatusReport?) throws(APIError) -> String {
        let ids = RecordFilter.nodes(called: text, in: report)
        guard ids.count > 1 else { return ids.first ?? text }
        throw APIError(
            .badRequest, "ambiguous", "there are \(ids.count) nodes \(text)",
            hint: ids.prefix(5).joined(separator: " or "))
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
                    .badRequest, "invalid-value", "\(name): \"\(text.prefix(80))\" is no time",
                    hint: PastInstant.hint)
            case .ambiguous:
                throw APIError(
                    .badRequest, "invalid-value",
                    "\(name): \"\(text.prefix(80))\" could be in any of the zones of the policies' windows",
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

    /// What the question names and nobody knows: the daemon does not now, and the journal never did.
    static func unknown(
        _ query: HistoryQuery, _ reader: JournalReader, _ report: StatusReport?
    ) async throws(JournalError) -> APIError? {
        let filter = query.filter
        var asked: [(code: String, word: String, name: String, alone: RecordFilter, isKnown: Bool)] = []
        if let node = filter.node {
            let isKnown = !RecordFilter.nodes(called: node, in: report).isEmpty
            asked.append(("unknown-node", "node", node, RecordFilter(node: node), isKnown))
        }
        if let run = filter.run {
            let isKnown =
                report.map { report in
                    report.runs.contains { $0.id == run || $0.policy == run }
                        || report.policies.contains { $0.name == run }
                } ?? false
            asked.append(("unknown-run", "run or policy", run, RecordFilter(run: run), isKnown))
        }
        if let actor = filter.actor {
            asked.append(("unknown-actor", "person", actor, RecordFilter(actor: actor), false))
        }
        for one in asked where !one.isKnown {
            var alone = one.alone
            alone.isWhole = true
            var anywhere = HistoryQuery(alone).journalQuery
            anywhere.limit = 1
            let found = try await reader.page(anywhere)
            guard found.entries.isEmpty, found.isComplete else { continue }
            return APIError(
                .notFound, one.code, "nowhere in the journal: \(one.word) \(one.name.prefix(80))",
                hint: one.word == "person"
                    ? "nagi history without --actor names people"
                    : "nagi status lists nodes and policies, nagi runs the runs")
        }
        return nil
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
