import ModeCore
import Scheduling

/// Keeps the listeners of embedded nodes closed until every claim on them is in force: after a restart of the daemon a
/// node is `normal` again, and nobody may be let in by that.
package struct OpeningGate: Sendable {
    package static let standardPatience = Duration.seconds(10)
    private static let interval = Duration.milliseconds(10)

    private let cluster: String
    private let nodes: [String]
    private let board: StatusBoard
    private let patience: Duration
    private let log: @Sendable (String) -> Void

    /// - Parameter patience: after that time the log says that they are still closed, and why.
    package init(
        cluster: String, nodes: [String], board: StatusBoard, patience: Duration = standardPatience,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.cluster = cluster
        self.nodes = nodes
        self.board = board
        self.patience = patience
        self.log = log
    }

    /// Returns when the listeners may open; throws only when cancelled.
    package func pass() async throws {
        let limit = ContinuousClock.now + patience
        var hasComplained = false
        while true {
            let obstacles = Self.obstacles(for: nodes, of: cluster, in: board.report)
            if obstacles.isEmpty { break }
            if !hasComplained, ContinuousClock.now >= limit {
                hasComplained = true
                log(
                    "embedded \(cluster): the listeners of \(nodes.joined(separator: ", ")) stay closed until every "
                        + "claim is in force: \(obstacles.joined(separator: "; "))")
            }
            try await Task.sleep(for: Self.interval)
        }
        if hasComplained { log("embedded \(cluster): every claim is in force, the listeners open") }
    }

    /// What each node waits for. A node without claims waits for its first observation only.
    package static func obstacles(for nodes: [String], of cluster: String, in report: StatusReport?) -> [String] {
        let known = report?.clusters.first { $0.name == cluster }?.nodes ?? []
        return nodes.compactMap { name in
            guard let node = known.first(where: { $0.name == name }) else { return "\(name) is not known yet" }
            guard let desired = node.desired else { return node.observed == nil ? "\(name) is not read yet" : nil }
            if let observed = node.observed?.requestable, observed >= desired { return nil }
            let mode = node.observed.map { "is \($0)" } ?? "cannot be read"
            return "\(desired.rawValue) is claimed, and \(name) \(mode)"
        }
    }
}
