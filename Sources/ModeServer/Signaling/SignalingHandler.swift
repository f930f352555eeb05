import Foundation
import ModeCore
import NIOCore
import NIOWebSocket
import Primitives

/// One client's WebSocket: reads its wish, asks, admits, and stays until one of the two sides ends it.
///
/// All of it happens on the event loop of the socket, so there is no moment at which a connection is admitted that
/// nobody would take back when the socket goes.
final class SignalingHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private enum State {
        case waiting
        /// The auth hook is being asked.
        case asking
        case live(ConnectionID)
        /// A close frame was sent.
        case closing
    }

    private let node: SignalingNode
    private var state = State.waiting
    private var message = FragmentedMessage()
    private var deadline: Scheduled<Void>?
    private var silences = 0

    init(_ node: SignalingNode) { self.node = node }

    private var settings: SignalingSettings { node.settings }
    private var served: ServedCluster { node.served }

    func handlerAdded(context: ChannelHandlerContext) {
        schedule(settings.firstMessage, context) { $0.reject(.tooLate, $1) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        leave()
        state = .closing
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        silences = 0
        if case .closing = state {
            if frame.opcode == .connectionClose { context.close(promise: nil) }
            return
        }
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return fail(.protocolError, context)
        }
        switch frame.opcode {
        case .ping: send(.pong, frame.unmaskedData, context)
        case .pong: return
        case .connectionClose: answerClose(frame.unmaskedData, context)
        default:
            switch message.take(frame) {
            case .incomplete: return
            case .failed(let code): fail(code, context)
            case .complete(let text): take(text, context)
            }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let disconnection as Disconnection: end(disconnection, context)
        case IdleStateHandler.IdleStateEvent.read:
            silences += 1
            if silences > 1 { context.close(promise: nil) } else { send(.ping, ByteBuffer(), context) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(.messageTooLarge, context)
        case is NIOWebSocketError: fail(.protocolError, context)
        default: context.close(promise: nil)
        }
    }
}

extension SignalingHandler {
    private func take(_ text: String, _ context: ChannelHandlerContext) {
        let value = JSONValue.parse(text.utf8)
        switch state {
        case .waiting: connect(value, context)
        case .asking: if value?.string("type") == "disconnect" { close(.normalClosure, "", context) }
        case .live: hear(value, context)
        case .closing: break
        }
    }

    private func connect(_ value: JSONValue?, _ context: ChannelHandlerContext) {
        deadline?.cancel()
        guard let value else { return reject(.badMessage("not JSON"), context) }
        let request: ConnectRequest
        do throws(ConnectRequest.Fault) {
            request = try ConnectRequest(value)
        } catch {
            return reject(.badMessage(error.description), context)
        }
        let client = SocketClient(
            request: request, reserved: served.reserve(), socket: SignalingSocket(context.channel))
        guard served.webhooks.asks(node.index) else {
            return admit(client, mayRedirect: true, context)
        }
        switch served.outlook(of: request, at: node.index) {
        case .here: ask(about: client, context)
        case .redirect(let other): redirect(client, to: other, context)
        case .rejected(let rejection): refuse(client, rejection, context)
        }
    }

    private func ask(about client: SocketClient, _ context: ChannelHandlerContext) {
        state = .asking
        let question = Webhooks.question(
            client.request, connectionID: served.ids.text(client.reserved), at: served.clock.now,
            version: served.read { $0.cluster[node.index].version }, nodeName: served.names[node.index])
        let (webhooks, index) = (served.webhooks, node.index)
        let promise = context.eventLoop.makePromise(of: Webhooks.Verdict.self)
        promise.completeWithTask { await webhooks.ask(question, of: index) }
        promise.futureResult.assumeIsolated().whenSuccess { verdict in
            guard case .asking = self.state else { return }
            switch verdict {
            case .allowed: self.admit(client, mayRedirect: false, context)
            case .refused(let text): self.refuse(client, .auth(text), context)
            }
        }
    }

