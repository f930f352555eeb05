import ModeCore
import Scheduling

/// Calls of addresses: the step `http`, and the same in a gate.
enum HTTPKind {
    static let step = ValueType<HTTPStep>.object(
        ObjectShape("an http step", Keys.request + [Keys.timeout.shape, Keys.retries.shape, Keys.disruptive.shape])
    ) { fields in
        let call = readCall(fields)
        let timeout = fields[Keys.timeout]
        let retries = fields[Keys.retries]
        let isDisruptive = fields[Keys.disruptive]
        return call.map {
            HTTPStep(
                request: $0.request, expected: $0.expected, timeout: timeout, retries: retries,
                isDisruptive: isDisruptive)
        }
    }

    struct Call: Sendable {
        var request: HTTPRequest
        var expected: HTTPExpectation
    }

    static let probe = ValueType<Call>.object(ObjectShape("an http gate", Keys.request)) { readCall($0) }

    private static func readCall(_ fields: ObjectFields) -> Call? {
        let method = fields[Keys.method]
        let url = fields[Keys.url]
        let headers = fields[Keys.headers]
        let body = fields[Keys.body]
        let expected = fields[Keys.expect] ?? HTTPExpectation()
        if fields.has("body"), method == .get || method == .head {
            fields.findings.error(
                .conflictingKeys, "`body` does not go with \(method.rawValue)", at: fields.keyLocation("body"),
                hint: "method: POST")
        }
        if method == .head, expected.contains != nil {
            fields.findings.error(
                .conflictingKeys, "`contains` does not go with HEAD: the answer has no body",
                at: fields.node.location(of: "expect"))
        }
        return url.map {
            Call(request: HTTPRequest(method: method, url: $0, headers: headers, body: body), expected: expected)
        }
    }

    private enum Keys {
        static let method = DefaultedField(
            "method", ValueType<HTTPStep.Method>.word(), default: HTTPStep.standard.request.method, "how it is called")
        static let url = Field.required("url", ValueType<String>.address, "the address")
        static let headers = DefaultedField(
            "headers", SecretKind.headers, default: [:], "the values are read from the environment or a file")
        static let body = Field("body", ValueType<String>.body, "what is sent")
        static let expect = Field(
            "expect", HTTPKind.expectation, "which answer is good; unless given, any of 200 to 299")
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: HTTPStep.standard.timeout,
            "for each attempt")
        static let retries = DefaultedField(
            "retries", ValueType<Int>.integer(0...100), default: HTTPStep.standard.retries, "attempts after the first")
        static let disruptive = DefaultedField(
            "disruptive", ValueType<Bool>.boolean, default: HTTPStep.standard.isDisruptive,
            "cuts what is still alive: the point of no return")
        static let request = [method.shape, url.shape, headers.shape, body.shape, expect.shape]
    }

    private static let expectation = ValueType<HTTPExpectation>.object(ExpectKeys.shape) { fields in
        HTTPExpectation(status: fields[ExpectKeys.status], contains: fields[ExpectKeys.contains])
    }

    private enum ExpectKeys {
        static let status = Field("status", ValueType<Int>.integer(100...599), "exactly this; else any of 200 to 299")
        static let contains = Field("contains", ValueType<String>.text, "a part of the body")
        static let shape = ObjectShape("expect", [status.shape, contains.shape])
    }
}

extension ValueType where Value == String {
    /// Any text, of several lines too.
    fileprivate static let body = ValueType(.text(pattern: nil)) { node, findings in
        guard let scalar = findings.scalar(node, "a text") else { return nil }
        guard scalar.text.unicodeScalars.count <= PolicyLimits.textLength else {
            findings.error(.invalidText, "more than \(PolicyLimits.textLength) characters", at: node.location)
            return nil
        }
        return scalar.text
    }
}
