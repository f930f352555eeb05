import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// A node that is `normal`, behind real TLS on 127.0.0.1.
final class TLSNode: Sendable {
    private final class Shown: Sendable {
        let context: Mutex<NIOSSLContext?>

        init(_ first: NIOSSLContext?) { context = Mutex(first) }
    }

    private let channel: any Channel
    private let shown: Shown

    /// - Parameters:
    ///   - certificate: nil: it speaks no TLS after all.
    ///   - clientCA: who must have signed what callers show; nil: they need not show anything.
    ///   - latest: the latest TLS that it speaks.
    init(_ certificate: TestCertificates.Pair?, clientCA: String? = nil, latest: TLSVersion = .tlsv13) async throws {
        let shown = Shown(try certificate.map { try Self.context($0, clientCA, latest) })
        self.shown = shown
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context = shown.context.withLock({ $0 }) {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answers())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var url: String { "https://127.0.0.1:\(port)/" }

    /// New connections are shown this.
    func show(_ certificate: TestCertificates.Pair) throws {
        let context = try Self.context(certificate)
        shown.context.withLock { $0 = context }
    }

    func stop() { channel.close(promise: nil) }

    private static func context(
        _ pair: TestCertificates.Pair, _ clientCA: String? = nil, _ latest: TLSVersion = .tlsv13
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(pair.certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: pair.key, format: .pem)))
        configuration.maximumTLSVersion = latest
        if let clientCA {
            configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(clientCA))
            configuration.certificateVerification = .noHostnameVerification
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

private final class Answers: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private var target = ""

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): target = head.headers.first(name: "x-sora-target") ?? ""
        case .body: break
        case .end:
            let text =
                switch target.split(separator: ".").last {
                case "GetMode": "{\"mode\":\"normal\"}"
                case "GetStatsReport": Sample.stats
                default: "[]"
                }
            let body = ByteBuffer(string: text)
            let headers: HTTPHeaders = ["content-length": "\(body.readableBytes)"]
            context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
