import Foundation
import Glibc
import Testing

/// One test's own world: a directory, mode servers, daemons. Gone when the test is over, whatever came of it.
final class Stage {
    /// The clients of the mode servers.
    enum Traffic {
        case none
        /// Calls that come and go within seconds.
        case brisk
        /// The same, and so many that no node is ever without one.
        case busy
        /// Calls that outlast the test: nothing ever drains.
        case lasting

        var options: [String] {
            switch self {
            case .none: []
            case .brisk: options(perSecond: "6", mean: "1", longest: "2")
            case .busy: options(perSecond: "30", mean: "1", longest: "2")
            case .lasting: options(perSecond: "6", mean: "600", longest: "1200")
            }
        }

        private func options(perSecond: String, mean: String, longest: String) -> [String] {
            ["--arrivals-per-second", perSecond, "--mean-hold", mean, "--max-hold", longest, "--channels", "500"]
        }
    }

    /// The nodes that are served.
    struct Cast {
        var nodes = 3
        /// How many of them, the last ones, are temporary.
        var temporary = 0
        var isClustered = true
        var traffic = Traffic.none
        /// Seconds that a restart keeps a node down.
        var downFor = 0.3

        var options: [String] {
            ["--nodes", "\(nodes)", "--down-for", "\(downFor)"] + (isClustered ? ["--cluster"] : [])
                + (temporary > 0 ? ["--temporary", "\(temporary)"] : []) + traffic.options
        }
    }

    static let newVersion = "2025.2.0"
    static let clusterSpec = """
        observe: {interval: 500ms}
        budget: {maxUnavailable: 1}
        """

    let directory: URL
    private let cast: Cast
    private(set) var nodes: [ServedAddresses.Node] = []
    private(set) var admin = ""
    private(set) var daemon: Program?
    private var servers: Program?
    private var programs: [Program] = []
    /// The most nodes that nagi claimed at once, in any status that was asked for.
    private(set) var mostClaimed = 0

