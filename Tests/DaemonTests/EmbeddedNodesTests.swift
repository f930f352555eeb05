import Calendars
import Daemon
import Foundation
import ModeServer
import PolicyFile
import Scheduling
import Synchronization
import TestSupport
import Testing

/// A daemon with nodes in its own process.
@Suite struct EmbeddedNodesTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Nodes of one embedded cluster with free ports, and what stands beside them.
    struct Policies: Sendable {
        var topology = "standalone"
        var ports: [FreePorts]
        var rest = ""

        init(_ count: Int = 1, topology: String = "standalone") throws {
            self.topology = topology
            ports = try (0..<count).map { _ in try FreePorts() }
        }

        var text: String {
            let rows = ports.enumerated().map { index, port in
                #"    - {name: node-\#(index + 1), api: "\#(port.api)", ready: "\#(port.ready)", embedded: {}}"#
            }
            return """
                apiVersion: nagi/v1
                kind: Cluster
                metadata: {name: home}
                spec:
                  topology: \(topology)
                  observe: {interval: 200ms}
                  nodes:
                \(rows.joined(separator: "\n"))
                \(rest)
                """
        }

        var set: PolicySet {
            get throws {
                let zones = ZoneCatalog([.utc], version: "test")
                let parsed = parsePolicies([PolicySource(path: "p.yaml", text: text)], zones: zones)
                return try #require(parsed.set, "\(parsed.diagnostics.map { $0.rendered() })")
            }
        }

        /// A window that is open now, with these steps.
        mutating func addWindow(steps: String) {
            let format = Date.ISO8601FormatStyle().year().month().day().time(includingFractionalSeconds: false)
            rest += """

                ---
                apiVersion: nagi/v1
                kind: MaintenanceWindow
                metadata: {name: now}
                spec:
                  cluster: home
                  windows: [{name: open, at: \(Date().formatted(format).prefix(19)), duration: 1h, timeZone: UTC}]
                  sequence: {steps: [\(steps)]}
                """
        }
    }

    private func service(
        _ log: LogLines, _ reading: @escaping @Sendable () -> PolicyReading
    ) throws -> DaemonService {
        DaemonService(
            settings: DaemonSettings(
                state: StateDirectory(path: directory.path + "/state"), listen: try ListenAddress("127.0.0.1:0"),
                policyDirectory: directory.path, environment: [:]),
            readPolicies: reading, log: log.add)
    }

    /// Runs the daemon while `body` does, then stops it.
    private func running(
        _ policies: Policies, log: LogLines = LogLines(), _ body: (DaemonService) async throws -> Void
    ) async throws {
        let set = try policies.set
        let service = try service(log) { PolicyReading(set: set) }
        let task = Task { try await service.run() }
        do {
            let count = policies.ports.count
            #expect(
                await NagiBinary.eventually { log.all.count { $0.contains(" listens on ") } == count }, "\(log.all)")
            try await body(service)
        } catch {
            Issue.record("\(error)")
        }
        service.stop()
        try await task.value
    }

    private func node(_ index: Int, of service: DaemonService) async -> StatusDocument.Node? {
        guard let address = service.listeningAddress else { return nil }
        let state = StateDirectory(path: directory.path + "/state")
        let token = (try? state.existingToken()) ?? nil
        let status = try? await DaemonConnection(address: address, token: token).status()
        return status?.document.clusters.first { $0.name == "home" }?.nodes[index]
    }

    @Test func `an embedded node is read, shown, and served to everybody else`() async throws {
        let policies = try Policies()
        let log = LogLines()
        try await running(policies, log: log) { service in
            let port = policies.ports[0]
            #expect(await NagiBinary.eventually { await node(0, of: service)?.observed == "normal" })
            let shown = try #require(await node(0, of: service))
            #expect(shown.ready == true && shown.version == "2025.1.0" && shown.sessions == 0)
            let answer = try await post(port.api, target: "Sora_20211215.GetMode")
            #expect(answer.status == 200 && answer.body == #"{"mode":"normal"}"#)
        }
        #expect(log.contain("the embedded node ends with this process, live connections that end with it: 0"))
        #expect(log.contain("embedded home: ") && log.contain("all summary: connections cut 0"))
        await #expect(throws: (any Error).self) {
            try await post(policies.ports[0].api, target: "Sora_20211215.GetMode")
        }
    }

    @Test func `a ChangeMode that somebody sends to an embedded node is foreign`() async throws {
        let policies = try Policies()
        let log = LogLines()
        try await running(policies, log: log) { service in
            let api = policies.ports[0].api
            try await post(api, target: "Sora_20211215.ChangeMode", #"{"mode":"block_new_session"}"#)
            #expect(await NagiBinary.eventually { await node(0, of: service)?.verdict.code == "foreign" })
            let shown = try #require(await node(0, of: service))
            #expect(shown.observed == "block_new_session" && shown.desired == nil && shown.claims.isEmpty)
            #expect(shown.verdict.text == "block_new_session was set by somebody else")
            try await post(api, target: "Sora_20211215.ChangeMode", #"{"mode":"normal"}"#)
            #expect(await NagiBinary.eventually { await node(0, of: service)?.verdict.code == "unmanaged" })
        }
        #expect(!log.contain("peer nagi"), "nagi itself wrote nothing")
        #expect(log.all.count { $0.contains("mode request") } == 2)
    }

    @Test(arguments: ["standalone", "clustered"])
    func `after a restart the block is back before anybody can ask`(topology: String) async throws {
        var policies = try Policies(topology == "clustered" ? 3 : 1, topology: topology)
        policies.addWindow(steps: "{block: {}}, {wait: {for: 10m}}, {restore: {}}")
        try await running(policies) { service in
            #expect(await NagiBinary.eventually { await node(0, of: service)?.observed == "block_new_connection" })
        }
        let log = LogLines()
        let api = policies.ports[0].api
        let answers = Task {
            var answers: [String] = []
            while answers.count < 20, !Task.isCancelled {
                let answer = await Patience.answer(within: .seconds(20), every: .milliseconds(1)) {
                    try? await post(api, target: "Sora_20211215.GetMode")
                }
                if let answer { answers.append(answer.body) }
            }
            return answers
        }
        try await running(policies, log: log) { _ in
            let first = await answers.value
            #expect(Set(first) == [#"{"mode":"block_new_connection"}"#])
        }
        let block = log.all.firstIndex { $0.contains("mode normal -> block_new_connection, by request") }
        let request = log.all.firstIndex { $0.contains("mode request block_new_connection, was normal") }
        #expect(block != nil && request != nil)
        #expect(
            log.all.contains { $0.contains("is block_new_connection again: it was lost") }, "\(log.all)")
    }

    @Test func `a node that left with a restart is shown as owed, and the others are served`() async throws {
        var both = try Policies(2)
        both.addWindow(steps: "{block: {}}, {wait: {for: 10m}}, {restore: {}}")
        try await running(both) { service in
            #expect(await NagiBinary.eventually { await node(0, of: service)?.observed == "block_new_connection" })
        }
        let log = LogLines()
        var fewer = try both.set
        fewer.clusters[0].nodes.removeFirst()
        fewer.digest = "fewer"
        let service = try service(log) { [fewer] in PolicyReading(set: fewer) }
        let task = Task { try await service.run() }
        #expect(await NagiBinary.eventually { log.all.count { $0.contains(" listens on ") } == 1 }, "\(log.all)")
        #expect(await NagiBinary.eventually { await node(1, of: service)?.owed == true })
        let gone = try #require(await node(1, of: service))
        #expect(gone.name == "node-1" && gone.retained && gone.observed == nil)
        await #expect(throws: (any Error).self) {
            try await post(both.ports[0].api, target: "Sora_20211215.GetMode")
        }
        service.stop()
        try await task.value
    }

    @Test func `a port that is taken ends the start with the node's name`() async throws {
        let policies = try Policies(2)
        let blocker = try StubNode(port: policies.ports[1].signaling) { _ in .close }
        let set = try policies.set
        let log = LogLines()
        let service = try service(log) { PolicyReading(set: set) }
        await #expect {
            try await service.run()
        } throws: { error in
            "\(error)"
                == "the embedded node node-2 of home cannot listen on 127.0.0.1:\(policies.ports[1].signaling): "
                + "Address already in use"
        }
        #expect(!log.contain("daemon started"), "nothing was decided yet")
        blocker.stop()
    }

    @Test func `a reload takes what does not touch the nodes themselves, and refuses the rest`() async throws {
        let policies = try Policies()
        let log = LogLines()
        let current = CurrentSet(try policies.set)
        let service = try service(log) { PolicyReading(set: current.value) }
        let task = Task { try await service.run() }
        #expect(await NagiBinary.eventually { log.contain(" listens on ") })

        for change in [
            { (set: inout PolicySet) in set.clusters[0].nodes[0].embedded?.apiPort += 1 },
            { $0.clusters[0].nodes[0].embedded?.traffic = MadeUpTraffic() }, { $0.clusters[0].nodes[0].embedded = nil },
            { $0.clusters[0].topology = .clustered }, { $0.clusters = [] },
            { $0.clusters.append(ClusterPolicy(name: "x", topology: .standalone, nodes: $0.clusters[0].nodes)) },
        ] as [@Sendable (inout PolicySet) -> Void] {
            let before = log.all.count
            var set = try policies.set
            change(&set)
            set.digest = "changed"
            current.value = set
            service.reload()
            #expect(
                await NagiBinary.eventually { log.all.dropFirst(before).contains { $0.contains("reload refused") } })
            #expect(
                log.all.dropFirst(before).contains {
                    $0.hasSuffix("embedded nodes change with a restart of the daemon")
                })
        }
        var set = try policies.set
        set.clusters[0].nodes[0].labels = ["zone": "b"]
        set.clusters[0].budget = Budget(maxUnavailable: .count(2))
        set.clusters.append(
            ClusterPolicy(
                name: "remote", topology: .standalone, nodes: [ClusterNode(name: "r", api: "http://127.0.0.1:1/")]))
        set.digest = "good"
        current.value = set
        service.reload()
        #expect(await NagiBinary.eventually { log.contain("policies good are in force") })
        service.stop()
        try await task.value
    }

    @Test func `remote clusters work beside embedded ones`() async throws {
        let stub = try ModeStub()
        var policies = try Policies()
        policies.rest = """
            ---
            apiVersion: nagi/v1
            kind: Cluster
            metadata: {name: far}
            spec: {topology: standalone, nodes: [{name: far-1, api: "\(stub.node.url)"}]}
            """
        try await running(policies) { service in
            #expect(await NagiBinary.eventually { await node(0, of: service)?.observed == "normal" })
            #expect(await NagiBinary.eventually { stub.node.operations.contains("GetStatsReport") })
        }
        stub.node.stop()
    }

    @Test func `nothing is sent to a node that was embedded in an earlier process`() async throws {
        let client = ModeAPIClient(directory: "/", environment: [:])
        let policies = try Policies().set
        client.use(policies)
        let node = NodeID(cluster: "home", name: "node-1")
        guard case .readFailed(_, _, _, let failure) = await client.read(node, .whole, at: policies.address) else {
            Issue.record("it was read")
            return
        }
        #expect(failure == .notSent("the node was embedded in an earlier process of the daemon"))
        await client.shutdown()
    }
}

/// What the policy files say now.
private final class CurrentSet: Sendable {
    private let set: Mutex<PolicySet>

    init(_ set: PolicySet) { self.set = Mutex(set) }

    var value: PolicySet {
        get { set.withLock { $0 } }
        set { self.set.withLock { $0 = newValue } }
    }
}
