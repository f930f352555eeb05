/// What is told about a node to whatever is done to it: to programs as environment variables, never pasted into their
/// arguments; to addresses, and to people, by placeholders.
package struct StepFacts: Hashable, Sendable {
    /// Nil: it has left the policies.
    package var node: String?
    package var api: String
    package var cluster: String
    package var run: String
    package var revision: String?
    package var labels: [String: String]

    package init(
        node: String?, api: String, cluster: String, run: String, revision: String? = nil,
        labels: [String: String] = [:]
    ) {
        self.node = node
        self.api = api
        self.cluster = cluster
        self.run = run
        self.revision = revision
        self.labels = labels
    }

    /// `NAGI_NODE` and its like.
    package var environment: [String: String] {
        var environment = ["NAGI_NODE_API": api, "NAGI_CLUSTER": cluster, "NAGI_RUN": run]
        environment["NAGI_NODE"] = node
        environment["NAGI_REVISION"] = revision
        for (label, value) in labels.sorted(by: { $0.key < $1.key }) {
            environment["NAGI_LABEL_\(StepFacts.variable(label))"] = value
        }
        return environment
    }

    /// The variable that tells a program what the placeholder stands for.
    package static func variable(for placeholder: String) -> String {
        if placeholder == "api" { return "NAGI_NODE_API" }
        guard placeholder.hasPrefix(Placeholders.label) else { return "NAGI_\(placeholder.uppercased())" }
        return "NAGI_LABEL_\(variable(String(placeholder.dropFirst(Placeholders.label.count))))"
    }

    /// Upper case, with everything that no variable name may hold as `_`.
    private static func variable(_ label: String) -> String {
        String(label.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private func value(_ word: String) -> String? {
        switch word {
        case "node": node
        case "api": api
        case "cluster": cluster
        case "run": run
        case "revision": revision
        case _ where word.hasPrefix(Placeholders.label): labels[String(word.dropFirst(Placeholders.label.count))]
        default: nil
        }
    }

    func filled(_ text: String, _ place: Placeholders.Place) -> String { Placeholders.fill(text, place, value) }

    /// Why one of the texts cannot be filled: what is not known would leave a hole in an address, and `/racks//restart` may
    /// well be something. Nil: all is known.
    private func lack(in texts: [String]) -> String? {
        for word in texts.lazy.flatMap(Placeholders.used) where value(word) == nil { return lack(of: word) }
        return nil
    }

    private func lack(of word: String) -> String {
        let name = node ?? "the node"
        guard word.hasPrefix(Placeholders.label) else {
            return word == "node" ? "the node has left the policies" : "there is no \(word)"
        }
        return "\(name) has no \(Placeholders.label.dropLast()) \(word.dropFirst(Placeholders.label.count))"
    }

    /// Why the step cannot be done with these facts. Whoever is told something by a person's text is told all the same.
    package func lack(for step: Step) -> String? {
        if case .http(let call) = step { lack(in: call.request.texts) } else { nil }
    }

    /// Why it cannot be measured with these facts.
    package func lack(for probe: HealthGate.Probe) -> String? {
        switch probe {
        case .http(let request, _): lack(in: request.texts)
        case .prometheus(let query): lack(in: [query.query])
        case .command: nil
        }
    }

    /// What is sent where a method takes a body and the policy writes none.
    private var document: String {
        var fields = [("node", node), ("api", api), ("cluster", cluster), ("run", run), ("revision", revision)]
            .compactMap { name, value in value.map { "\"\(name)\":\(StepFacts.json($0))" } }
        if !labels.isEmpty {
            let labels = labels.sorted { $0.key < $1.key }
            let pairs = labels.map { "\(StepFacts.json($0.key)):\(StepFacts.json($0.value))" }
            fields.append("\"labels\":{\(pairs.joined(separator: ","))}")
        }
        return "{\(fields.joined(separator: ","))}"
    }

    private static func json(_ text: String) -> String { "\"\(Placeholders.encode(text, .quoted))\"" }

    func filled(_ request: HTTPRequest) -> HTTPRequest {
        var request = request
        request.url = filled(request.url, .address)
        if let body = request.body {
            request.body = filled(body, HTTPRequest.isJSON(body) ? .quoted : .plain)
        } else if request.method.takesBody {
            request.body = document
        }
        return request
    }

    package func filled(_ work: Command.Work) -> Command.Work {
        switch work {
        case .call(let request, let expected): .call(filled(request), expected)
        case .program, .termination: work
        }
    }

    func filled(_ notice: NotifyStep) -> NotifyStep {
        let text = Placeholders.fill(notice.text, .plain) { value($0) ?? "(\(lack(of: $0)))" }
        return NotifyStep(notification: notice.notification, text: text)
    }

    package func filled(_ probe: HealthGate.Probe) -> HealthGate.Probe {
        switch probe {
        case .http(let request, let expected): return .http(filled(request), expected)
        case .prometheus(var query):
            query.query = filled(query.query, .quoted)
            return .prometheus(query)
        case .command: return probe
        }
    }
}

extension HTTPRequest {
    fileprivate var texts: [String] { [url] + (body.map { [$0] } ?? []) }

    /// As far as its first character says.
    package static func isJSON(_ body: String) -> Bool {
        body.first { !$0.isWhitespace }.map { $0 == "{" || $0 == "[" } ?? false
    }
}

extension HTTPStep.Method {
    fileprivate var takesBody: Bool {
        switch self {
        case .post, .put, .patch: true
        case .get, .head, .delete: false
        }
    }
}
