import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Primitives
import Scheduling

/// What the API answers out of the journal.
struct JournalRoutes: Sendable {
    let reader: JournalReader
    let board: StatusBoard
    let pace: EventPace
    let places = EventPlaces()

    func add(to router: Router<CallerContext>) {
        router.get("/v1/history") { request, _ in try await history(request) }
        router.get("/v1/events") { request, context in try await events(request, context) }
        router.get("/v1/runs") { request, _ in try runs(request) }
        // A run's id may have slashes in it.
        router.get("/v1/runs/**") { request, _ in try await run(request) }
    }

    private func query(_ request: Request) throws(APIError) -> HistoryQuery {
        let content = board.content
        return try HistoryQuery(request.uri.queryParameters, content.zone, content.report, now: HostClock.now().wall)
    }

    private func history(_ request: Request) async throws -> Response {
        let query = try query(request)
        let report = board.latestReport
        let (document, unknown) = try await answered { () async throws(JournalError) in
            let document = try await HistoryDocument(query, reader, board.zone)
            let isAbsent = document.note != nil && !query.filter.isEmpty
            return (document, isAbsent ? try await HistoryDocument.unknown(query, reader, report) : nil)
        }
        if let unknown { throw unknown }
        return json(document)
    }

    private func events(_ request: Request, _ context: CallerContext) async throws -> Response {
        let query = try query(request)
        for (name, isGiven) in [
            ("since", query.since != nil), ("until", query.until != nil), ("before", query.before != nil),
        ] where isGiven {
            throw APIError(
                .badRequest, "invalid-value", "events have no \(name): they begin now, or after an id",
                hint: "GET /v1/history has \(name)")
        }
        let last = reader.growth.last
        let start = try Self.lastEventID(request) ?? query.after ?? last
        guard start <= last else {
            throw APIError(
                .badRequest, "invalid-value", "the journal has no record \(start): its last one is \(last)",
                hint: "begin without Last-Event-ID and after")
        }
        guard let place = places.take() else {
            throw APIError(
                .serviceUnavailable, "too-many-streams", "\(places.limit) streams are open, and there is no more room",
                hint: "end one of them, or ask GET /v1/history")
        }
        let stream = EventStream(
            reader: reader, filter: query.filter, isTold: query.isTold, board: board, channel: context.channel,
            pace: pace)
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                defer { withExtendedLifetime(place) {} }
                try await stream.write(after: start, to: &writer)
                try await writer.finish(nil)
            })
    }

    private func runs(_ request: Request) throws(APIError) -> Response {
        _ = try HistoryQuery.values(request.uri.queryParameters, known: [])
        let content = board.content
        guard let report = content.report else { throw APIError.starting }
        return json(RunsDocument(report, content.zone))
    }

    private func run(_ request: Request) async throws -> Response {
        _ = try HistoryQuery.values(request.uri.queryParameters, known: [])
        let path = request.uri.path.dropFirst("/v1/runs/".count)
        guard let name = String(path).removingPercentEncoding, !name.isEmpty,
            name.utf8.count <= HistoryQuery.valueLimit
        else {
            throw APIError(.badRequest, "invalid-value", "\(path.prefix(80)) is no run's id")
        }
        let content = board.content
        let id = Self.id(of: name, content.report) ?? RunID(text: name)
        let found = try await answered { () async throws(JournalError) in
            try await RunJournal(reader: reader).account(of: id, until: HostClock.now())
        }
        guard let found else {
            if content.report?.policies.contains(where: { $0.name == name }) == true {
                throw APIError(
                    .notFound, "unknown-run", "\(name) has no run now, and none that is remembered",
                    hint: "when it may act next: nagi explain \(name)")
            }
            throw APIError(
                .notFound, "unknown-run", "the journal knows no run \(name), or not its beginning any more",
                hint: "nagi runs names the latest; nagi history --run finds what is left of older ones")
        }
        return json(RunDocument(found.account, content.zone, isTruncated: found.isTruncated))
    }

    /// The run at work of a policy of that name, or else its latest.
    private static func id(of name: String, _ report: StatusReport?) -> RunID? {
        let runs = (report?.runs ?? []).filter { $0.policy == name }
        let run = runs.last { $0.endedAt == nil } ?? runs.max { $0.startedAt < $1.startedAt }
        return run.map { RunID(text: $0.id) }
    }

    private static func lastEventID(_ request: Request) throws(APIError) -> Int64? {
        guard let text = HTTPField.Name("Last-Event-ID").flatMap({ request.headers[$0] }), !text.isEmpty else {
            return nil
        }
        guard let id = Int64(text), id >= 0 else {
            throw APIError(
                .badRequest, "invalid-value", "Last-Event-ID is \(text.prefix(80))",
                hint: "the id of an event: a number")
        }
        return id
    }

    /// A journal that cannot be read is the daemon's trouble, not the asker's.
    private func answered<Answer>(
        _ body: () async throws(JournalError) -> Answer
    ) async throws(APIError) -> Answer {
        do throws(JournalError) {
            return try await body()
        } catch {
            throw APIError(.internalServerError, "journal-unreadable", "\(error)")
        }
    }
}
