import Testing

@testable import Scheduling

/// The facts that a command gets.
struct CommandEnvironmentTests {
    static let labels = Row.table(
        """
        label           variable
        zone            NAGI_LABEL_ZONE
        media.tier      NAGI_LABEL_MEDIA_TIER
        a-b/c           NAGI_LABEL_A_B_C
        rack2           NAGI_LABEL_RACK2
        地域            NAGI_LABEL___
        """)

    @Test(arguments: labels) func `a label is a variable`(row: Row) throws {
        let node = ClusterNode(
            name: "n", api: "http://192.0.2.1:3000/", labels: [try row.text("label"): "$(rm -rf /) \"a b\""])
        let facts = Self.facts(node)
        #expect(facts[try row.text("variable")] == "$(rm -rf /) \"a b\"", "\(facts)")
    }

    @Test func `every fact has its variable`() {
        let node = ClusterNode(name: "node-01@192.0.2.5", api: "http://192.0.2.5:3000/")
        #expect(
            Self.facts(node, revision: "2025.2.0") == [
                "NAGI_NODE": "node-01@192.0.2.5", "NAGI_NODE_API": "http://192.0.2.9:3000/", "NAGI_CLUSTER": "tokyo",
                "NAGI_RUN": "sora@2025.2.0#1", "NAGI_REVISION": "2025.2.0",
            ])
    }

    @Test func `what is not known is not there`() {
        #expect(Set(Self.facts(nil).keys) == ["NAGI_NODE_API", "NAGI_CLUSTER", "NAGI_RUN"])
    }

    private static func facts(_ node: ClusterNode?, revision: String? = nil) -> [String: String] {
        CommandEnvironment.facts(
            node: node, address: NodeAddress(api: "http://192.0.2.9:3000/", ready: nil), cluster: "tokyo",
            run: RunID(policy: "sora", revision: "2025.2.0", ordinal: 1), revision: revision)
    }
}