    private func admit(_ client: SocketClient, mayRedirect: Bool, _ context: ChannelHandlerContext) {
        switch served.admit(client, at: node.index, mayRedirect: mayRedirect) {
        case .admitted(let accepted):
            state = .live(accepted.connection)
            send(accepted.message, context)
        case .redirect(let other): redirect(client, to: other, context)
        case .rejected(let rejection): refuse(client, rejection, context)
        }
    }

    private func redirect(_ client: SocketClient, to other: Int, _ context: ChannelHandlerContext) {
        guard let location = node.directory[other]?.signaling else {
            return refuse(client, SignalingRejection(.noNode), context)
        }
        send(["type": "redirect", "location": .string(location)], context)
        close(.normalClosure, "redirect", context)
    }

    private func refuse(_ client: SocketClient, _ rejection: SignalingRejection, _ context: ChannelHandlerContext) {
        served.noteFailed(client, rejection, at: node.index)
        reject(rejection, context)
    }

    /// What a connected client says.
    private func hear(_ value: JSONValue?, _ context: ChannelHandlerContext) {
        switch value?.string("type") {
        case "disconnect"?:
            leave()
            close(.normalClosure, "", context)
        case "ping"?: send(["type": "pong"], context)
        case "connect"?, nil:
            leave()
            send(["type": "disconnect", "reason": "bad_message"], context)
            close(.refused, "bad_message", context)
        // What real clients go on to say, about media, is none of this server's business.
        default: return
        }
    }

    private func end(_ disconnection: Disconnection, _ context: ChannelHandlerContext) {
        if disconnection.reason == .nodeCrashed {
            leave()
            state = .closing
            return context.close(promise: nil)
        }
        switch state {
        case .closing: return
        case .waiting, .asking: break
        case .live:
            leave()
            send(disconnection.message, context)
        }
        close(
            disconnection.reason == .nodeStopped ? .goingAway : .normalClosure, disconnection.reason.rawValue, context)
    }

    /// The state comes first: taking the connection back tells this very handler.
    private func leave() {
        guard case .live(let connection) = state else { return }
        state = .closing
        served.leave(connection)
    }
}

extension SignalingHandler {
    private func reject(_ rejection: SignalingRejection, _ context: ChannelHandlerContext) {
        send(rejection.answer, context)
        close(.refused, rejection.reason, context)
    }

    /// The client broke the protocol of WebSockets.
    private func fail(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        if case .closing = state { return }
        leave()
        close(code, "", context)
    }

    private func answerClose(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        leave()
        state = .closing
        var data = data
        let code = data.readWebSocketErrorCode() ?? (data.readableBytes == 0 ? .normalClosure : .protocolError)
        send(.connectionClose, closeBody(code, ""), context)
        context.close(promise: nil)
    }

    private func close(_ code: WebSocketErrorCode, _ reason: String, _ context: ChannelHandlerContext) {
        state = .closing
        send(.connectionClose, closeBody(code, reason), context)
        schedule(settings.closing, context) { $1.close(promise: nil) }
    }

    private func closeBody(_ code: WebSocketErrorCode, _ reason: String) -> ByteBuffer {
        var body = ByteBuffer()
        body.write(webSocketErrorCode: code)
        body.writeString(reason)
        return body
    }

    private func send(_ message: JSONValue, _ context: ChannelHandlerContext) {
        send(.text, ByteBuffer(string: message.text), context)
    }

    /// A client that does not read what it is sent is dropped.
    private func send(_ opcode: WebSocketOpcode, _ data: ByteBuffer, _ context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    }

    private func schedule(
        _ delay: Duration, _ context: ChannelHandlerContext,
        _ body: @escaping (SignalingHandler, ChannelHandlerContext) -> Void
    ) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(delay.nanoseconds)) {
            body(self, context)
        }
    }
}

extension WebSocketErrorCode {
    /// The client was turned away; the reason says why.
    fileprivate static let refused = WebSocketErrorCode(codeNumber: 4490)
}
