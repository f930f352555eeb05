import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Primitives
import Synchronization

/// Finds out what is wrong with a certificate, where the library says only that it is: looks at what the other end shows, in a
/// handshake that is broken off there. Nothing is ever sent on it.
final class CertificateProbe: Sendable {
    /// From connecting to the certificate.
    private static let patience = TimeAmount.seconds(2)
    /// How long a finding is told again, since a node that is not trusted is called every few seconds.
    private static let memory = Duration.seconds(30)
    /// More findings are not remembered.
    private static let limit = 10_000

    private struct Finding {
        var at: Uptime
        var text: String
    }

    private let group: any EventLoopGroup
    private let findings = Mutex<[String: Finding]>([:])

    init(_ group: any EventLoopGroup) {
        self.group = group
    }

    /// In words, with the certificate's own where it can be had.
    func explain(_ fault: TLSFault, _ url: String, tls: NodeTLS?) async -> String {
        let (host, port) = Self.place(url) ?? (url, 0)
        let key = "\(host) \(port) \(fault) \(tls?.digest ?? 0)"
        let now = HostClock.now()
        if let known = findings.withLock({ $0[key] }), now.uptime - known.at < Self.memory { return known.text }
        let certificate = fault.isAboutPeer ? await shown(at: url) : nil
        let text = fault.words(
            host: host, certificate, trusted: tls?.caFile ?? "this host", at: now.wall)
        findings.withLock { findings in
            if findings.count >= Self.limit { findings.removeAll() }
            findings[key] = Finding(at: now.uptime, text: text)
        }
        return text
    }

    /// What the other end shows of itself, believed or not; nil where nothing comes in time.
    func shown(at url: String) async -> NIOSSLCertificate? {
        guard let (host, port) = Self.place(url), let context = try? Self.context() else { return nil }
        let loop = group.any()
        let seen = loop.makePromise(of: NIOSSLCertificate?.self)
        let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(Self.patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(
                        context: context, serverHostname: isAddress ? nil : host,
                        customVerificationCallback: { certificates, verdict in
                            seen.succeed(certificates.first)
                            verdict.succeed(.failed)
                        })
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: host, port: port)
        connecting.whenFailure { _ in seen.succeed(nil) }
        connecting.whenSuccess { channel in channel.closeFuture.whenComplete { _ in seen.succeed(nil) } }
        let end = loop.scheduleTask(in: Self.patience) { seen.succeed(nil) }
        let certificate = try? await seen.futureResult.get()
        end.cancel()
        connecting.whenSuccess { $0.close(promise: nil) }
        return certificate ?? nil
    }

    /// Trusts nobody: the callback alone decides, and it always says no.
    private static func context() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([])
        return try NIOSSLContext(configuration: configuration)
    }

    /// Nil for anything but https.
    private static func place(_ url: String) -> (host: String, port: Int)? {
        guard url.lowercased().hasPrefix("https:"), let place = AddressProbe.place(of: url) else { return nil }
        return (place.host, place.port)
    }
}
