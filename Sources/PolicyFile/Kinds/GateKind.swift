import ModeCore
import Primitives
import Scheduling

/// A gate: of a policy, or as a step.
enum GateKind {
    private static let standard = HealthGate.standard

    /// As a step of a sequence.
    static let step = gate(isOfPolicy: false)
    /// Before each node that a policy starts.
    static let ofPolicy = gate(isOfPolicy: true)

    private static func gate(isOfPolicy: Bool) -> ValueType<HealthGate> {
        .checkedObject(
            "a gate",
            Field.required("name", .name, "what status and journal call it"),
            Field("http", HTTPKind.probe, "good is the expected answer"),
            Field("prometheus", query, "good is every value within the bounds"),
            Field("command", CommandKind.command, "program and arguments, as in a run step; good is exit status 0"),
            DefaultedField(
                "interval", .duration(.seconds(1)), default: standard.interval,
                "between two measurements; one of them may take as long, at least 1s and at most 30s, and is unknown after it"
            ),
            DefaultedField("timeout", .duration(.seconds(1)), default: standard.timeout, "how long it may take"),
            DefaultedField(
                "failureLimit", .integer(1...1_000), default: standard.failureLimit,
                "it has failed at so many bad measurements"),
            DefaultedField(
                "onUnknown", .word(), default: standard.onUnknown, "what follows where nobody knows: no answer, no data"
            )
        ) { fields, name, http, prometheus, command, interval, timeout, failureLimit, onUnknown in
            let written = ["http", "prometheus", "command"].filter(fields.has)
            if written.isEmpty {
                fields.findings.error(
                    .missingKey, "it is not said what is measured: http, prometheus or command",
                    at: fields.node.location)
            } else if written.count > 1 {
                fields.findings.error(
                    .conflictingKeys, "\(listed(written, conjunction: "and")) all say what is measured",
                    at: fields.keyLocation(written[1]), hint: "write a gate for each")
            }
            let probe =
                http.map { HealthGate.Probe.http($0.request, $0.expected) } ?? prometheus.map { .prometheus($0) }
                ?? command.map { .command($0) }
            checkTimes(
                fields, isOfPolicy: isOfPolicy, interval: interval, timeout: timeout, failureLimit: failureLimit)
            guard let name, let probe else { return nil }
            return HealthGate(
                name: name, probe: probe, interval: interval, timeout: timeout, failureLimit: failureLimit,
                onUnknown: onUnknown)
        }
    }

    /// That there is time for the measurements. The first is made at once. A step gives up at its timeout, beside a measurement
    /// that begins right then; a policy's gate gives up with the first measurement that finds the timeout over, and counts it.
    private static func checkTimes(
        _ fields: ObjectFields, isOfPolicy: Bool, interval: Duration, timeout: Duration, failureLimit: Int
    ) {
        let latest = interval * (failureLimit - 1)
        let enough = isOfPolicy ? latest - interval : latest
        if interval >= timeout {
            let times =
                isOfPolicy
                ? "twice at most: the second time is in \(interval.spoken)"
                : "once: the next time would be in \(interval.spoken)"
            fields.findings.warning(
                .hasNoEffect, "it is measured \(times), and it gives up after \(timeout.spoken)",
                at: fields.node.location(of: fields.has("interval") ? "interval" : "timeout"),
                hint: "an interval below the timeout")
        } else if enough >= timeout {
            fields.findings.warning(
                .hasNoEffect,
                "it never fails by bad measurements: the one that makes \(failureLimit) would be \(latest.spoken) after "
                    + "the first, and it gives up after \(timeout.spoken)",
                at: fields.node.location(of: "failureLimit"), hint: "a timeout above \(enough.spoken)")
        }
    }

    private static let query: ValueType<PrometheusQuery> = .checkedObject(
        "prometheus",
        Field.required("url", .address, "the Prometheus server"),
        Field.required("query", .text, "PromQL; {node} and the other placeholders of an http step, inside quotes"),
        DefaultedField(
            "headers", SecretKind.headers, default: [:], "the values are read from the environment or a file"),
        Field("min", .number(upTo: 1_000_000_000), "good is at least this"),
        Field("max", .number(upTo: 1_000_000_000), "good is at most this")
    ) { fields, url, query, headers, least, most in
        if !fields.has("min"), !fields.has("max") {
            fields.findings.error(
                .missingKey, "it is not said which values are good: min, max or both", at: fields.node.location)
        }
        if let least, let most, least > most {
            fields.findings.error(
                .conflictingKeys, "no value is good: min is larger than max", at: fields.keyLocation("min"))
        }
        fields.checkPlaceholders(query, key: "query")
        guard let url, let query else { return nil }
        return PrometheusQuery(url: url, query: query, headers: headers, min: least, max: most)
    }
}
