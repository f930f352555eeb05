import Primitives

/// A measurement that must be good before it goes on.
package struct HealthGate: Hashable, Sendable, Codable {
    /// Holds the defaults; its probe is never run.
    package static let standard = HealthGate(name: "", probe: .command([]))

    package enum Probe: Hashable, Sendable, Codable {
        case http(HTTPRequest, HTTPExpectation)
        case prometheus(PrometheusQuery)
        /// As in a `run` step; good is exit status 0.
        case command([String])
    }

    /// What follows when nobody knows: no answer, no data. That is not the same as bad.
    package enum OnUnknown: String, Hashable, Sendable, Codable, CaseIterable {
        case fail
        case pass
        /// Measured again until the timeout.
        case wait
    }

    package var name: String
    package var probe: Probe
    /// Between two measurements; how long one may take follows from it (`measurementLimit`).
    package var interval: Duration
    package var timeout: Duration
    /// The gate has failed at so many bad measurements.
    package var failureLimit: Int
    package var onUnknown: OnUnknown

    package init(
        name: String, probe: Probe, interval: Duration = .seconds(30), timeout: Duration = .minutes(10),
        failureLimit: Int = 1, onUnknown: OnUnknown = .fail
    ) {
        self.name = name
        self.probe = probe
        self.interval = interval
        self.timeout = timeout
        self.failureLimit = failureLimit
        self.onUnknown = onUnknown
    }
}

extension HealthGate {
    /// How long one measurement may take; unknown after it.
    package var measurementLimit: Duration { min(max(interval, .seconds(1)), .seconds(30)) }
    /// A good measurement counts for so long, where something is decided on it.
    var validity: Duration { max(interval, .seconds(10)) }
    /// Whoever measures tells by then, or is not heard of any more: a program that does not end when told to is killed, and so
    /// are those that it began.
    var hearingLimit: Duration { measurementLimit + .seconds(15) }
    /// Whoever only observes runs none.
    var isProgram: Bool { if case .command = probe { true } else { false } }

    func move(in context: StepContext) -> StepMove {
        if context.ignoresGates { return .done }
        switch standing(of: context.gate) {
        case .pass: return .done
        case .fail(let why): return .fail(why)
        case .wait where isProgram && !context.mayStartCommands: return .wait(.clearance(name: name))
        case .wait(let why):
            guard context.isLate else { return .wait(.gate(name: name, why)) }
            return .fail("gate \(name) did not pass in \(timeout.spoken): \(why)")
        }
    }
}

/// Asks a Prometheus server. Good is every value of the answer within the bounds; an empty answer is unknown.
package struct PrometheusQuery: Hashable, Sendable, Codable {
    /// Base address of the server.
    package var url: String
    package var query: String
    package var headers: [String: SecretReference]
    /// At least one of the two is given; both are included.
    package var min: Double?
    package var max: Double?

    package init(
        url: String, query: String, headers: [String: SecretReference] = [:], min: Double? = nil, max: Double? = nil
    ) {
        self.url = url
        self.query = query
        self.headers = headers
        self.min = min
        self.max = max
    }
}
