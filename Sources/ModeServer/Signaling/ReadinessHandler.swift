import NIOCore
import NIOHTTP1
import Primitives

/// What the signaling port answers to requests that do not become WebSockets: `/.ok` for load balancers, refusals else.
final class ReadinessHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Bytes of a request's body that are read past; nobody asks with one.
    static let maxBodyBytes = 64 * 1024

    private let node: SignalingNode
    private let sockets: SocketCount
    private var head: HTTPRequestHead?
    private var bodyBytes = 0
    private var deadline: Scheduled<Void>?

    init(_ node: SignalingNode, _ sockets: SocketCount) {
        self.node = node
        self.sockets = sockets
    }

    func handlerAdded(context: ChannelHandlerContext) { expectRequest(context) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            bodyBytes = 0
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
            if bodyBytes > Self.maxBodyBytes { context.close(promise: nil) }
        case .end:
            guard let head else { return }
            self.head = nil
            deadline?.cancel()
            if head.uri.path == "/.ok" { probe(head, context) } else { respond(to: head, context) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A request that is no proper upgrade is passed on and answered below as what it is.
        if error is HTTPParserError || error is IOError { context.close(promise: nil) }
    }

    /// Answers the readiness probe with the faults that are switched on for it.
    private func probe(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let (faults, fails) = node.served.disturb(NodeFaults.readiness, of: node.index)
        if faults.neverAnswer { return expectRequest(context) }
        guard !faults.answerLost else { return context.close(promise: nil) }
        guard faults.latency > .zero else { return respond(to: head, context, fails: fails) }
        context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(faults.latency.nanoseconds)) {
            self.respond(to: head, context, fails: fails)
        }
    }

    private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext, fails: Bool = false) {
        var headers: HTTPHeaders = ["content-length": "0", "server": node.serverName]
        let status = fails ? .internalServerError : status(of: head)
        if status == .methodNotAllowed {
            headers.add(name: "allow", value: head.uri.path == "/.ok" ? "GET, HEAD" : "GET")
        }
        if !head.isKeepAlive { headers.add(name: "connection", value: "close") }
        let response = HTTPResponseHead(version: head.version, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if head.isKeepAlive {
            expectRequest(context)
        } else {
            written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        }
    }

    private func status(of head: HTTPRequestHead) -> HTTPResponseStatus {
        switch head.uri.path {
        case "/.ok":
            guard head.method == .GET || head.method == .HEAD else { return .methodNotAllowed }
            return node.served.isReady(node.index) ? .ok : .serviceUnavailable
        case "/signaling":
            guard head.method == .GET else { return .methodNotAllowed }
            return head.headers.contains(name: "upgrade") && sockets.isFull ? .serviceUnavailable : .badRequest
        default: return .notFound
        }
    }

    /// A connection on which no request comes, or only slowly, is given up.
    private func expectRequest(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(
            in: .nanoseconds(SignalingSettings.head.nanoseconds)
        ) {
            context.close(promise: nil)
        }
    }
}
