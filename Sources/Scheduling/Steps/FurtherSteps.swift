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

    package init(
        request: HTTPRequest, expected: HTTPExpectation = HTTPExpectation(), timeout: Duration = .minutes(15),
        retries: Int = 0, isDisruptive: Bool = false
    ) {
        self.request = request
        self.expected = expected
        self.timeout = timeout
        self.retries = retries
        self.isDisruptive = isDisruptive
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

/// Waits for a person's word about the node.
package struct ApprovalStep: Hashable, Sendable, Codable {
    package static let standard = ApprovalStep()

    /// Of open time; the run pauses after it.
    package var timeout: Duration

    package init(timeout: Duration = .hours(12)) {
        self.timeout = timeout
    }
}

/// Ends the live sessions of the node.
package struct TerminateStep: Hashable, Sendable, Codable {
    /// What the clients are told.
    package var reason: String

    package init(reason: String) {
        self.reason = reason
    }
}

/// Tells somebody, and does not wait for it.
package struct NotifyStep: Hashable, Sendable, Codable {
    /// The name of a Notification.
    package var notification: String
    package var text: String

    package init(notification: String, text: String) {
        self.notification = notification
        self.text = text
    }
}
