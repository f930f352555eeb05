import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Primitives
import Synchronization

/// The node that a signaling listener stands for.
struct SignalingNode: Sendable {
    var index: Int
    var served: ServedCluster
    var directory: NodeDirectory
    var settings: SignalingSettings
    var serverName: String
}

/// The signaling port of one node: `/.ok` for load balancers, and WebSockets of clients on `/signaling`.
final class SignalingListener: Sendable {
    let port: Int
    private let socket: any Channel
    private let connections: OpenConnections

    private init(port: Int, socket: any Channel, connections: OpenConnections) {
        self.port = port
        self.socket = socket
        self.connections = connections
    }

    /// Listens on the port, or on a free one if it is 0.
    static func open(host: String, port: Int, _ node: SignalingNode) async throws -> SignalingListener {
        let connections = OpenConnections(limit: node.settings.maxSockets + SignalingSettings.spareConnections)
        let sockets = SocketCount(limit: node.settings.maxSockets)
        let socket = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: .init(low: SignalingSettings.maxUnsentBytes / 2, high: SignalingSettings.maxUnsentBytes)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(connections.handler())
                    try configure(channel, node, sockets)
                }
            }
            .bind(host: host, port: port).get()
        return SignalingListener(
            port: socket.localAddress?.port ?? port, socket: socket, connections: connections)
    }

    /// Refuses new connections, then tells the open ones why it is over and drops them.
    func close(because disconnection: Disconnection) async {
        // Closed already is what was wanted.
        try? await socket.close()
        connections.closeAll(after: disconnection)
        await connections.allClosed()
    }

    private static func configure(_ channel: any Channel, _ node: SignalingNode, _ sockets: SocketCount) throws {
        let readiness = "readiness"
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: SignalingSettings.maxMessageBytes, automaticErrorHandling: false,
            shouldUpgrade: { channel, head in
                let isWanted = head.method == .GET && head.uri.path == "/signaling" && sockets.take()
                if isWanted { channel.closeFuture.whenComplete { _ in sockets.giveBack() } }
                return channel.eventLoop.makeSucceededFuture(isWanted ? [:] : nil)
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        IdleStateHandler(readTimeout: .nanoseconds(node.settings.idle.nanoseconds)),
                        SignalingHandler(node),
                    ])
                }
            })
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ListenerLimits.headerBytes
        limits.maxHeaderListSize = ListenerLimits.headerBytes
        limits.maxHeaderFieldCount = ListenerLimits.headerFields
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { $0.pipeline.removeHandler(name: readiness, promise: nil) }
            ),
            withEncoderConfiguration: .init(), withDecoderLimitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandler(ReadinessHandler(node, sockets), name: readiness)
    }
}

/// How many WebSockets a listener has.
final class SocketCount: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = limit }

    var isFull: Bool { count.load(ordering: .relaxed) >= limit }

    /// False if there are as many as allowed.
    func take() -> Bool {
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            giveBack()
            return false
        }
        return true
    }

    func giveBack() { count.wrappingSubtract(1, ordering: .relaxed) }
}

extension String {
    /// A request's target without its query.
    var path: Substring { prefix { $0 != "?" } }
}
