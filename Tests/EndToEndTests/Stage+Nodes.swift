import Foundation
import TestSupport
import Testing

/// What happens to the nodes without nagi: people, faults, time.
extension Stage {
    /// What GetMode says over HTTP.
    func mode(of node: ServedAddresses.Node) throws -> String {
        try mode(in: try LoopbackCall(address: node.api).ask("GetMode").body)
    }

    /// What ChangeMode answers to somebody who is not nagi.
    @discardableResult
    func change(_ node: ServedAddresses.Node, to mode: String) throws -> String {
        try self.mode(in: try LoopbackCall(address: node.api).ask("ChangeMode", #"{"mode":"\#(mode)"}"#).body)
    }

    private func mode(in answer: String) throws -> String {
        struct Answer: Decodable { var mode: String }
        return try JSONDecoder().decode(Answer.self, from: Data(answer.utf8)).mode
    }

    /// Calls of these operations are taken and never answered.
    func hang(_ operations: [String], of node: String) throws {
        let names = operations.map { "\"\($0)\"" }.joined(separator: ",")
        try act("faults", on: node, #"{"neverAnswer":true,"operations":[\#(names)]}"#)
    }

    /// As behind a network that is down: neither the API nor the readiness probe answers anybody.
    func silence(_ node: String) throws {
        try hang(["GetMode", "ChangeMode", "GetStatsReport", "ListClusterNodes", ".ok"], of: node)
    }

    /// Ends all faults of the node's API.
    func heal(_ node: String) throws { try act("faults", on: node) }

    /// How many calls met a fault of the node since it was switched on.
    func disturbedCalls(of node: String) throws -> Int {
        struct Answer: Decodable {
            struct Node: Decodable {
                var name: String
                var disturbed: Int
                enum CodingKeys: String, CodingKey {
                    case name
                    case disturbed = "calls_disturbed"
                }
            }
            var nodes: [Node]
        }
        let answer = try LoopbackCall(address: admin).get("/nodes")
        let nodes = try JSONDecoder().decode(Answer.self, from: Data(answer.body.utf8)).nodes
        return try #require(nodes.first { $0.name == node }).disturbed
    }

    /// Waits until the nodes' log says that the mode was asked for.
    func requested(_ mode: String, of node: String, within limit: Duration = .seconds(20)) async throws {
        try await eventually("\(node) is asked for \(mode)", within: limit) {
            nodeLog.requestedModes(of: node).last == mode ? () : nil
        }
    }

    /// When the node was last asked for the mode, by its own log.
    func instant(of mode: String, on node: String) throws -> Date {
        let suffix = "-> \(mode), by request"
        return try #require(nodeLog.entries.last { $0.node == node && $0.fact.hasSuffix(suffix) }).at
    }

    func wait(until instant: Date) async throws {
        let limit = max(0, instant.timeIntervalSinceNow) + 1
        try await eventually("\(instant)", within: .seconds(limit), every: .milliseconds(10)) {
            Date() >= instant ? () : nil
        }
    }

    /// Whether it holds for so long, without a break.
    func holds(for length: Duration, _ condition: () async throws -> Bool) async throws -> Bool {
        try await Patience.answer(within: length, every: .milliseconds(50)) { try await condition() ? nil : true }
            == nil
    }
}
