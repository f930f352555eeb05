/// How a served node misbehaves towards the clients of its API.
package struct NodeFaults: Hashable, Sendable {
    /// Added before every answer.
    package var latency: Duration = .zero
    /// Share of calls that are answered 500 and not carried out, 0 to 1.
    package var errorRate: Double = 0
    /// Calls are taken and never answered.
    package var neverAnswer = false
    /// Calls are carried out, then the connection is closed without an answer.
    package var answerLost = false
    /// `ChangeMode` is answered as if it had been carried out.
    package var silentIgnore = false
    /// Operations that are affected; empty is all of the API. `/.ok` is affected only where it is named.
    package var operations: [String] = []

    package init() {}

    package static let none = NodeFaults()

    /// What the readiness probe is called among the operations.
    static let readiness = ".ok"

    /// The switches as the admin API takes them.
    static let switches: [(name: String, values: String, explanation: String)] = [
        ("latencySeconds", "0 to 600", "added before every answer"),
        ("errorRate", "0 to 1", "share of calls answered 500, not carried out"),
        ("neverAnswer", "true", "calls are taken and never answered"),
        ("answerLost", "true", "calls are carried out, but not answered"),
        ("silentIgnore", "true", "ChangeMode is answered, but not carried out"),
        ("operations", "[\"GetMode\", ...]", "which; all of the API if left out; .ok by name"),
    ]

    func affects(_ operation: String) -> Bool {
        operations.isEmpty ? operation != Self.readiness : operations.contains(operation)
    }
}
