import Primitives
import Scheduling

/// The JSON of `/v1/nodes/{cluster}/{node}` and of `nagi explain NODE`: why a node is as it is.
package struct NodeDocument: Codable, Hashable, Sendable {
    package var at: String
    package var node: String
    package var cluster: String
    @Nullable package var observed: String?
    @Nullable package var desired: String?
    @Nullable package var ready: Bool?
    @Nullable package var version: String?
    @Nullable package var sessions: Int?
    @Nullable package var connections: Int?
    @Nullable package var observedAt: String?
    package var verdict: StatusDocument.Verdict
    @Nullable package var since: String?
    package var claims: [StatusDocument.Claim]
    @Nullable package var floor: String?
    package var owed: Bool
    package var holds: [StatusDocument.Hold]
    @Nullable package var run: String?
    @Nullable package var step: String?
    /// Everything that stands in the way, the most important first.
    package var blockers: [StatusDocument.Blocker]
    @Nullable package var drain: StatusDocument.Drain?
    /// How the latest command on it ended, where the node failed in it or after it.
    @Nullable package var command: StatusDocument.Command?
    package var next: [Opening]
    /// What can be typed.
    package var levers: [String]

    package struct Opening: Codable, Hashable, Sendable {
        package var policy: String
        /// Null: it may act now.
        @Nullable package var opens: String?
        @Nullable package var until: String?
    }
}

/// The JSON of `nagi explain RUN`: why a run is where it is.
package struct RunExplanationDocument: Codable, Hashable, Sendable {
    package var at: String
    package var run: StatusDocument.Run
    package var levers: [String]
}

/// The JSON of `/v1/ok-to-stop` and of `nagi ok-to-stop`.
package struct StopDocument: Codable, Hashable, Sendable {
    package var ok: Bool
    package var nodes: [String]
    /// Further nodes that may go with them.
    package var more: [String]
    package var blockers: [StatusDocument.Blocker]
}

extension NodeDocument {
    init(_ explanation: NodeExplanation, zone: DisplayZone) {
        let shown = StatusDocument.Node(explanation.status, zone: zone)
        at = zone.text(explanation.at)
        (node, cluster) = (explanation.node.name, explanation.node.cluster)
        (observed, desired, ready, version) = (shown.observed, shown.desired, shown.ready, shown.version)
        (sessions, connections, observedAt) = (shown.sessions, shown.connections, shown.observedAt)
        (verdict, since, claims, floor, owed) = (shown.verdict, shown.since, shown.claims, shown.floor, shown.owed)
        holds =
            explanation.hold.map { hold in
                [StatusDocument.Hold(HoldStatus(node: explanation.node, hold: hold), zone: zone)]
            } ?? []
        (run, step, blockers, drain) = (shown.run, shown.step, shown.blockers, shown.drain)
        command = shown.command
        next = explanation.next.map { opening in
            Opening(policy: opening.policy, opens: opening.opens.map(zone.text), until: opening.until.map(zone.text))
        }
        levers = explanation.levers
    }
}

extension RunExplanationDocument {
    init(_ explanation: RunExplanation, zone: DisplayZone) {
        at = zone.text(explanation.at)
        run = StatusDocument.Run(explanation.run, zone: zone)
        levers = explanation.levers
    }
}

extension StopDocument {
    init(_ answer: StopAnswer, zone: DisplayZone) {
        ok = answer.isOK
        nodes = answer.nodes.map(\.description)
        more = answer.more.map(\.description)
        blockers = answer.blockers.map { StatusDocument.Blocker($0, zone: zone) }
    }
}
