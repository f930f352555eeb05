import ModeCore
import Scheduling

/// Calls of addresses: the step `http`, and the same in a gate.
enum HTTPKind {
    private static let standard = HTTPStep.standard

    static let step: ValueType<HTTPStep> = .object(
        ObjectShape("an http step").alone("url"), call,
        DefaultedField("timeout", .duration(.seconds(1)), default: standard.timeout, "for each attempt"),
        DefaultedField("retries", .integer(0...100), default: standard.retries, "attempts after the first"),
        DefaultedField(
            "disruptive", .boolean, default: standard.isDisruptive,
            "cuts what is still alive: the point of no return"),
        Field(
            "onInterrupted", ValueType<Command.OnInterrupted>.word(),
            "what follows when the daemon restarted and nobody knows how it ended; unless given, rerun for GET, HEAD, PUT "
                + "and DELETE, and fail for POST and PATCH")
    ) { call, timeout, retries, isDisruptive, onInterrupted in
        HTTPStep(
            request: call.request, expected: call.expected, timeout: timeout, retries: retries,
            isDisruptive: isDisruptive, onInterrupted: onInterrupted)
    }

    static let probe: ValueType<Call> = .object(ObjectShape("an http gate").alone("url"), call) { $0 }

    struct Call: Sendable {
        var request: HTTPRequest
        var expected: HTTPExpectation
    }

    private static let call = FieldGroup(
        DefaultedField("method", .word(), default: standard.request.method, "how it is called"),
        Field.required(
            "url", .address,
            "the address; {node}, {api}, {cluster}, {run}, {revision}, {label.NAME} stand for the node's facts"),
        DefaultedField(
            "headers", SecretKind.headers, default: [:], "the values are read from the environment or a file"),
        Field(
            "body", .anyText,
            "what is sent, with the same placeholders; unless given, POST, PUT and PATCH send the facts as JSON"),
        DefaultedField(
            "expect", expectation, default: HTTPExpectation(),
            "which answer is good; unless given, any of 200 to 299")
    ) { fields, method, url, headers, body, expected -> Call? in
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
        fields.checkPlaceholders(url, key: "url")
        fields.checkPlaceholders(body, key: "body")
        return url.map {
            Call(request: HTTPRequest(method: method, url: $0, headers: headers, body: body), expected: expected)
        }
    }

    private static let expectation: ValueType<HTTPExpectation> = .object(
        "expect",
        Field("status", .integer(100...599), "exactly this; else any of 200 to 299"),
        Field("contains", .text, "a part of the body"),
        build: HTTPExpectation.init)
}

extension ObjectFields {
    /// Braces around a word that stands for nothing are a slip of the pen.
    func checkPlaceholders(_ text: String?, key: String) {
        for word in text.map(Placeholders.unknown) ?? [] {
            findings.error(
                .unknownPlaceholder, "\"{\(word)}\" stands for nothing", at: node.location(of: key),
                hint: "there are \(listed(Placeholders.words.map { "{\($0)}" }, conjunction: "and")), and {label.NAME}")
        }
    }
}
