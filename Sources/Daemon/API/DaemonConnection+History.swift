import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

extension DaemonConnection {
    /// - Parameter parameters: of the query, by name.
    package func history(_ parameters: [String: String]) async throws(Failure) -> Answer<HistoryDocument> {
        try await answer("/v1/history" + Self.query(parameters), "the history")
    }

    package struct Answer<Document: Decodable & Sendable>: Sendable {
        package var document: Document
        /// As the daemon sent it.
        package var json: String
    }

    package func runs() async throws(Failure) -> Answer<RunsDocument> {
        try await answer("/v1/runs", "the list of runs")
    }

    package func run(_ id: String) async throws(Failure) -> Answer<RunDocument> {
        try await answer("/v1/runs/\(Self.escaped(id))", "the run")
    }

    package func reload(_ request: ReloadRequest) async throws(Failure) -> Answer<ReloadDocument> {
        try await answer("/v1/reload", "the answer", body: ByteBuffer(string: jsonText(request)))
    }

    private func answer<Document: Decodable & Sendable>(
        _ path: String, _ what: String, body: ByteBuffer? = nil
    ) async throws(Failure) -> Answer<Document> {
        let bytes = try await call(
            body == nil ? .GET : .POST, path, headers: body == nil ? [:] : ["content-type": "application/json"],
            body: body)
        guard let document = try? JSONDecoder().decode(Document.self, from: bytes) else {
            throw .badAnswer("\(what) cannot be read")
        }
        return Answer(document: document, json: String(decoding: bytes, as: UTF8.self))
    }

    /// Hands over every record that is wanted, as the daemon writes it. Returns when the daemon ends the stream.
    ///
    /// - Parameters:
    ///   - after: the id of the record behind which it begins, kept at the one that came last.
    ///   - missed: records from here on, and before there, are not kept any more.
    ///   - take: the record, and its JSON as it came.
    package func follow(
        _ parameters: [String: String], after: inout Int64, missed: (Int64, Int64) -> Void = { _, _ in },
        _ take: (HistoryDocument.Record, String) -> Void
    ) async throws(Failure) {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.proxy = nil
        // A daemon that says nothing for three heartbeats is not there any more.
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(45))
        // Else it would try until the deadline, and there is none.
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        let result: Result<Void, Failure>
        do {
            try await follow(parameters, after: &after, client, missed, take)
            result = .success(())
        } catch let failure as Failure {
            result = .failure(failure)
        } catch {
            result = .failure(.unreachable("the connection broke"))
        }
        try? await client.shutdown()
        try result.get()
    }

    private func follow(
        _ parameters: [String: String], after: inout Int64, _ client: HTTPClient, _ missed: (Int64, Int64) -> Void,
        _ take: (HistoryDocument.Record, String) -> Void
    ) async throws {
        var request = HTTPClientRequest(url: "http://\(address)/v1/events" + Self.query(parameters))
        request.headers.add(name: "last-event-id", value: "\(after)")
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw Failure.unreachable("connection refused")
        }
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: 1 << 20)
            let answer = CallAnswer(status: Int(response.status.code), body: body)
            throw refusal(of: answer)
        }
        var events = EventReader()
        for try await bytes in response.body {
            for event in events.take(bytes.readableBytesView) {
                guard let data = event.data else {
                    after = event.id ?? after
                    continue
                }
                if event.kind == "gap", let gap = try? JSONDecoder().decode(EventGap.self, from: Data(data.utf8)) {
                    missed(gap.after + 1, gap.first)
                    continue
                }
                guard let record = try? JSONDecoder().decode(HistoryDocument.Record.self, from: Data(data.utf8)) else {
                    continue
                }
                take(record, data)
                after = record.id
            }
        }
    }

    /// `?a=1&b=2`, or nothing.
    static func query(_ parameters: [String: String]) -> String {
        guard !parameters.isEmpty else { return "" }
        let pairs = parameters.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(escaped(value))"
        }
        return "?" + pairs.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .unreserved) ?? ""
    }
}

extension CharacterSet {
    /// Of RFC 3986: in a query, a plus would be read as a space.
    fileprivate static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
