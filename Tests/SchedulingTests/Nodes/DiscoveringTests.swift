import Testing

@testable import Scheduling

/// Which members of a cluster become its nodes, and where they are called.
struct DiscoveringTests {
    struct Row: CustomTestStringConvertible {
        var what: String
        /// `name=host` each.
        var configured = ["a=1"]
        var former: [String] = []
        /// `name=host` of a member that is connected; `name` of one that is not; `name!` of one that may not be called.
        var members: [String]
        var needed: Set<String> = []
        var found: [String]
        var refused = 0
        var isPassing = false

        var testDescription: String { what }
    }

    static let rows = [
        Row(what: "nobody else is there", members: ["a=1"], found: []),
        Row(what: "a member that no policy names", members: ["a=1", "d=4"], found: ["d=4"]),
        Row(what: "where the policy says that a node is, it is", members: ["a=9"], found: []),
        Row(what: "not connected and never seen: nobody knows where", members: ["a=1", "d"], found: []),
        Row(
            what: "not connected, and seen before: it stays where it was", former: ["d=4"], members: ["a=1", "d"],
            found: ["d=4"]),
        Row(what: "gone from the lists", former: ["d=4"], members: ["a=1"], found: []),
        Row(
            what: "gone, and something of nagi's is on it", former: ["d=4"], members: ["a=1"], needed: ["d"],
            found: ["d=4"], isPassing: true),
        Row(what: "moved", former: ["d=4"], members: ["a=1", "d=5"], found: ["d=5"]),
        Row(
            what: "moved, and something of nagi's is on it", former: ["d=4"], members: ["a=1", "d=5"], needed: ["d"],
            found: ["d=5"]),
        Row(
            what: "back under another name", former: ["d=4"], members: ["a=1", "d", "e=4"],
            found: ["e=4"]),
        Row(
            what: "back under another name, and something of nagi's is on it: it waits", former: ["d=4"],
            members: ["a=1", "d", "e=4"], needed: ["d"], found: ["d=4"], refused: 1, isPassing: true),
        Row(
            what: "a configured node was renamed: its address is not called under two names",
            members: ["a", "e=1"], found: [], refused: 1),
        Row(
            what: "two that are said to be at one address", members: ["a=1", "d=4", "e=4"], found: ["d=4"], refused: 1),
        Row(what: "two that changed places", former: ["d=4", "e=5"], members: ["d=5", "e=4"], found: ["d=5", "e=4"]),
        Row(
            what: "changed places with one that something of nagi's is on", former: ["d=4", "e=5"],
            members: ["d=5", "e=4"], needed: ["d"], found: ["d=5"], refused: 1,
            isPassing: true),
        Row(
            what: "said to be at the address of one that is away, and something of nagi's is on both",
            former: ["d=4", "e=5"], members: ["d=5", "e"], needed: ["d", "e"], found: ["d=4", "e=5"]),
        Row(what: "not in the networks that may be called", members: ["a=1", "d!"], found: [], refused: 1),
        Row(
            what: "not in the networks any more", former: ["d=4"], members: ["a=1", "d!"], found: [], refused: 1),
        Row(
            what: "not in the networks any more, and something of nagi's is on it", former: ["d=4"],
            members: ["a=1", "d!"], needed: ["d"], found: ["d=4"]),
        Row(
            what: "named by a policy by now", configured: ["a=1", "d=4"], former: ["d=4"], members: ["a", "d=4"],
            found: []),
    ]

    @Test(arguments: rows)
    func `members become nodes`(row: Row) throws {
        func node(_ text: String) -> FoundNode {
            let parts = text.split(separator: "=").map(String.init)
            return FoundNode(name: parts[0], api: "http://192.0.2.\(parts[1]):3000/")
        }
        var addresses: [String: MemberAddress] = [:]
        for member in row.members {
            if member.hasSuffix("!") { addresses[String(member.dropLast())] = .refused("not allowed") }
            if member.contains("=") { addresses[node(member).name] = .callable(NodeText(cutting: node(member).api)) }
        }
        let result = Discovering(
            configured: row.configured.map { ClusterNode(name: node($0).name, api: node($0).api) },
            former: row.former.map(node),
            members: row.members.map { String($0.prefix { $0 != "=" && $0 != "!" }) },
            address: { addresses[$0] }, isNeeded: row.needed.contains
        ).result
        #expect(result.nodes == row.found.map(node))
        #expect(result.refused.count == row.refused, "\(result.refused)")
        #expect(result.isPassing == row.isPassing)
    }

    @Test func `an address is one node's however it is written`() {
        let result = Discovering(
            configured: [ClusterNode(name: "a", api: "http://Node-1:3000")], former: [], members: ["e"],
            address: { _ in .callable("http://node-1:3000/") }
        ).result
        #expect(result.nodes.isEmpty)
        #expect(result.refused == ["e: http://node-1:3000/ is the address of a"])
    }

    @Test func `who rests stays as it is, and nobody else`() {
        func found(_ former: [String], _ members: [String], at hosts: [String: String] = [:]) -> [String] {
            var discovering = Discovering(
                configured: [], former: former.map { FoundNode(name: $0, api: "http://\($0)/") }, members: members,
                address: { .callable(NodeText(cutting: "http://\(hosts[$0] ?? $0)/")) })
            discovering.resting = ["t"]
            return discovering.result.nodes.map { "\($0.name)@\($0.api.dropFirst(7).dropLast())" }
        }
        #expect(found(["t"], ["d"]) == ["d@d", "t@t"])
        #expect(found([], ["d", "t"]) == ["d@d"])
        #expect(found(["t"], ["t"], at: ["t": "u"]) == ["t@t"])
        #expect(found(["t"], ["d"], at: ["d": "t"]) == ["d@t"], "an address is one node's")
    }

    @Test func `a cluster has a limit`() {
        let names = (1...1_001).map { "n\($0)" }
        let result = Discovering(
            configured: [], former: [], members: names, address: { .callable(NodeText(cutting: "http://\($0):3000/")) }
        ).result
        #expect(result.nodes.count == 1_000)
        #expect(result.refused.count == 1)
    }
}
