import Foundation
import NIOCore
import NIOHTTP1
import Primitives
import Scheduling

/// Calls addresses that policies name: of `http` steps, of gates, of whoever is to be told something. Never follows a redirect:
/// what is sent there is meant for nobody else.
struct AddressCaller: Sendable {
    /// Longest answer that is looked at, in bytes.
    static let bodyLimit = 1 << 20

    let exchange: HTTPExchange
    let secrets: SecretSource
    /// Where files with secrets are read.
    let disk: DiskDesk

    /// Why there is no answer.
    enum Failure: Error {
        /// A secret is not there: nothing was sent.
        case secret(SecretSource.Missing)
        case call(CallFailure)

        var reason: NodeText {
            switch self {
            case .secret(let missing): NodeText(cutting: missing.description)
            case .call(let failure): NodeText(cutting: failure.description)
            }
        }

        /// Whoever is called may have got something.
        var mayHaveArrived: Bool {
            switch self {
            case .secret: false
            case .call(let failure): failure.mayHaveArrived
            }
        }
    }

    /// A secret that is in a file is read where a disk that hangs holds up nobody else, and until the deadline only.
    func secret(_ reference: SecretReference, by deadline: NIODeadline) async throws(SecretSource.Missing) -> String {
        guard case .file(let name) = reference else { return try secrets.read(reference) }
        let secrets = secrets
        let left = Duration.nanoseconds((deadline - .now()).nanoseconds)
        let read: Result<String, SecretSource.Missing>
        do throws(DiskDesk.Unanswered) {
            read = try await disk.answer(about: secrets.path(of: name), within: left) {
                Result { () throws(SecretSource.Missing) in try secrets.read(reference) }
            }
        } catch {
            throw SecretSource.Missing(description: "\(error)")
        }
        return try read.get()
    }

    private func fields(
        _ headers: [String: SecretReference], contentType: String?, by deadline: NIODeadline
    ) async throws(Failure) -> HTTPHeaders {
        var fields = HTTPHeaders()
        for (name, reference) in headers.sorted(by: { $0.key < $1.key }) {
            do throws(SecretSource.Missing) {
                fields.replaceOrAdd(name: name, value: try await secret(reference, by: deadline))
            } catch {
                throw .secret(SecretSource.Missing(description: "header \(name): \(error)"))
            }
        }
        if let contentType, !fields.contains(name: "content-type") {
            fields.add(name: "content-type", value: contentType)
        }
        return fields
    }

    private func call(
        _ method: HTTPMethod, _ url: String, _ fields: HTTPHeaders, body: String?, by deadline: NIODeadline
    ) async throws(Failure) -> CallAnswer {
        do throws(CallFailure) {
            return try await exchange.perform(
                method, url, headers: fields, body: body.map { ByteBuffer(string: $0) }, deadline: deadline,
                bodyLimit: Self.bodyLimit)
        } catch {
            throw .call(error)
        }
    }

    private func fields(
        of request: HTTPRequest, by deadline: NIODeadline
    ) async throws(Failure) -> HTTPHeaders {
        let type = request.body.map { HTTPRequest.isJSON($0) ? "application/json" : "text/plain; charset=utf-8" }
        return try await fields(request.headers, contentType: type, by: deadline)
    }

    private func call(
        _ request: HTTPRequest, _ fields: HTTPHeaders, by deadline: NIODeadline
    ) async throws(Failure) -> CallAnswer {
        try await call(
            HTTPMethod(rawValue: request.method.rawValue), request.url, fields, body: request.body, by: deadline)
    }

    private static func deadline(in limit: Duration) -> NIODeadline { .now() + .nanoseconds(limit.nanoseconds) }

    /// One attempt of an `http` step.
    func outcome(
        of start: CommandStart, _ request: HTTPRequest, _ expected: HTTPExpectation
    ) async -> CommandOutcome {
        do throws(Failure) {
            // Later it may not be sent any more.
            let patience = min(start.timeout, start.notAfter.uptime - HostClock.now().uptime)
            let fields = try await fields(of: request, by: Self.deadline(in: patience))
            // The disk may have taken its time.
            guard HostClock.now().uptime <= start.notAfter.uptime, !Task.isCancelled else { return .neverBegan }
            let deadline = Self.deadline(in: start.timeout)
            do throws(Failure) {
                let answer = try await call(request, fields, by: deadline)
                return .answered(status: answer.status, fault: expected.fault(in: answer))
            } catch {
                guard error.mayHaveArrived else { throw error }
                // A connection that breaks stops nobody: whoever got it may be at it as long as it may take.
                try? await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
                return .noAnswer(error.reason)
            }
        } catch {
            if case .secret = error, Task.isCancelled { return .neverBegan }
            return .notStarted(error.reason)
        }
    }

