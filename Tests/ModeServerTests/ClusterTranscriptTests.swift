import Foundation
import ModeServer
import NIOCore
import NIOHTTP1
import Testing

/// Three nodes over sockets, driven by the admin API, as one text that people can read: what each node said of its mode,
/// whom it listed, what its readiness gate said, and what became of clients that contacted it.
///
/// `NAGI_REWRITE_EXPECTED=1` writes `transcripts/cluster.txt` anew: read the difference before you commit it.
@Suite(.timeLimit(.minutes(1)))
struct ClusterTranscriptTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("transcripts/cluster.txt")

    private static let script = """
        # Three nodes have joined. A client of the channel "spam" is on node-01.
        call spam 1
        look

        # Isolated while normal, a node is initial, and normal again when it is back; whom it has keeps its call.
        isolate 1
        rejoin 1

        # In block_new_session it keeps its mode, and lets clients in where somebody is.
        mode 1 block_new_session
        isolate 1
        rejoin 1

        # In block_new_connection as well; its gate is closed, in the cluster or not.
        mode 1 block_new_connection
        isolate 1
        rejoin 1

        # A block does not survive a restart: the node is normal by itself as soon as it has joined. Its call is cut.
        restart 1

        # A failed file operation makes a node block itself; somebody has to open it.
        fileFault 1
        mode 1 normal

        # One node down is a majority still. The node that stopped is listed without details.
        stop 2
        # Two down are not: the last one is alone, and initial. A client on it stays.
        call spam 1
        stop 3
        start 3

        # A purged node counts no more: of the two that are left both must be up.
        purge 2
        stop 3
        start 3
        # Started again it is listed again.
        start 2

        # A node that crashed is gone like one that stopped.
        crash 3
        start 3
        """

    @Test func `what a cluster says and does at each point`() async throws {
        let settings = ModeServerSettings(
            nodeCount: 3, isClustered: true, adminPort: 0, gracePeriod: .zero, downFor: .milliseconds(50),
            joinDelay: .milliseconds(50))
        _ = try await serving(settings) { served in
            let transcript = try await ClusterTranscript(served).run(Self.script)
            if ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1" {
                try Data(transcript.utf8).write(to: Self.file)
            }
            let expected = try String(contentsOf: Self.file, encoding: .utf8)
            #expect(transcript == expected)
        }
    }
}

/// Runs a script and writes down what is seen after each command.
private actor ClusterTranscript {
    private let served: Served
    private var calls: [String: SignalingClient] = [:]
    private var text = ""

    init(_ served: Served) { self.served = served }

    func run(_ script: String) async throws -> String {
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ").map(String.init)
            guard let command = words.first, command != "#" else {
                text += line + "\n"
                continue
            }
            text += "> \(line)\n"
            try await perform(command, Array(words.dropFirst()))
            try await look()
        }
        return text
    }

    private func perform(_ command: String, _ arguments: [String]) async throws {
        switch command {
        case "look": return
        case "call":
            let (client, answer) = try await SignalingClient.connect(served.addresses.nodes[0].signaling, arguments[0])
            calls[arguments[0]] = client
            text += "  a client: \(meaning(of: answer))\n"
        case "mode":
            let node = try #require(Int(arguments[0])) - 1
            let answer = try await changeMode(served.api(node), arguments[1])
            text += "  answered \(answer.status) \(answer.body)\n"
        default:
            let node = try #require(Int(arguments[0])) - 1
            let name = served.addresses.nodes[node].name
            let answer = try await send(try served.admin("nodes/\(name)/\(command)"))
            text += "  answered \(answer.status)\(answer.body == "{}" ? "" : " " + answer.body)\n"
            if ["restart", "start"].contains(command) { try await joined(name) }
        }
    }

    private nonisolated func joined(_ name: String) async throws {
        try await eventually("\(name) does not join") {
            let nodes = try await send(.GET, try served.admin("nodes")).body.components(separatedBy: "{\"name\":")
            return nodes.contains { $0.contains(name) && $0.contains(#""joined":true"#) }
        }
    }

    private func look() async throws {
        text += "            mode                  lists                       /.ok  new channel            spam\n"
        for node in 0..<3 {
            let row = [
                "  node-0\(node + 1)", await mode(node), await listed(node), await gate(node),
                await newcomer(node, "new-channel"), await newcomer(node, "spam"),
            ]
            let line = zip(row, [12, 22, 28, 6, 23, 0]).map { text, width in
                text + String(repeating: " ", count: max(0, width - text.count))
            }.joined()
            text += String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }
    }

    /// A node that is down refuses connections; that is what is written down.
    private func mode(_ node: Int) async -> String {
        guard let answer = try? await getMode(served.api(node)) else { return "down" }
        return answer.replacing("{\"mode\":\"", with: "").replacing("\"}", with: "")
    }

    private func listed(_ node: Int) async -> String {
        struct Line: Decodable {
            var node_name: String
            var mode: String?
        }
        guard let answer = try? await send(served.api(node), target: "Sora_20211215.ListClusterNodes"),
            let lines = try? JSONDecoder().decode([Line].self, from: Data(answer.body.utf8))
        else { return "-" }
        let short = [
            "normal": "normal", "initial": "initial", "block_new_session": "bns", "block_new_connection": "bnc",
        ]
        return lines.map { line in
            let number = line.node_name.prefix { $0 != "@" }.suffix(1)
            return "\(number):\(line.mode.map { short[$0] ?? $0 } ?? "?")"
        }.joined(separator: " ")
    }

    private func gate(_ node: Int) async -> String {
        guard let answer = try? await send(.GET, served.ready(node)) else { return "-" }
        return "\(answer.status)"
    }

    /// A client that contacts the node, looks what it is told, and goes.
    private func newcomer(_ node: Int, _ channel: String) async -> String {
        guard
            let (client, answer) = try? await SignalingClient.connect(
                served.addresses.nodes[node].signaling, channel)
        else { return "refused" }
        let meaning = meaning(of: answer)
        if meaning == "accepted" {
            // The close frame comes when the connection is gone.
            try? await client.say(#"{"type":"disconnect"}"#)
            _ = try? await client.next()
        }
        try? await client.vanish()
        return meaning
    }

    private func meaning(of answer: String) -> String {
        struct Message: Decodable {
            var type: String
            var location: String?
            var reason: String?
        }
        let body = answer.replacing("text ", with: "")
        guard let message = try? JSONDecoder().decode(Message.self, from: Data(body.utf8)) else { return answer }
        let place = message.location.flatMap { location in
            served.addresses.nodes.firstIndex { $0.signaling == location }
        }
        if let place { return "redirect to node-0\(place + 1)" }
        return [message.type == "rejected" ? nil : message.type, message.reason].compactMap(\.self)
            .joined(separator: " ")
    }
}
