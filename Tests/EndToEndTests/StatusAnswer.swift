import Foundation

/// `nagi status --format json`, as another program would read it.
struct StatusAnswer: Decodable {
    struct Cluster: Decodable {
        var nodes: [Node]
    }

    struct Node: Decodable {
        var name: String
        var observed: String?
        var desired: String?
        var version: String?
        var verdict: Verdict
        var claims: [Claim]
    }

    struct Verdict: Decodable, Equatable {
        var code: String
        var text: String
    }

    struct Claim: Decodable {
        var owner: String
        var mode: String
    }

    struct Run: Decodable {
        var id: String
        var policy: String
        var phase: String
        var nodes: [RunNode]

        var isOver: Bool { ["completed", "partial", "failed"].contains(phase) }
    }

    struct RunNode: Decodable {
        var name: String
        var phase: String
        var step: String?
        var error: String?
    }

    /// Nothing is sent, and no command is run.
    var observing: Bool
    var clusters: [Cluster]
    var runs: [Run]

    var nodes: [Node] { clusters.flatMap(\.nodes) }
    var claimed: [String] { nodes.filter { !$0.claims.isEmpty || $0.desired != nil }.map(\.name) }
    /// The latest run.
    var run: Run? { runs.last }

    func run(of policy: String) -> Run? { runs.last { $0.policy == policy } }

    /// The node's part in the latest run.
    func part(of node: String) -> RunNode? { run?.nodes.first { $0.name == node } }

    func observed(_ node: String) -> String? { nodes.first { $0.name == node }?.observed }

    func verdict(of node: String) -> Verdict? { nodes.first { $0.name == node }?.verdict }
}

/// The first line of `nagi serve-modes --format json`.
struct ServedAddresses: Decodable {
    struct Node: Decodable {
        var name: String
        var api: String
        var signaling: String
        var ready: String
    }

    var nodes: [Node]
    var admin: String?
}
