import Daemon
import Primitives
import Scheduling
import Testing

/// What may be sent to nodes that stand in no policy.
struct FoundNodeCallTests {
    /// The policy has changed since the list was believed: the token goes nowhere else for that.
    @Test(arguments: [
        ("node-01", "http://198.51.100.1:9/", true), ("node-07", "http://198.51.100.7:9/", false),
        ("http://198.51.100.2:9/", "http://198.51.100.2:9/", true),
    ])
    func `an address that allow does not let be is not called`(name: String, api: String, isCalled: Bool) async throws {
        let client = ModeAPIClient(directory: "/", environment: [:])
        let cluster = ClusterPolicy(
            name: "tokyo", topology: .clustered,
            nodes: [ClusterNode(name: "node-01", api: "http://198.51.100.1:9/")],
            api: APISettings(timeout: .milliseconds(200)),
            discovery: Discovery(seeds: ["http://198.51.100.2:9/"], allow: ["192.0.2.0/24"]))
        client.use(client.settings(for: PolicySet(clusters: [cluster])))
        let event = await client.read(
            NodeID(cluster: "tokyo", name: name), .mode, at: NodeAddress(api: api, ready: nil))
        guard case .readFailed(_, _, begun: _, let failure) = event else {
            Issue.record("\(event)")
            return
        }
        #expect("\(failure)".contains("is in no network of discovery.allow") != isCalled, "\(failure)")
        await client.shutdown()
    }
}
