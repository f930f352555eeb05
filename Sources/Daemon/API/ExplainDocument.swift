import Primitives
import Scheduling

/// The JSON of `/v1/nodes/{cluster}/{node}` and of `nagi explain NODE`: why a node is as it is. It has the fields of the
/// node in the status, and beside them its own.
@dynamicMemberLookup
package struct NodeDocument: Codable, Hashable, Sendable {
    package var status: StatusDocument.Node
    package var own: Own

    package struct Own: Codable, Hashable, Sendable {
        package var at: String
        package var node: String
        package var cluster: String
        package var holds: [StatusDocument.Hold]
        /// Where it is called, if it was found by the lists of its cluster; null: the policies name it.
        @Nullable package var foundAt: String?
        /// Of each run that waits for the node, the one that may take it soonest first.
        package var waits: [Wait]
        package var next: [Opening]
        /// What can be typed.
        package var levers: [String]
    }

    /// A run that waits for the node, and everything that it waits for, the most important first.
    package struct Wait: Codable, Hashable, Sendable {
        package var run: String
        package var blockers: [StatusDocument.Blocker]
    }

    package struct Opening: Codable, Hashable, Sendable {
        package var policy: String
        /// Null: it may act now.
        @Nullable package var opens: String?
        @Nullable package var until: String?
    }

    package init(from decoder: any Decoder) throws {
        (status, own) = (try StatusDocument.Node(from: decoder), try Own(from: decoder))
    }

    package func encode(to encoder: any Encoder) throws {
        try status.encode(to: encoder)
        try own.encode(to: encoder)
    }

    package subscript<Value>(dynamicMember field: KeyPath<StatusDocument.Node, Value>) -> Value {
        status[keyPath: field]
    }

    package subscript<Value>(dynamicMember field: KeyPath<Own, Value>) -> Value { own[keyPath: field] }
}

/// The JSON of `nagi explain RUN`: why a run is where it is.
package struct RunExplanationDocument: Codable, Hashable, Sendable {
    package var at: String
    package var run: StatusDocument.Run
    /// Which approvals and measurements it asks for on its way, also where they are not in its way yet.
    package var asks: [String]?
    package var levers: [String]
}

/// The JSON of `nagi explain POLICY`, of a policy that has no run now.
package struct PolicyExplanationDocument: Codable, Hashable, Sendable {
    package var at: String
    package var policy: StatusDocument.Policy
    package var cluster: String
    /// The latest of its runs, all of which are over; null: none is remembered.
    @Nullable package var latestRun: String?
    /// What may be typed to have it act.
    package var levers: [String]?
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
    package init(_ explanation: NodeExplanation, zone: DisplayZone) {
        let id = explanation.node
        status = StatusDocument.Node(explanation.status, zone: zone)
        status.blockers = explanation.status.blockers.map {
            StatusDocument.Blocker($0, zone: zone, lift: $0.lift(of: id, in: explanation.run))
        }
        own = Own(
            at: zone.text(explanation.at), node: id.name, cluster: id.cluster,
            holds: explanation.hold.map { [StatusDocument.Hold(HoldStatus(node: id, hold: $0), zone: zone)] } ?? [],
            foundAt: explanation.foundAt,
            waits: explanation.waits.map { wait in
                Wait(
                    run: wait.run.text,
                    blockers: wait.blockers.map {
                        StatusDocument.Blocker($0, zone: zone, lift: $0.lift(of: id, in: wait.run))
                    })
            },
            next: explanation.next.map { opening in
                Opening(
                    policy: opening.policy, opens: opening.opens.map(zone.text), until: opening.until.map(zone.text))
            },
            levers: explanation.levers)
    }
}

extension RunExplanationDocument {
    package init(_ explanation: RunExplanation, zone: DisplayZone) {
        at = zone.text(explanation.at)
        run = StatusDocument.Run(explanation.run, zone: zone)
        run.blockers = explanation.run.blockers.map {
            StatusDocument.Blocker($0, zone: zone, lift: $0.lift(of: nil, in: explanation.id))
        }
        asks = explanation.asks
        levers = explanation.levers
    }
}

extension PolicyExplanationDocument {
    package init(_ explanation: PolicyExplanation, zone: DisplayZone) {
        at = zone.text(explanation.at)
        policy = StatusDocument.Policy(explanation.policy, zone: zone)
        cluster = explanation.cluster
        latestRun = explanation.latest?.text
        levers = explanation.levers
    }
}

extension StopDocument {
    package init(_ answer: StopAnswer, zone: DisplayZone) {
        ok = answer.isOK
        nodes = answer.nodes.map(\.description)
        more = answer.more.map(\.description)
        let node = answer.nodes.count == 1 ? answer.nodes.first : nil
        blockers = answer.blockers.map { StatusDocument.Blocker($0, zone: zone, lift: $0.lift(of: node, in: nil)) }
    }
}
