import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// What a responder knows of the connection that a request came in on.
struct ListenerContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }

    /// `127.0.0.1:4711`, for the log.
    var peer: String {
        guard let address = channel.remoteAddress, let ip = address.ipAddress else { return "-" }
        return "\(ip):\(address.port ?? 0)"
    }

    /// Closes the connection when the client closes its end, which may be long before an answer would be written.
    func closeWithClient() async throws {
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.addHandler(ClosingWithClient(), position: .first)
        }.get()
    }

    private final class ClosingWithClient: ChannelInboundHandler {
        typealias InboundIn = NIOAny

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
            context.fireUserInboundEventTriggered(event)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.fireChannelRead(data) }
    }
}

/// The limits of a listener, all explicit: hummingbird by itself has no idle timeout.
enum ListenerLimits {
    static let idleTimeout = TimeAmount.seconds(60)
    static let headerBytes = 16 * 1024
    static let headerFields = 100
    static let connections = 4096
    /// How long whoever was accepted may take to be taken up.
    static let takingUp = Duration.milliseconds(250)
}

/// One listening socket on the loopback with its connections. Closing it frees the port and drops every connection.
final class HTTPListener: Sendable {
    let port: Int
    private let socket: any Channel
    private let connections: OpenConnections
    private let serving: Task<Void, any Error>

    private init(port: Int, socket: any Channel, connections: OpenConnections, serving: Task<Void, any Error>) {
        self.port = port
        self.socket = socket
        self.connections = connections
        self.serving = serving
    }

    /// Listens on the port, or on a free one if it is 0.
    static func open<Responder: HTTPResponder>(
        host: String, port: Int, serverName: String, responder: Responder
    ) async throws -> HTTPListener where Responder.Context == ListenerContext {
        let connections = OpenConnections()
        let (sockets, opened) = AsyncThrowingStream<any Channel, any Error>.makeStream()
        let application = Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [connections.handler()],
                    idleTimeout: ListenerLimits.idleTimeout,
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: ListenerLimits.headerBytes, maxHeaderListSize: ListenerLimits.headerBytes,
                        maxHeaderFieldCount: ListenerLimits.headerFields))),
            configuration: .init(
                address: .hostname(host, port: port), serverName: serverName,
                availableConnectionsDelegate: MaximumAvailableConnections(ListenerLimits.connections)),
            onServerRunning: { socket in
                opened.yield(socket)
                opened.finish()
            },
            // On one loop nobody is between accepted and taken up for longer than it is busy.
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton.next()),
            logger: Logger(label: "mode-server") { _ in SwiftLogNoOpLogHandler() })
        let serving = Task {
            do {
                try await application.run()
                opened.finish()
            } catch {
                opened.finish(throwing: error)
                throw error
            }
        }
        for try await socket in sockets {
            return HTTPListener(
                port: socket.localAddress?.port ?? port, socket: socket, connections: connections, serving: serving)
        }
        // Cancelled while it opened, or closed by itself: nobody would close what is left.
        serving.cancel()
        _ = await serving.result
        try Task.checkCancellation()
        throw ModeServerError.listenerClosed(port: port)
    }

    /// Refuses new connections, then drops the open ones, answered or not.
    func close() async {
        do {
            try await socket.close()
        } catch {
            // Closed already, which is what was wanted.
        }
        connections.closeAll()
        let serving = serving
        Task {
            // Cancelled before whoever was accepted has been taken up, it stops the process (`NIOAsyncWriter`'s `deinit`;
            // swift-nio, issue 2637).
            try? await Task.sleep(for: ListenerLimits.takingUp)
            serving.cancel()
        }
    }
}
