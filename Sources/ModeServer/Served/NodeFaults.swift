/// How a served node misbehaves towards the clients of its API.
public struct NodeFaults: Hashable, Sendable {
    /// Added before every answer.
    public var latency: Duration = .zero
    /// Share of calls that are answered 500 and not carried out, 0 to 1.
    public var errorRate: Double = 0
    /// Calls are taken and never answered.
    public var neverAnswer = false
    /// Calls are carried out, then the connection is closed without an answer.
    public var answerLost = false
    /// `ChangeMode` is answered as if it had been carried out.
    public var silentIgnore = false
    /// Operations that are affected; empty is all.
    public var operations: [String] = []

    public init() {}

    public static let none = NodeFaults()

    func affects(_ operation: String) -> Bool { operations.isEmpty || operations.contains(operation) }
}
