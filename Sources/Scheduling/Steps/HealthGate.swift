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
    /// Between two measurements.
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

/// What one measurement said.
package enum GateResult: Hashable, Sendable, Codable, CustomStringConvertible {
    case pass(NodeText)
    case fail(NodeText)
    /// No answer, no data.
    case unknown(NodeText)

    package var word: String {
        switch self {
        case .pass: "good"
        case .fail: "bad"
        case .unknown: "unknown"
        }
    }

    package var description: String {
        switch self {
        case .pass(let text), .fail(let text), .unknown(let text): "\(word): \(text)"
        }
    }
}

/// What a gate has measured about a node so far.
package struct GateState: Hashable, Sendable, Codable {
    package var node: NodeID
    /// Bad measurements so far, and those that count as bad.
    package var failures = 0
    package var latest: GateResult?
    /// The latest says something else than the one before it.
    package var isNews = true
    /// When the first and the latest measurement began.
    package var first: Moment
    package var at: Moment

    package init(of node: NodeID, at now: Moment) {
        self.node = node
        (first, at) = (now, now)
    }

    /// Moves it over to another boot of the host.
    mutating func carry(over boot: BootChange) { (first, at) = (boot.carried(first), boot.carried(at)) }
}

extension HealthGate {
    package enum Standing: Hashable, Sendable {
        case pass
        case fail(String)
        case wait(String)
    }

    /// How long one measurement may take; unknown after it.
    package var measurementLimit: Duration { min(max(interval, .seconds(1)), .seconds(30)) }
    /// A good measurement counts for so long, where something is decided on it.
    var validity: Duration { max(interval, .seconds(10)) }
    /// Whoever measures tells by then, or is not heard of any more: a program that does not end when told to is killed, and so
    /// are those that it began.
    var hearingLimit: Duration { measurementLimit + .seconds(15) }
    /// Two measurements that began farther apart have nothing to do with each other: meanwhile nobody asked, for want of a window,
    /// in a pause, under a hold. Neither the time nor the failures before it count.
    private var memory: Duration { interval + hearingLimit + .seconds(5) }

    func note(_ result: GateResult, begun: Moment, in former: GateState?, of node: NodeID) -> GateState {
        let recent = former.flatMap { begun.uptime - $0.at.uptime <= memory ? $0 : nil }
        var state = recent ?? GateState(of: node, at: begun)
        state.at = begun
        state.isNews = state.latest?.word != result.word
        state.latest = result
        switch (result, onUnknown) {
        case (.fail, _), (.unknown, .fail): state.failures += 1
        case (.pass, _), (.unknown, .pass), (.unknown, .wait): break
        }
        return state
    }

    func standing(of state: GateState?) -> Standing {
        guard let state, let latest = state.latest else { return .wait("not measured yet") }
        if state.failures >= failureLimit { return .fail("gate \(name): \(latest)") }
        switch (latest, onUnknown) {
        case (.pass, _), (.unknown, .pass): return .pass
        case (.fail, _), (.unknown, .fail), (.unknown, .wait): return .wait(latest.description)
        }
    }

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
