import NIOCore
import NIOHTTP1
import NIOPosix

/// An application that is called by hooks: keeps the bodies, and answers as it is told to.
final class HookServer: Sendable {
    enum Reply: Sendable {
        case answer(Int, String = "", headers: HTTPHeaders = [:])
        /// 200 with this body, as soon as the gate is open.
        case held(Gate, String)
        /// Takes the request and never says a word.
        case silence
    }

    final class Gate: Sendable {
        private let opening = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)

        /// Once.
        func open() { opening.succeed() }

        fileprivate var isOpen: EventLoopFuture<Void> { opening.futureResult }
    }

    struct Call: Sendable {
        var path: String
        var headers: HTTPHeaders
        var body: String
    }

    let address: String
    private let socket: any Channel
    private let log: Collected<Call>

    private init(socket: any Channel, log: Collected<Call>) {
        self.socket = socket
        self.log = log
        address = "http://127.0.0.1:\(socket.localAddress?.port ?? 0)"
    }

    /// The bodies of the calls of a path, in the order in which they came.
    func bodies(_ path: String) -> [String] { log.all.filter { $0.path == path }.map(\.body) }

    var all: [Call] { log.all }

    /// Serves for as long as the body runs.
    static func serving(
        _ reply: @escaping @Sendable (Call) -> Reply = { _ in .answer(204) },
        _ body: (HookServer) async throws -> Void
    ) async throws {
        let log = Collected<Call>()
        let socket = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(log, reply))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(HookServer(socket: socket, log: log))
        } catch {
            try await socket.close()
            throw error
        }
        try await socket.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let log: Collected<Call>
        private let reply: @Sendable (Call) -> Reply
        private var call: Call?

        init(_ log: Collected<Call>, _ reply: @escaping @Sendable (Call) -> Reply) {
            self.log = log
            self.reply = reply
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): call = Call(path: head.uri, headers: head.headers, body: "")
            case .body(let bytes): call?.body += String(buffer: bytes)
            case .end:
                guard let call else { return }
                log.add(call)
                switch reply(call) {
                case .silence: return
                case .held(let gate, let body):
                    gate.isOpen.hop(to: context.eventLoop).assumeIsolated().whenSuccess {
                        self.answer(200, body, [:], context)
                    }
                case .answer(let status, let body, let headers): answer(status, body, headers, context)
                }
            }
        }

        private func answer(
            _ status: Int, _ body: String, _ headers: HTTPHeaders, _ context: ChannelHandlerContext
        ) {
            var headers = headers
            headers.add(name: "content-length", value: String(body.utf8.count))
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