    private init(_ cast: Cast) throws {
        self.cast = cast
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: policies, withIntermediateDirectories: true)
    }

    var policies: URL { directory.appendingPathComponent("policies") }
    var state: URL { directory.appendingPathComponent("state") }

    /// Runs the test on a new stage, and shows the logs where it fails.
    static func open(nodes: Int = 3, traffic: Traffic, _ body: (Stage) async throws -> Void) async throws {
        try await open(Cast(nodes: nodes, traffic: traffic), body)
    }

    static func open(_ cast: Cast, _ body: (Stage) async throws -> Void) async throws {
        try await begin(cast) { stage in
            try await stage.serve()
            try await body(stage)
        }
    }

    /// The same without mode servers: the nodes are embedded in the daemon, each alone, at ports that are free.
    static func openEmbedded(
        nodes: Int = 1, options: String = "", _ body: (Stage) async throws -> Void
    ) async throws {
        try await begin(Cast(nodes: nodes, isClustered: false)) { stage in
            try stage.embed(nodes, options: options)
            try await body(stage)
        }
    }

    private static func begin(_ cast: Cast, _ body: (Stage) async throws -> Void) async throws {
        let stage = try Stage(cast)
        do {
            try await body(stage)
        } catch {
            Issue.record("\(error)\n\(stage.logs)")
        }
        await stage.close()
    }

    private func serve() async throws {
        let program = try start(
            [
                "serve-modes", "--admin", "--format", "json", "--grace", "0.2", "--join-delay", "0.2", "--log",
                file("nodes.log").path,
            ] + cast.options)
        servers = program
        let addresses = try await eventually("the mode servers say where they are", within: .seconds(10)) {
            guard program.isRunning else { throw Ended(description: "serve-modes ended: \(program.errorText)") }
            let line = program.outputText.prefix { $0 != "\n" }
            return try? JSONDecoder().decode(ServedAddresses.self, from: Data(line.utf8))
        }
        nodes = addresses.nodes
        admin = addresses.admin ?? ""
        try writeCluster()
        if case .none = cast.traffic { return }
        // An upgrade of nodes without calls would prove nothing.
        try await eventually("calls are live", within: .seconds(10)) {
            let answer = try LoopbackCall(address: admin).get("/nodes")
            return answer.status == 200 && !answer.body.contains(#""connections":0,"#) ? () : nil
        }
    }

    private func embed(_ count: Int, options: String) throws {
        nodes = try (1...count).map { number in
            let ports = try LoopbackCall.freePorts(2)
            return ServedAddresses.Node(
                name: "node-\(number)", api: "http://127.0.0.1:\(ports[0])/",
                signaling: "ws://127.0.0.1:\(ports[1])/signaling", ready: "http://127.0.0.1:\(ports[1])/.ok")
        }
        try write("cluster.yaml", clusterPolicy(nodes, node: ", embedded: {\(options)}", Self.clusterSpec))
    }

    /// The cluster as a policy: its nodes, all that are served unless others are given, and further lines of its spec.
    func writeCluster(_ listed: [ServedAddresses.Node]? = nil, _ lines: String = Stage.clusterSpec) throws {
        try write("cluster.yaml", clusterPolicy(listed ?? nodes, lines))
    }

    struct Ended: Error, CustomStringConvertible {
        var description: String
    }

    private func clusterPolicy(
        _ listed: [ServedAddresses.Node], node options: String = "", _ lines: String
    ) -> String {
        let rows = listed.map { #"    - {name: \#($0.name), api: "\#($0.api)", ready: "\#($0.ready)"\#(options)}"# }
        return """
            apiVersion: nagi/v1
            kind: Cluster
            metadata: {name: demo}
            spec:
              topology: \(cast.isClustered ? "clustered" : "standalone")
              nodes:
            \(rows.joined(separator: "\n"))
            \(lines.indented(by: 2))
            """
    }

    func file(_ name: String) -> URL { directory.appendingPathComponent(name) }

    func text(_ name: String) -> String {
        String(decoding: (try? Data(contentsOf: file(name))) ?? Data(), as: UTF8.self)
    }

    func write(_ name: String, _ text: String) throws {
        try Data((text + "\n").utf8).write(to: policies.appendingPathComponent(name))
    }

}

extension Stage {
    func start(_ arguments: [String], program: String = Program.path) throws -> Program {
        let name = "\(programs.count + 1)-\(arguments.first ?? "nagi")"
        let started = try Program(arguments, program: program, in: directory, name: name)
        programs.append(started)
        return started
    }

    /// Starts the program and waits for its end.
    func run(_ arguments: [String], program: String = Program.path) async throws -> (program: Program, status: Int32) {
        let started = try start(arguments, program: program)
        return (started, try await started.ended(within: .seconds(15)))
    }

    /// Starts the daemon on the stage's policies and state, and does not wait for anything.
    @discardableResult
    func launchDaemon(_ options: String...) throws -> Program { try launchDaemon(options) }

    private func launchDaemon(_ options: [String]) throws -> Program {
        let started = try start(
            ["daemon", policies.path, "--state", state.path, "--listen", "127.0.0.1:0"] + options)
        daemon = started
        return started
    }

    /// Starts the daemon, and waits until it listens.
    @discardableResult
    func startDaemon(_ options: String...) async throws -> Program {
        let started = try launchDaemon(options)
        try await eventually("the daemon listens", within: .seconds(10)) {
            guard started.isRunning else { throw Ended(description: "the daemon ended: \(started.errorText)") }
            return started.outputText.contains("listening on ") ? () : nil
        }
        return started
    }

    /// Ends the daemon as a power loss would.
    func killDaemon() async throws {
        guard let daemon else { return }
        daemon.send(SIGKILL)
        #expect(try await daemon.ended(within: .seconds(5)) == -SIGKILL)
    }

    /// What `nagi status` says; nil while it cannot say anything.
    func status() async throws -> StatusAnswer? {
        let asked = try Program(
            ["status", "--state", state.path, "--format", "json"], in: directory, name: "status")
        guard try await asked.ended(within: .seconds(10)) == 0 else { return nil }
        let answer = try JSONDecoder().decode(StatusAnswer.self, from: Data(contentsOf: asked.output))
        mostClaimed = max(mostClaimed, answer.claimed.count)
        return answer
    }

    /// Waits until the status is as wanted.
    @discardableResult
    func status(
        _ what: String, within limit: Duration = .seconds(20), _ isWanted: (StatusAnswer) throws -> Bool
    ) async throws -> StatusAnswer {
        try await eventually(what, within: limit) {
            if let daemon, !daemon.isRunning { throw Ended(description: "the daemon ended: \(daemon.errorText)") }
            guard let answer = try await status(), try isWanted(answer) else { return nil }
            return answer
        }
    }

    /// Waits until the daemon says so of the node.
    @discardableResult
    func verdict(_ code: String, of node: String, within limit: Duration = .seconds(20)) async throws -> StatusAnswer {
        try await status("\(node) is \(code)", within: limit) { $0.verdict(of: node)?.code == code }
    }

    /// Waits for the end of the run.
    @discardableResult
    func completion(within limit: Duration = .seconds(45)) async throws -> StatusAnswer {
        let answer = try await status("the run is over", within: limit) {
            $0.run?.isOver == true
        }
        #expect(answer.run?.phase == "completed", "\(answer.run.map { "\($0)" } ?? "no run")")
        #expect(answer.claimed.isEmpty)
        return answer
    }

    /// An action of the mode servers' admin API on a node; its answer.
    @discardableResult
    func act(_ action: String, on node: String, _ body: String = "{}") throws -> String {
        let answer = try LoopbackCall(address: admin).post("/nodes/\(node)/\(action)", body)
        guard 200..<300 ~= answer.status else { throw LoopbackCall.Failure(description: "\(action): \(answer)") }
        return answer.body
    }

    var serversOutput: String { servers?.outputText ?? "" }
    var nodeLog: NodeLog { NodeLog(text("nodes.log")) }

    /// What the nodes in the daemons of this stage logged, oldest first.
    var embeddedLog: NodeLog {
        let daemons = programs.filter { $0.output.lastPathComponent.contains("-daemon") }
        let prefix = "embedded demo: "
        let lines = daemons.flatMap { $0.outputText.split(separator: "\n") }
        return NodeLog(
            lines.compactMap { line in line.firstRange(of: prefix).map { line[$0.upperBound...] } }
                .joined(separator: "\n"))
    }

    /// Ends the mode servers in order, and reads their log to its end.
    func finishedLog() async throws -> NodeLog {
        servers?.send(SIGTERM)
        #expect(try await servers?.ended(within: .seconds(10)) == 0)
        return nodeLog
    }

    /// What holds after every scenario: no call was cut, never more than one node was out of `normal`, none still is.
    ///
    /// - Parameters:
    ///   - cut: connections that the test itself cut.
    ///   - closed: nodes that end in another mode than `normal`.
    func expectUnharmed(cut: Int = 0, closed: [String] = []) async throws {
        #expect(mostClaimed <= 1, "nagi claimed \(mostClaimed) nodes at once")
        let log = try await finishedLog()
        let summary = try #require(log.summary)
        #expect(summary.cut == cut, "connections cut")
        #expect(summary.peakOut <= 1, "nodes out of normal at once")
        for node in nodes where !closed.contains(node.name) {
            #expect(log.summary(of: node.name)?.hasPrefix("summary: normal, ") == true, "\(node.name) at the end")
        }
    }

    var logs: String {
        let daemons = programs.filter { $0.output.lastPathComponent.contains("-daemon") }
            .map { "--- \($0.output.lastPathComponent)\n\($0.outputText)\($0.errorText)" }
        return (["--- nodes.log\n\(text("nodes.log"))"] + daemons).joined(separator: "\n")
    }

    private func close() async {
        for program in programs { program.send(SIGKILL) }
        for program in programs { _ = try? await program.ended(within: .seconds(5)) }
        endCommands()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Commands outlive a daemon that was killed, as they should.
    private func endCommands() {
        struct Started: Decodable {
            struct Process: Decodable { var pid: Int32 }
            var runner: Process
            var command: Process?
        }
        let folder = state.appendingPathComponent("commands")
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let command = folder.appendingPathComponent(name)
            guard !FileManager.default.fileExists(atPath: command.appendingPathComponent("outcome").path),
                let bytes = try? Data(contentsOf: command.appendingPathComponent("started")),
                let started = try? JSONDecoder().decode(Started.self, from: bytes)
            else { continue }
            if let command = started.command { kill(-command.pid, SIGKILL) }
            kill(started.runner.pid, SIGKILL)
        }
    }
}
