import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Primitives
import Scheduling

/// The system's words for why an address cannot be listened on.
struct CannotListen: Error, CustomStringConvertible {
    var description: String
}

/// The daemon's HTTP API on loopback.
package struct APIServer: Sendable {
    /// Connections at the same time.
    static let connectionLimit = 256
    /// Bytes of a request's first line, and of any other of its head. What is longer is refused by the library before anybody
    /// here sees it, with an empty answer: a thousand nodes may be asked about in one line.
    static let lineLimit = 96 << 10
    /// Seconds after which a connection without traffic is closed.
    static let idleSeconds: Int64 = 30

    private let address: ListenAddress
    private let token: String
    private let board: StatusBoard
    private let pull: @Sendable (Pull) async -> Result<LeverAnswer, LeverRefusal>
    private let questions: Questions
    private let journal: JournalRoutes?
    private let reload: (@Sendable (ReloadRequest) async -> ReloadOutcome)?
    private let hooks: HookRoutes?

    /// - Parameters:
    ///   - journal: what is answered out of it is not there without.
    ///   - reload: has the policies read again; not there without.
    ///   - hooks: takes webhooks; not there without.
    ///   - pull: carries an operator's order out, and returns when that is durable.
    ///   - ask: has the controller answer a question.
    package init(
        address: ListenAddress, token: String, board: StatusBoard, journal: JournalReader? = nil,
        pace: EventPace = EventPace(), reload: (@Sendable (ReloadRequest) async -> ReloadOutcome)? = nil,
        hooks: HookDesk? = nil,
        pull: @escaping @Sendable (Pull) async -> Result<LeverAnswer, LeverRefusal>,
        ask: @escaping @Sendable (Question) async -> Result<QuestionAnswer, LeverRefusal>
    ) {
        self.address = address
        self.token = token
        self.board = board
        self.journal = journal.map { JournalRoutes(reader: $0, board: board, pace: pace) }
        self.reload = reload
        self.hooks = hooks.map { HookRoutes(desk: $0) }
        self.pull = pull
        questions = Questions(board: board, ask: ask, journal: journal)
    }

    /// Serves until the task is cancelled.
    ///
    /// - Parameter listening: called once, with the address and the port that it became.
    package func run(listening: @escaping @Sendable (ListenAddress) -> Void) async throws {
        let address = address
        // The library logs every start and every broken connection: the daemon's log is for what happens to nodes.
        let logger = Logger(label: "api") { _ in SwiftLogNoOpLogHandler() }
        let (sockets, opened) = AsyncStream<any Channel>.makeStream()
        let application = Application(
            router: router(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(Self.idleSeconds),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: Self.lineLimit, maxHeaderListSize: Self.lineLimit + 32 << 10,
                        maxHeaderFieldCount: 64))),
            configuration: .init(
                address: .hostname(address.host, port: address.port), serverName: "nagi",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)),
            onServerRunning: { channel in
                opened.yield(channel)
                listening(address.with(port: channel.localAddress?.port ?? address.port))
            },
            // Connections that are accepted and set up on one loop are never between the two when the socket is closed.
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton.next()),
            logger: logger)
        let serving = Task {
            defer { opened.finish() }
            try await application.run()
        }
        do {
            try await withTaskCancellationHandler {
                try await serving.value
            } onCancel: {
                Task {
                    await sockets.first { _ in true }?.closeListening()
                    serving.cancel()
                }
            }
        } catch let error as IOError {
            throw CannotListen(description: String(cString: strerror(error.errnoCode)))
        } catch {
            // The library has its own word for a socket that was closed on purpose.
            guard Task.isCancelled else { throw error }
        }
    }

    private func router() -> Router<CallerContext> {
        let router = Router(context: CallerContext.self)
        router.add(middleware: Gatekeeper(token: token))
        router.get("/healthz") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "ok\n")))
        }
        router.get("/v1/status") { [board] _, _ in
            let content = board.content
            guard let report = content.report else {
                throw APIError.starting
            }
            return json(
                StatusDocument(
                    report, zone: content.zone, refusedReload: content.refusedReload,
                    undelivered: content.undelivered))
        }
        questions.add(to: router)
        router.post("/v1/actions") { request, context in try await act(request, context) }
        journal?.add(to: router)
        hooks?.add(to: router)
        if let reload {
            router.post("/v1/reload") { request, _ in
                let body = try await request.body.collect(upTo: Gatekeeper<CallerContext>.bodyLimit)
                return json(
                    try ReloadAnswer(await reload(try ReloadRequest(json: body)), now: HostClock.now().wall))
            }
        }
        return router
    }

    private func act(_ request: Request, _ context: CallerContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Gatekeeper<CallerContext>.bodyLimit)
        let document: ActionDocument
        do {
            document = try ActionDocument(json: body)
        } catch {
            throw APIError(
                .badRequest, "invalid-body", "the body is not a lever: \(error)",
                hint: #"for example {"action":"hold","node":"node-01","for":"4h","reason":"disk swap"}"#)
        }
        let key = HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] }
        if let key, key.utf8.count > ActionDocument.keyLimit {
            throw APIError(.badRequest, "invalid-value", "the key is longer than \(ActionDocument.keyLimit) bytes")
        }
        let zone = board.content.zone
        let order = try document.order(zone, now: HostClock.now().wall)
        switch await pull(Pull(order, by: context.user ?? "somebody", key: key)) {
        case .success(let answer): return json(ActionDocument.Answer(answer, zone))
        case .failure(let refusal): throw APIError(refusal)
        }
    }
}
