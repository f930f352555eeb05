import NIOCore
import Synchronization

/// The connections that a listener has accepted, so that a node which goes down drops them all.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: connections at once; one more is closed as soon as it comes.
    init(limit: Int = .max) { self.limit = limit }

    /// A handler that takes its connection in and out.
    func handler() -> any RemovableChannelHandler { Registration(self) }

    /// Drops all connections, and each that still comes.
    ///
    /// - Parameter event: told to each connection before.
    func closeAll(after event: (any Sendable)? = nil) {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels {
            if let event { channel.pipeline.fireUserInboundEventTriggered(event) }
            channel.close(mode: .all, promise: nil)
        }
    }

    /// Waits until all are closed.
    func allClosed() async {
        for channel in state.withLock({ Array($0.channels.values) }) { try? await channel.closeFuture.get() }
    }

    private func add(_ channel: any Channel) {
        let isTooMuch = state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = channel
            return state.isClosed || state.channels.count > limit
        }
        if isTooMuch { channel.close(mode: .all, promise: nil) }
    }

    private func remove(_ channel: any Channel) {
        state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    private final class Registration: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = NIOAny

        private let connections: OpenConnections

        init(_ connections: OpenConnections) { self.connections = connections }

        func handlerAdded(context: ChannelHandlerContext) { connections.add(context.channel) }

        func handlerRemoved(context: ChannelHandlerContext) { connections.remove(context.channel) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.fireChannelRead(data) }
    }
}
