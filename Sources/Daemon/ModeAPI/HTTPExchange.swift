import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL

/// One request and its whole answer within a deadline, from connecting to the last byte.
struct HTTPExchange: Sendable {
    let client: HTTPClient
    let probe: CertificateProbe

    init(client: HTTPClient) {
        self.client = client
        probe = CertificateProbe(client.eventLoopGroup)
    }

    var group: any EventLoopGroup { client.eventLoopGroup }

    /// Nothing of it is left to the library's defaults: those follow redirects, wait for ever for an answer that stalls, and
    /// keep trying to connect until the deadline.
    ///
    /// One loop for its calls and its connections: where a question with a body is answered before all of it was sent, the
    /// library (1.37.0) lets go of the connection by way of the call's loop. If that is another loop than the connection's,
    /// and the connection ends in between, it stops the process ("A connection that we don't know was released").
    ///
    /// - Parameter tls: nil: what this host trusts.
    static func makeClient(_ tls: TLSConfiguration? = nil) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.tlsConfiguration = tls
        configuration.redirectConfiguration = .disallow
        configuration.proxy = nil
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(connect: .seconds(10), read: nil)
        configuration.connectionPool.idleTimeout = .seconds(45)
        // Calls about one node come one after another, so that each node has one connection. More are allowed for nodes
        // behind one proxy, where a hung one would else hold up the rest.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup.any(), configuration: configuration)
    }

    /// - Parameter tls: whom to trust at an https address, and what to show there; nil: what this host trusts.
    func perform(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: ByteBuffer? = nil, tls: NodeTLS? = nil,
        deadline: NIODeadline, bodyLimit: Int
    ) async throws(CallFailure) -> CallAnswer {
        // Its connections end with it.
        defer { withExtendedLifetime(tls) {} }
        do {
            let request = try HTTPClient.Request(
                url: url, method: method, headers: headers, body: body.map { .byteBuffer($0) })
            // The library's async interface gives up its deadline with the head of an answer, whose body may then drip
            // for ever, and costs twice as much.
            let task = (tls?.client ?? client).execute(
                request: request, delegate: ResponseAccumulator(request: request, maxBodySize: bodyLimit),
                deadline: deadline)
            let response = try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
            return CallAnswer(
                status: Int(response.status.code), body: response.body ?? ByteBuffer(),
                date: response.headers.first(name: "date").flatMap(HTTPDate.instant),
                retryAfter: response.headers.first(name: "retry-after"))
        } catch {
            if let fault = TLSFault(error) {
                let reason = await probe.explain(fault, url, tls: tls)
                if fault.isAboutPeer { throw .distrusted(reason) }
                // Under TLS 1.3 a server may ask for a certificate after the request has gone out.
                throw fault == .noTLS ? .notConnected(reason) : .broken(reason)
            }
            throw Self.failure(error, deadline: deadline, bodyLimit: bodyLimit)
        }
    }

    private static func failure(_ error: any Error, deadline: NIODeadline, bodyLimit: Int) -> CallFailure {
        if error is ResponseAccumulator.ResponseTooBigError { return .tooLarge(limit: bodyLimit) }
        if let error = error as? HTTPClientError {
            switch error {
            case .connectTimeout: return .notConnected("no connection in time")
            case .deadlineExceeded, .readTimeout: return .timedOut
            case .cancelled: return .broken("given up: the daemon is stopping")
            case .remoteConnectionClosed: return .broken("the connection was closed without an answer")
            case .invalidURL, .emptyHost, .emptyScheme:
                return .notConnected(error.shortDescription)
            default: break
            }
        }
        if NIODeadline.now() >= deadline { return .timedOut }
        if let error = error as? IOError {
            // Only an attempt to connect is refused; every other code may also end a connection that was used.
            return error.errnoCode == ECONNREFUSED
                ? .notConnected("connection refused") : .broken(String(cString: strerror(error.errnoCode)))
        }
        // The type that says which addresses were tried belongs to a module that this target does not use.
        if String(describing: type(of: error)) == "NIOConnectionError" { return .notConnected(connectReason(error)) }
        return .broken("\(error)")
    }

    private static func connectReason(_ error: any Error) -> String {
        let text = "\(error)"
        for (needle, reason) in [
            ("Connection refused", "connection refused"), ("No route", "no route to host"),
            ("unreachable", "network unreachable"), ("Name or service not known", "no such host"),
        ] where text.contains(needle) {
            return reason
        }
        return String(text.prefix(200))
    }
}
