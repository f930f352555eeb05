import Primitives

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
    /// Of the gate.
    package var name: String
    package var node: NodeID
    /// Bad measurements so far, and those that count as bad.
    package var failures = 0
    package var latest: GateResult?
    /// The latest says something else than the one before it.
    package var isNews = true
    /// When the first and the latest measurement began.
    package var first: Moment
    package var at: Moment

    package init(_ name: String, of node: NodeID, at now: Moment) {
        self.name = name
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

    /// Two measurements that began farther apart have nothing to do with each other: meanwhile nobody asked, for want of a window,
    /// in a pause, under a hold. Neither the time nor the failures before it count.
    private var memory: Duration { interval + hearingLimit + .seconds(5) }

    func note(_ result: GateResult, begun: Moment, in former: GateState?, of node: NodeID) -> GateState {
        let recent = former.flatMap { begun.uptime - $0.at.uptime <= memory ? $0 : nil }
        var state = recent ?? GateState(name, of: node, at: begun)
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
}
