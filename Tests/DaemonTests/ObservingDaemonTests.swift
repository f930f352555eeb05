import Calendars
import Daemon
import Primitives
import Testing

@testable import Scheduling

/// A daemon that is started to observe only: on a journal that leaves nothing undone, and on one that does.
@Suite struct ObservingDaemonTests {
    private let directory: TemporaryDirectory
    private let stub: ModeStub
    private let policies: PolicySet
    private let log = LogLines()

    init() throws {
        directory = try TemporaryDirectory()
        stub = try ModeStub(listing: nil)
        var policies = set(stub.node.url, topology: .standalone)
        policies.clusters[0].observe = ObserveSettings(interval: .seconds(1))
        // Calls are live on the node, and the drain does not end.
        policies.policies = [
            Policy(
                name: "up", cluster: "tokyo", schedule: .rollout,
                sequence: StepSequence(name: "s", steps: [.drain(DrainStep()), .block, .restore]),
                kind: .rollout(revision: "2", approval: nil))
        ]
        policies.zones = [ZoneRules.utc.name: .utc]
        self.policies = policies
    }

    private var state: StateDirectory { StateDirectory(path: directory.path + "/state") }

    private func daemon(_ mode: DaemonSettings.Mode) throws -> DaemonService {
        DaemonService(
            settings: DaemonSettings(
                state: state, listen: try ListenAddress("127.0.0.1:0"), policyDirectory: directory.path,
                environment: [:], mode: mode),
            readPolicies: { [policies] in PolicyReading(set: policies) }, log: log.add)
    }

    /// What the daemon says as soon as that is so of the node.
    private func status(
        of daemon: DaemonService, _ isWanted: (StatusDocument.Node) -> Bool
    ) async throws -> StatusDocument {
        let connection = DaemonConnection(
            address: try #require(daemon.listeningAddress), token: try state.existingToken())
        var seen: StatusDocument?
        #expect(
            await NagiBinary.eventually {
                seen = try? await connection.status().document
                return seen?.clusters.first?.nodes.first.map(isWanted) ?? false
            })
        return try #require(seen)
    }

    /// One that acts takes the node out of service, and is stopped there.
    private func leaveShut() async throws {
        let daemon = try daemon(.acts)
        try await daemon.whileRunning {
            _ = try await status(of: daemon) { $0.observed == "block_new_session" && $0.verdict.code == "draining" }
        }
        #expect(stub.changes == 1)
    }

    private func startedRuns() throws -> [String] {
        let journal = try SQLiteJournal(path: state.journalPath)
        defer { journal.close() }
        return try journal.records().compactMap { if case .runStarted(let run) = $0.fact { run.id.text } else { nil } }
    }

    @Test func `over a clean journal it decides and sends nothing, and the next that acts takes the same run`()
        async throws
    {
        for _ in 1...2 {
            let daemon = try daemon(.observes)
            try await daemon.whileRunning {
                let seen = try await status(of: daemon) { $0.verdict.code == "would" }
                #expect(seen.observing && seen.runs.map(\.id) == ["up@2#1"])
                #expect(StatusTable(seen).text.contains("! observe-only: nothing is sent"))
            }
        }
        #expect(stub.changes == 0 && stub.current == "normal")
        let daemon = try daemon(.acts)
        try await daemon.whileRunning {
            let seen = try await status(of: daemon) { $0.observed == "block_new_session" }
            #expect(!seen.observing && seen.runs.map(\.id) == ["up@2#1"])
        }
        #expect(stub.changes == 1)
        stub.node.stop()
    }

    @Test func `where one that acted left a node shut it is refused, and says what would be left as it is`()
        async throws
    {
        try await leaveShut()
        let calls = stub.node.calls.count
        await #expect {
            try await daemon(.observes).run()
        } throws: { error in
            guard let error = error as? DaemonError, case .leavesUndone(let left) = error else { return false }
            return left == ["tokyo/node-01: block_new_session by nagi"] && "\(error)".hasSuffix("\n  \(left[0])")
                && error.hint?.contains("--observe-only --force") == true
        }
        #expect(stub.node.calls.count == calls, "nobody is asked anything")
        #expect(!state.isInUse)
        #expect(try startedRuns() == ["up@2#1"])
        stub.node.stop()
    }

    @Test func `by force it starts, names what it leaves, and sends nothing where a block is lost`() async throws {
        try await leaveShut()
        let observing = try daemon(.observesAnyway)
        try await observing.whileRunning {
            let seen = try await status(of: observing) { $0.observed == "block_new_session" }
            #expect(seen.observing && seen.runs.map(\.id) == ["up@2#1"])
            stub.turn("normal")
            _ = try await status(of: observing) { $0.observed == "normal" }
            let reads = stub.node.calls.count
            #expect(await NagiBinary.eventually { stub.node.calls.count >= reads + 4 })
        }
        #expect(log.contain(" warn  left as it is: tokyo/node-01: block_new_session by nagi"))
        #expect(stub.changes == 1)
        // Nothing is used up, and nothing is forgotten.
        let acting = try daemon(.acts)
        try await acting.whileRunning {
            let seen = try await status(of: acting) { $0.observed == "block_new_session" }
            #expect(!seen.observing && seen.runs.map(\.id) == ["up@2#1"])
        }
        #expect(stub.changes == 2)
        #expect(try startedRuns() == ["up@2#1"])
        stub.node.stop()
    }
}
