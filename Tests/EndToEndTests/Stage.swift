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
        /// Calls that outlast the test: nothing ever drains.
        case lasting

        var options: [String] {
            switch self {
            case .none: []
            case .brisk: options(mean: "1", longest: "2")
            case .lasting: options(mean: "600", longest: "1200")
            }
        }

        private func options(mean: String, longest: String) -> [String] {
            ["--arrivals-per-second", "6", "--mean-hold", mean, "--max-hold", longest, "--channels", "500"]
        }
    }

    static let newVersion = "2025.2.0"
    static let clusterSpec = """
          observe: {interval: 500ms}
          budget: {maxUnavailable: 1}
        """

    let directory: URL
    private(set) var nodes: [ServedAddresses.Node] = []
    private(set) var admin = ""
    private(set) var daemon: Program?
    private var servers: Program?
    private var programs: [Program] = []
    /// The most nodes that nagi claimed at once, in any status that was asked for.
    private(set) var mostClaimed = 0

    private init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: policies, withIntermediateDirectories: true)
    }

    var policies: URL { directory.appendingPathComponent("policies") }
    var state: URL { directory.appendingPathComponent("state") }

    /// Runs the test on a new stage, and shows the logs where it fails.
    static func open(nodes: Int = 3, traffic: Traffic, _ body: (Stage) async throws -> Void) async throws {
        try await open { stage in
            try await stage.serve(nodes, traffic: traffic)
            try await body(stage)
        }
    }

    /// The same without mode servers: the nodes are embedded in the daemon, each alone, at ports that are free.
    static func openEmbedded(
        nodes: Int = 1, options: String = "", _ body: (Stage) async throws -> Void
    ) async throws {
        try await open { stage in
            try stage.embed(nodes, options: options)
            try await body(stage)
        }
    }

    private static func open(_ body: (Stage) async throws -> Void) async throws {
        let stage = try Stage()
        do {
            try await body(stage)
        } catch {
            Issue.record("\(error)\n\(stage.logs)")
        }
        await stage.close()
    }

    private func serve(_ count: Int, traffic: Traffic) async throws {
        let program = try start(
            [
                "serve-modes", "--nodes", "\(count)", "--cluster", "--admin", "--format", "json", "--grace", "0.2",
                "--down-for", "0.3", "--join-delay", "0.2", "--log", file("nodes.log").path,
            ] + traffic.options)
        servers = program
        let addresses = try await eventually("the mode servers say where they are", within: .seconds(10)) {
            guard program.isRunning else { throw Ended(description: "serve-modes ended: \(program.errorText)") }
            let line = program.outputText.prefix { $0 != "\n" }
            return try? JSONDecoder().decode(ServedAddresses.self, from: Data(line.utf8))
        }
        nodes = addresses.nodes
        admin = addresses.admin ?? ""
        try write("cluster.yaml", clusterPolicy(topology: "clustered"))
        if case .none = traffic { return }
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
        try write("cluster.yaml", clusterPolicy(topology: "standalone", node: ", embedded: {\(options)}"))
    }

    struct Ended: Error, CustomStringConvertible {
        var description: String
    }

    private func clusterPolicy(topology: String, node options: String = "") -> String {
        let rows = nodes.map { #"    - {name: \#($0.name), api: "\#($0.api)", ready: "\#($0.ready)"\#(options)}"# }
        return """
            apiVersion: nagi/v1
            kind: Cluster
            metadata: {name: demo}
            spec:
              topology: \(topology)
              nodes:
            \(rows.joined(separator: "\n"))
            \(Self.clusterSpec)
            """
    }

    func file(_ name: String) -> URL { directory.appendingPathComponent(name) }

    func text(_ name: String) -> String {
        String(decoding: (try? Data(contentsOf: file(name))) ?? Data(), as: UTF8.self)
    }

    func write(_ name: String, _ text: String) throws {
        try Data((text + "\n").utf8).write(to: policies.appendingPathComponent(name))
    }

    /// A rollout without windows, over the first so many nodes.
    func writeRollout(nodes count: Int, steps: String) throws {
        let names = nodes.prefix(count).map(\.name).joined(separator: ", ")
        try write(
            "rollout.yaml",
            """
            apiVersion: nagi/v1
            kind: Rollout
            metadata: {name: upgrade}
            spec:
              cluster: demo
              revision: "\(Self.newVersion)"
              selector: {nodes: [\(names)]}
              sequence:
                steps:
            \(steps.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n"))
            """)
    }

    /// The steps of an upgrade by a command of the test's own, which is told where the admin API is by its text.
    ///
    /// - Parameters:
    ///   - before: shell lines before the node's restart.
    ///   - after: shell lines at the command's end.
    func upgradeSteps(before: String = "", after: String = "") throws -> String {
        let script = file("upgrade")
        let port = URL(string: admin)?.port ?? 0
        try Data(
            #"""
            #!/usr/bin/env bash
            set -euo pipefail
            cd "\#(directory.path)"
            echo "$NAGI_NODE" >>starts
            \#(before)
            body="{\"version\":\"$NAGI_REVISION\"}"
            exec 3<>/dev/tcp/127.0.0.1/\#(port)
            printf 'POST /nodes/%s/restart HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n' "$NAGI_NODE" >&3
            printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3
            read -r answer <&3
            [[ $answer == *' 202 '* ]]
            \#(after)

            """#.utf8
        ).write(to: script)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
        return """
            - drain: {deadline: 1m, onDeadline: abort}
            - block: {}
            - run: {name: upgrade, command: [\(script.path)], timeout: 30s, disruptive: true}
            - verify: {connected: true, version: "{revision}", timeout: 30s}
            - restore: {}
            - soak: {for: 1s}
            """
    }

    /// Nodes for which the upgrade command was started, in order.
    var commandStarts: [String] { text("starts").split(separator: "\n").map(String.init) }
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
    func launchDaemon() throws -> Program {
        let started = try start([
            "daemon", policies.path, "--state", state.path, "--listen", "127.0.0.1:0",
        ])
        daemon = started
        return started
    }

    /// Starts the daemon, and waits until it listens.
    @discardableResult
    func startDaemon() async throws -> Program {
        let started = try launchDaemon()
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
            ["completed", "partial", "failed"].contains($0.run?.phase)
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
        let lines = daemons.flatMap { $0.outputText.split(separator: "\n") }.filter { $0.hasPrefix(prefix) }
        return NodeLog(lines.map { $0.dropFirst(prefix.count) }.joined(separator: "\n"))
    }

    /// Ends the mode servers in order, and reads their log to its end.
    func finishedLog() async throws -> NodeLog {
        servers?.send(SIGTERM)
        #expect(try await servers?.ended(within: .seconds(10)) == 0)
        return nodeLog
    }

    /// What holds after every scenario: no call was cut, never more than one node was out of `normal`, none still is.
    func expectUnharmed(cut: Int = 0) async throws {
        #expect(mostClaimed <= 1, "nagi claimed \(mostClaimed) nodes at once")
        let log = try await finishedLog()
        let summary = try #require(log.summary)
        #expect(summary.cut == cut, "connections cut")
        #expect(summary.peakOut <= 1, "nodes out of normal at once")
        for node in nodes {
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
