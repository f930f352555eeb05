import BenchmarkHarness
import ModeCore
import Primitives

/// Bytes that a live connection costs, three to a channel.
struct Memory {
    static let connections = 100_000

    /// Both in one process: the second one finds what the first gave back, so that each gets a process of its own.
    static func ofNode() -> Double {
        let channels = Memory.channels()
        let before = residentBytes()
        var node = Node(settings)
        for number in 0..<connections { _ = node.connect(channels[number / 3], at: .distantPast) }
        let bytes = residentBytes() - before
        precondition(node.connectionCount == connections)
        return Double(bytes) / Double(connections)
    }

    static func ofGate() -> Double {
        let channels = Memory.channels()
        let before = residentBytes()
        let gate = AdmissionGate(settings)
        for number in 0..<connections { _ = gate.connect(channels[number / 3], at: .distantPast) }
        let bytes = residentBytes() - before
        precondition(gate.connectionCount == connections)
        return Double(bytes) / Double(connections)
    }

    private static let settings = NodeSettings(
        name: "node-01", isClustered: false, maxConnections: 1_000_000, interest: .none)

    private static func channels() -> [ChannelID] { (0...connections / 3).map { ChannelID("channel-\($0)") } }
}