    func measure(_ request: HTTPRequest, _ expected: HTTPExpectation, limit: Duration) async -> GateResult {
        let deadline = Self.deadline(in: limit)
        do throws(Failure) {
            let answer = try await call(request, try await fields(of: request, by: deadline), by: deadline)
            let status = "answered \(answer.status)"
            return expected.fault(in: answer).map { .fail(NodeText(cutting: "\(status): \($0)")) }
                ?? .pass(NodeText(cutting: status))
        } catch {
            return .unknown(error.reason)
        }
    }

    /// Asks a Prometheus server for an instant vector or a scalar (`/api/v1/query`).
    func measure(_ query: PrometheusQuery, limit: Duration) async -> GateResult {
        var form = URLComponents()
        form.queryItems = [URLQueryItem(name: "query", value: query.query)]
        // In a form `+` is a space, which URLComponents leaves as it is.
        let body = (form.percentEncodedQuery ?? "").replacing("+", with: "%2B")
        let base = query.url.hasSuffix("/") ? String(query.url.dropLast()) : query.url
        let deadline = Self.deadline(in: limit)
        do throws(Failure) {
            let fields = try await fields(
                query.headers, contentType: "application/x-www-form-urlencoded", by: deadline)
            let answer = try await call(.POST, base + "/api/v1/query", fields, body: body, by: deadline)
            return PrometheusAnswer.result(of: answer, query)
        } catch {
            return .unknown(error.reason)
        }
    }
}

extension HTTPExpectation {
    /// Why that is not the answer that is wanted; nil: it is.
    func fault(in answer: CallAnswer) -> NodeText? {
        let said = answer.start.isEmpty ? "" : "; it said: \(answer.start)"
        if let status, answer.status != status { return NodeText(cutting: "\(status) is wanted\(said)") }
        if status == nil, !(200..<300).contains(answer.status) {
            return NodeText(cutting: "200 to 299 is wanted\(said)")
        }
        guard let contains, !String(buffer: answer.body).contains(contains) else { return nil }
        return NodeText(cutting: "the answer does not contain \(contains)")
    }
}

/// What a Prometheus server says to an instant query.
enum PrometheusAnswer {
    private struct Answer: Decodable {
        var status: String
        var error: String?
        var data: Content?
    }

    private enum Content: Decodable {
        case values([(labels: [String: String], value: Double?)])
        case other(String)

        private enum Key: String, CodingKey { case resultType, result }

        private struct Sample: Decodable {
            var value: Double?

            /// `[1700000000.1, "0.25"]`
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                _ = try container.decode(Double.self)
                value = Double(try container.decode(String.self))
            }
        }

        private struct Series: Decodable {
            var metric: [String: String]
            var value: Sample
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            let type = try container.decode(String.self, forKey: .resultType)
            switch type {
            case "scalar": self = .values([([:], try container.decode(Sample.self, forKey: .result).value)])
            case "vector":
                self = .values(try container.decode([Series].self, forKey: .result).map { ($0.metric, $0.value.value) })
            default: self = .other(type)
            }
        }
    }

    static func result(of answer: CallAnswer, _ query: PrometheusQuery) -> GateResult {
        guard let decoded = answer.decoded(Answer.self) else {
            return .unknown(NodeText(cutting: "no answer of Prometheus: \(answer.summary)"))
        }
        guard decoded.status == "success", let data = decoded.data else {
            return .unknown(NodeText(cutting: decoded.error ?? "status \(answer.status)"))
        }
        guard case .values(let values) = data else { return .unknown("the query does not give an instant value") }
        guard !values.isEmpty else { return .unknown("no data") }
        for (labels, value) in values {
            let name = labels.isEmpty ? "" : " (\(text(labels)))"
            guard let value, !value.isNaN else { return .unknown(NodeText(cutting: "not a number\(name)")) }
            if let least = query.min, value < least {
                return .fail(NodeText(cutting: "\(text(value, least)) is less than \(text(least))\(name)"))
            }
            if let most = query.max, value > most {
                return .fail(NodeText(cutting: "\(text(value, most)) is more than \(text(most))\(name)"))
            }
        }
        let most = text(values.compactMap(\.value).max() ?? 0)
        return .pass(NodeText(cutting: values.count == 1 ? most : "\(values.count) values, the largest \(most)"))
    }

    /// Six digits, which people read, but where they would hide on which side of the bound it is.
    private static func text(_ value: Double, _ bound: Double? = nil) -> String {
        let short = String(format: "%.6g", value)
        return short == bound.map { String(format: "%.6g", $0) } ? "\(value)" : short
    }

    private static func text(_ labels: [String: String]) -> String {
        labels.filter { $0.key != "__name__" }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: ", ")
    }
}
