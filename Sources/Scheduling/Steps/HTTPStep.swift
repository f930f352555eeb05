import Primitives

/// Calls an address about the node.
package struct HTTPStep: Hashable, Sendable, Codable {
    /// Holds the defaults; its request is never sent.
    package static let standard = HTTPStep(request: HTTPRequest(url: ""))

    package enum Method: String, Hashable, Sendable, Codable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var request: HTTPRequest
    package var expected: HTTPExpectation
    /// For each attempt.
    package var timeout: Duration
    /// Further attempts after the first.
    package var retries: Int
    package var isDisruptive: Bool
    /// What follows when the daemon was restarted before the answer came.
    package var onInterrupted: Command.OnInterrupted

    /// - Parameter onInterrupted: nil: called once more where that does no harm (`Method.isIdempotent`).
    package init(
        request: HTTPRequest, expected: HTTPExpectation = HTTPExpectation(), timeout: Duration = .minutes(15),
        retries: Int = 0, isDisruptive: Bool = false, onInterrupted: Command.OnInterrupted? = nil
    ) {
        self.request = request
        self.expected = expected
        self.timeout = timeout
        self.retries = retries
        self.isDisruptive = isDisruptive
        self.onInterrupted = onInterrupted ?? (request.method.isIdempotent ? .rerun : .fail)
    }

    /// Which of several calls it is, for people.
    package var name: String { "\(Step.http(self).word) \(request.method.rawValue) \(request.url)" }

    package var asCommand: Command {
        Command(
            name: name, work: .call(request, expected), timeout: timeout, retries: retries, isDisruptive: isDisruptive,
            onInterrupted: onInterrupted)
    }
}

extension HTTPStep.Method {
    /// Sent twice it does what it does once (RFC 9110, section 9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete: true
        case .post, .patch: false
        }
    }
}

/// What is sent.
package struct HTTPRequest: Hashable, Sendable, Codable {
    package var method: HTTPStep.Method
    package var url: String
    /// Values are read from the environment or from files; texts never hold them.
    package var headers: [String: SecretReference]
    package var body: String?

    package init(
        method: HTTPStep.Method = .get, url: String, headers: [String: SecretReference] = [:], body: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// Which answer is a good one. Both hold.
package struct HTTPExpectation: Hashable, Sendable, Codable {
    /// Nil: any from 200 to 299.
    package var status: Int?
    /// A part of the body.
    package var contains: String?

    package init(status: Int? = nil, contains: String? = nil) {
        self.status = status
        self.contains = contains
    }
}
