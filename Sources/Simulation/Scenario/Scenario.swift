import Calendars
import Primitives
import Scheduling

/// Everything that decides how a simulated run goes: a function of it, and of nothing else.
package struct Scenario: Sendable {
    package var seed: UInt64
    /// What lies in the directory at first. One cluster.
    package var policies: PolicySet
    /// The nodes as they are, by place: those that the policies list, then others of the cluster.
    package var nodes: [Machine]
    package var start: Timestamp
    package var length: Duration
    package var traffic: Traffic
    package var plan = FaultPlan()
    package var commands = Commands()
    package var asking = Asking()
    /// How long a node takes to join.
    package var joinDelay = Duration.seconds(2)
    /// Lists say in which mode members are; those of older servers do not.
    package var hasModesInLists = true
    /// Sessions span the nodes of the cluster: they drain by their connections.
    package var relays = false
    /// The calls of one read reach the node one after another, in any order.
    package var spreadsReads = false
    /// The clock of each node's host is off by that.
    package var hostClock = Duration.zero
    /// Of a node that is not reached the certificate may be what is wrong.
    package var isOverTLS = false
    /// The daemon only observes.
    package var isObserving = false
    package var isTraced = false

    /// A node of the media server.
    package struct Machine: Hashable, Sendable {
        package var name: String
        package var address: NodeAddress
        package var isTemporary = false
        /// The version that runs first.
        package var version = "1.0.0"
    }

    package struct Traffic: Hashable, Sendable {
        /// New connections per second, per node.
        package var arrivalsPerSecond: Double
        package var meanHold: Duration
        package var channels: Int
    }

    /// What the operator's commands do.
    package struct Commands: Hashable, Sendable {
        /// How long a disruptive one keeps the node down.
        package var upgradeTime = Duration.seconds(20)
        /// How long one takes that disrupts nothing.
        package var preludeTime = Duration.seconds(30)
        /// It only asks for the restart and returns; the node goes down so much later. Nil: it waits for it.
        package var restartsAfter: Duration?
        /// It acts on the node at `NAGI_NODE_API`, not on the one named `NAGI_NODE`.
        package var actOnAddress = false
        /// `v` in front of the revision.
        package var versionPrefix = ""
    }

    /// How those answer who are asked beside the nodes.
    package struct Asking: Hashable, Sendable {
        /// How long a person takes to approve; nil: nobody does.
        package var approvesAfter: Duration? = .minutes(5)
        /// How often a gate is bad, and how often nobody knows.
        package var bad = 0.0
        package var unknown = 0.0
        /// How often nothing comes back.
        package var lost = 0.0
    }

    package var isClustered: Bool { policies.clusters[0].topology == .clustered }

    static let clusterName = "sim"

    package static func address(_ host: String) -> NodeAddress {
        NodeAddress(api: "http://\(host):3000/", ready: "http://\(host):5000/.ok")
    }

    static let allowedNetwork = "192.0.2.0/24"

    /// In the network that a policy may let nagi call, or outside of it.
    static func address(number: Int, isAllowed: Bool = true) -> NodeAddress {
        address("\(isAllowed ? "192.0.2" : "198.51.100").\(number)")
    }

    /// The policy lets whoever is found there be called.
    func isAllowed(_ api: String) -> Bool {
        let allow = policies.clusters[0].discovery?.allow ?? []
        let host = api.dropFirst("http://".count).prefix { $0 != ":" }
        return allow.isEmpty || allow.contains { Network($0)?.contains(host: String(host)) ?? false }
    }

    package static func groups(wait: Duration) -> [NodeGroup] {
        [
            NodeGroup(name: "zone-a", selector: Selector(matchLabels: ["zone": "a"])),
            NodeGroup(
                name: "others",
                selector: Selector(matchExpressions: [LabelExpression(key: "zone", operator: .notIn, values: ["a"])]),
                waitAfterPrevious: wait),
        ]
    }
}
