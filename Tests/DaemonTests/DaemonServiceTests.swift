import Daemon
import Foundation
import Primitives
import Scheduling
import Synchronization
import Testing

@Suite struct DaemonServiceTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func service(
        _ reading: @escaping @Sendable () -> PolicyReading, log: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> DaemonService {
        DaemonService(
            settings: DaemonSettings(
                state: StateDirectory(path: directory.path + "/state"), listen: try ListenAddress("127.0.0.1:0"),
                policyDirectory: directory.path, environment: [:]),
            readPolicies: reading, log: log)
    }

    private func status(of service: DaemonService) async throws -> StatusDocument {
        let token = try StateDirectory(path: directory.path + "/state").existingToken()
        return try await DaemonConnection(address: try #require(service.listeningAddress), token: token).status()
            .document
    }

    @Test func `it starts, shows the node, and stops in order`() async throws {
        let stub = try ModeStub()
        let policies = set(stub.node.url)
        let service = try service { PolicyReading(set: policies) }
        try await service.whileRunning {
            let state = StateDirectory(path: directory.path + "/state")
            let address = try #require(service.listeningAddress)
            #expect(state.isInUse)
            #expect(try state.address() == "\(address)")
            let connection = DaemonConnection(address: address, token: try state.existingToken())
            var seen: StatusDocument.Node?
            #expect(
                await NagiBinary.eventually {
                    seen = try? await connection.status().document.clusters.first?.nodes.first
                    return seen?.sessions != nil
                })
            #expect(seen?.observed == "normal")
            #expect(seen?.sessions == 17)
        }
        stub.node.stop()
        let journal = try SQLiteJournal(path: directory.path + "/state/journal.sqlite")
        let kinds = try journal.records().map(\.fact)
        #expect(kinds.first == .daemonStarted(boot: HostBoot.id()))
        let state = StateDirectory(path: directory.path + "/state")
        #expect(try state.address() == nil, "whoever takes the port next is not to be shown the token")
        #expect(!state.isInUse)
        #expect(kinds.contains(.policiesLoaded(policies)))
    }

    @Test func `a second daemon on the same state is refused`() async throws {
        let stub = try ModeStub()
        let policies = set(stub.node.url)
        try await service({ PolicyReading(set: policies) }).whileRunning {
            let other = try service { PolicyReading(set: policies) }
            await #expect {
                try await other.run()
            } throws: { error in
                if case .state(.inUse(_, let pid))? = error as? DaemonError { pid == "\(getpid())" } else { false }
            }
        }
        stub.node.stop()
    }

    @Test func `wrong policies and an empty journal end the start`() async throws {
        let service = try service { PolicyReading(set: nil, messages: ["it is wrong"]) }
        await #expect {
            try await service.run()
        } throws: { error in
            if case .noPolicies? = error as? DaemonError { true } else { false }
        }
    }

    @Test func `wrong policies leave those of the last start in force`() async throws {
        let stub = try ModeStub()
        let policies = set(stub.node.url)
        try await service({ PolicyReading(set: policies) }).whileRunning {
            #expect(await NagiBinary.eventually { stub.node.operations.contains("GetMode") })
        }
        let before = stub.node.calls.count
        let lines = Lines()
        let again = try service({ PolicyReading(set: nil, messages: ["it is wrong"]) }, log: lines.add)
        try await again.whileRunning {
            #expect(await NagiBinary.eventually { stub.node.calls.count > before })
        }
        #expect(lines.all.contains { $0.hasSuffix(" error it is wrong") })
        #expect(lines.all.contains { $0.contains("the policies are wrong: going on") })
        stub.node.stop()
    }

    @Test func `a reload takes right policies and refuses wrong ones`() async throws {
        let first = try ModeStub()
        let second = try ModeStub()
        let lines = Lines()
        let box = Box(PolicyReading(set: set(first.node.url)))
        let service = try service({ box.value.withLock { $0 } }, log: lines.add)
        try await service.whileRunning {
            box.value.withLock { $0 = PolicyReading(set: nil, messages: ["line 3 is wrong"]) }
            service.reload()
            #expect(await NagiBinary.eventually { lines.all.contains { $0.contains("reload refused") } })
            #expect(second.node.calls.isEmpty)
            let shows = { (reasons: [String]?) async in
                await NagiBinary.eventually { (try? await status(of: service))?.refusedReload?.reasons == reasons }
            }
            #expect(await shows(["line 3 is wrong"]))
            let moved = set(second.node.url)
            box.value.withLock { $0 = PolicyReading(set: moved) }
            service.reload()
            #expect(await NagiBinary.eventually { second.node.operations.contains("GetMode") })
            #expect(await shows(nil))
        }
        first.node.stop()
        second.node.stop()
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    @Sendable func add(_ line: String) { lines.withLock { $0.append(line) } }
}

private final class Box: Sendable {
    let value: Mutex<PolicyReading>

    init(_ reading: PolicyReading) {
        value = Mutex(reading)
    }
}
