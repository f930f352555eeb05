import Primitives

/// Calls an address about the node.
public struct HTTPStep: Hashable, Sendable, Codable {
    public enum Method: String, Hashable, Sendable, Codable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var request: HTTPRequest
    public var expected: HTTPExpectation
    /// For each attempt.
    public var timeout: Duration
    /// Further attempts after the first.
    public var retries: Int
    public var isDisruptive: Bool

    public init(
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
public struct HTTPRequest: Hashable, Sendable, Codable {
    public var method: HTTPStep.Method
    public var url: String
    /// Values are read from the environment or from files; texts never hold them.
    public var headers: [String: SecretReference]
    public var body: String?

    public init(
        method: HTTPStep.Method = .get, url: String, headers: [String: SecretReference] = [:], body: String? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// Which answer is a good one. Both hold.
public struct HTTPExpectation: Hashable, Sendable, Codable {
    /// Nil: any from 200 to 299.
    public var status: Int?
    /// A part of the body.
    public var contains: String?

    public init(status: Int? = nil, contains: String? = nil) {
        self.status = status
        self.contains = contains
    }
}

/// Waits for a person's word about the node.
public struct ApprovalStep: Hashable, Sendable, Codable {
    /// Of open time; the run pauses after it.
    public var timeout: Duration

    public init(timeout: Duration = .hours(12)) {
        self.timeout = timeout
    }
}

/// Ends the live sessions of the node.
public struct TerminateStep: Hashable, Sendable, Codable {
    /// What the clients are told.
    public var reason: String

    public init(reason: String) {
        self.reason = reason
    }
}

/// Tells somebody, and does not wait for it.
public struct NotifyStep: Hashable, Sendable, Codable {
    /// The name of a Notification.
    public var notification: String
    public var text: String

    public init(notification: String, text: String) {
        self.notification = notification
        self.text = text
    }
}
