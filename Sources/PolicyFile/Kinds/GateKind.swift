import ModeCore
import Scheduling

/// A gate: of a policy, or as a step.
enum GateKind {
    static let gate = ValueType<HealthGate>.object(Keys.shape) { fields in
        let name = fields[Keys.name]
        let http = fields[Keys.http].map { HealthGate.Probe.http($0.request, $0.expected) }
        let prometheus = fields[Keys.prometheus].map { HealthGate.Probe.prometheus($0) }
        let command = fields[Keys.command].map { HealthGate.Probe.command($0) }
        let written = ["http", "prometheus", "command"].filter(fields.has)
        if written.isEmpty {
            fields.findings.error(
                .missingKey, "it is not said what is measured: http, prometheus or command", at: fields.node.location)
        } else if written.count > 1 {
            fields.findings.error(
                .conflictingKeys, "\(listed(written, conjunction: "and")) all say what is measured",
                at: fields.keyLocation(written[1]), hint: "write a gate for each")
        }
        let interval = fields[Keys.interval]
        let timeout = fields[Keys.timeout]
        let failureLimit = fields[Keys.failureLimit]
        let onUnknown = fields[Keys.onUnknown]
        guard let name, let probe = http ?? prometheus ?? command else { return nil }
        return HealthGate(
            name: name, probe: probe, interval: interval, timeout: timeout, failureLimit: failureLimit,
            onUnknown: onUnknown)
    }

    private enum Keys {
        static let name = Field.required("name", ValueType<String>.name, "what status and journal call it")
        static let http = Field("http", HTTPKind.probe, "good is the expected answer")
        static let prometheus = Field("prometheus", GateKind.query, "good is every value within the bounds")
        static let command = Field(
            "command", CommandKind.command, "program and arguments, as in a run step; good is exit status 0")
        static let interval = DefaultedField(
            "interval", ValueType<Duration>.duration(.seconds(1)), default: HealthGate.standard.interval,
            "between two measurements")
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: HealthGate.standard.timeout,
            "how long it may take")
        static let failureLimit = DefaultedField(
            "failureLimit", ValueType<Int>.integer(1...1_000), default: HealthGate.standard.failureLimit,
            "it has failed at so many bad measurements")
        static let onUnknown = DefaultedField(
            "onUnknown", ValueType<HealthGate.OnUnknown>.word(), default: HealthGate.standard.onUnknown,
            "what follows where nobody knows: no answer, no data")
        static let shape = ObjectShape(
            "a gate",
            [
                name.shape, http.shape, prometheus.shape, command.shape, interval.shape, timeout.shape,
                failureLimit.shape, onUnknown.shape,
            ])
    }

    private static let query = ValueType<PrometheusQuery>.object(QueryKeys.shape) { fields in
        let url = fields[QueryKeys.url]
        let query = fields[QueryKeys.query]
        let headers = fields[QueryKeys.headers]
        let least = fields[QueryKeys.min]
        let most = fields[QueryKeys.max]
        if !fields.has("min"), !fields.has("max") {
            fields.findings.error(
                .missingKey, "it is not said which values are good: min, max or both", at: fields.node.location)
        }
        if let least, let most, least > most {
            fields.findings.error(
                .conflictingKeys, "no value is good: min is larger than max", at: fields.keyLocation("min"))
        }
        guard let url, let query else { return nil }
        return PrometheusQuery(url: url, query: query, headers: headers, min: least, max: most)
    }

    private enum QueryKeys {
        static let url = Field.required("url", ValueType<String>.address, "the Prometheus server")
        static let query = Field.required("query", ValueType<String>.text, "PromQL")
        static let headers = DefaultedField(
            "headers", SecretKind.headers, default: [:], "the values are read from the environment or a file")
        static let min = Field("min", ValueType<Double>.number(upTo: 1_000_000_000), "good is at least this")
        static let max = Field("max", ValueType<Double>.number(upTo: 1_000_000_000), "good is at most this")
        static let shape = ObjectShape("prometheus", [url.shape, query.shape, headers.shape, min.shape, max.shape])
    }
}
