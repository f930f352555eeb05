import Foundation
import ModeCore
import ModeServer
import NIOHTTP1
import Testing

private let alone = ModeServerSettings(adminPort: 0)
private let three = ModeServerSettings(nodeCount: 3, isClustered: true, adminPort: 0, gracePeriod: .milliseconds(50))

private func accepted(_ channel: String, node: Int = 1, client: String = "#1", bundle: String = "#1") -> String {
    """
    text {"type":"accepted","connection_id":"#1","client_id":"\(client)","bundle_id":"\(bundle)","session_id":"#2",\
    "channel_id":"\(channel)","node_name":"node-0\(node)@127.0.0.1","version":"2025.1.0"}
    """
}

private func rejected(_ reason: String, _ message: String) -> [String] {
    [#"text {"type":"rejected","reason":"\#(reason)","message":"\#(message)"}"#, "close 4490 \(reason)", "end"]
}

private let blocksSession = rejected(
    "block_new_session", "the node takes no new session, and the channel has none on it")
private let blocksConnection = rejected("block_new_connection", "the node takes no new connection")

@Suite(.timeLimit(.minutes(1)))
struct SignalingTests {
    @Test func `a client is admitted, told its ids, and leaves when it says so`() async throws {
        _ = try await serving(alone) { served in
            let (client, answer) = try await SignalingClient.connect(served.signaling(), "spam")
            #expect(masked(answer) == accepted("spam"))
            #expect(try await connections(served) == 1)
            try await client.say(#"{"type":"ping"}"#)
            #expect(try await client.next() == #"text {"type":"pong"}"#)
            try await client.send(frame: 0x89, Array("hey".utf8))
            #expect(try await client.next() == "pong hey")
            try await client.say(#"{"type":"answer","sdp":"what real clients go on to say"}"#)
            try await client.say(#"{"type":"disconnect"}"#)
            #expect(try await client.next() == "close 1000 ")
            #expect(try await connections(served) == 0)
        }
    }

    @Test func `a client that names itself and its bundle keeps these names`() async throws {
        _ = try await serving(alone) { served in
            let (_, answer) = try await SignalingClient.connect(
                served.signaling(), "spam", #","client_id":"me","bundle_id":"us","metadata":{"a":[1]},"sdp":1"#)
            #expect(masked(answer) == accepted("spam", client: "me", bundle: "us"))
        }
    }

    @Test func `a message in fragments with a ping between them is one message`() async throws {
        _ = try await serving(alone) { served in
            let client = try await SignalingClient.open(served.signaling())
            try await client.send(frame: 0x01, Array(#"{"type":"connect","role":"sendonly","#.utf8))
            try await client.send(frame: 0x89, Array("x".utf8))
            try await client.send(frame: 0x00, Array(#""channel_id":"#.utf8))
            try await client.send(frame: 0x80, Array(#""spam"}"#.utf8))
            #expect(try await client.next() == "pong x")
            #expect(masked(try await client.next()) == accepted("spam"))
        }
    }

    @Test func `each mode turns away whom it should, and says why`() async throws {
        _ = try await serving(alone) { served in
            let (_, first) = try await SignalingClient.connect(served.signaling(), "spam")
            #expect(masked(first) == accepted("spam"))
            try await changeMode(served.api(), "block_new_session")
            #expect(try await turnedAway(served, "ham") == blocksSession)
            let (_, member) = try await SignalingClient.connect(served.signaling(), "spam")
            #expect(masked(member) == accepted("spam"))
            try await changeMode(served.api(), "block_new_connection")
            #expect(try await turnedAway(served, "spam") == blocksConnection)
            #expect(try await turnedAway(served, "ham") == blocksConnection)
            #expect(try await connections(served) == 2, "who is in stays in")
            try await changeMode(served.api(), "normal")
            let (_, last) = try await SignalingClient.connect(served.signaling(), "ham")
            #expect(masked(last) == accepted("ham"))
        }
    }

    @Test func `an initial node and a full one turn everybody away`() async throws {
        _ = try await serving(three) { served in
            try await act(served, "isolate")
            #expect(
                try await turnedAway(served, "spam")
                    == rejected("initial", "the node has not joined its cluster, or is isolated from it"))
        }
        _ = try await serving(ModeServerSettings(maxConnections: 1)) { served in
            let (_, first) = try await SignalingClient.connect(served.signaling(), "spam")
            #expect(masked(first) == accepted("spam"))
            #expect(
                try await turnedAway(served, "spam")
                    == rejected("full", "the node has as many connections as it is licensed for"))
        }
    }

    @Test func `a client goes where it is sent by itself, and is not sent on a second time`() async throws {
        _ = try await serving(three) { served in
            let (_, first) = try await SignalingClient.connect(served.signaling(), "spam")
            #expect(masked(first) == accepted("spam"))
            let (sent, redirect) = try await SignalingClient.connect(served.signaling(1), "spam")
            #expect(redirect == #"text {"type":"redirect","location":"\#(served.signaling(0))"}"#)
            #expect(try await sent.next() == "close 1000 redirect")
            #expect(try await connections(served) == 1, "nobody is admitted by a redirect")
            let (_, followed) = try await SignalingClient.connect(served.signaling(0), "spam", #","redirect":true"#)
            #expect(masked(followed) == accepted("spam"))

            let (_, elsewhere) = try await SignalingClient.connect(served.signaling(0), "ham")
            #expect(elsewhere == #"text {"type":"redirect","location":"\#(served.signaling(1))"}"#)
            let (_, stays) = try await SignalingClient.connect(served.signaling(0), "ham", #","redirect":true"#)
            #expect(masked(stays) == accepted("ham"))
            #expect(
                try await turnedAway(served, "spam", at: 1, #","redirect":true"#)
                    == rejected("no_node", "no node takes the channel"), "one channel is not opened on two nodes")
        }
    }

    @Test func `session.vanished is told after the last client left while blocking, and only then`() async throws {
        var settings = alone
        settings.nodes[0].node.gracePeriod = .zero
        let lines = try await serving(settings) { served in
            let one = try await SignalingClient.connect(served.signaling(), "spam").client
            try await one.say(#"{"type":"disconnect"}"#)
            #expect(try await one.next() == "close 1000 ")
            try await changeMode(served.api(), "block_new_session")
            try await changeMode(served.api(), "normal")
            #expect(!served.lines.contain("session.vanished"), "there was nothing to vanish")

            let two = try await SignalingClient.connect(served.signaling(), "spam").client
            let other = try await SignalingClient.connect(served.signaling(), "ham").client
            try await changeMode(served.api(), "block_new_session")
            try await two.say(#"{"type":"disconnect"}"#)
            #expect(try await two.next() == "close 1000 ")
            try await eventually("the session does not end") {
                try await send(served.api(), target: "Sora_20171010.GetStatsReport").body
                    .contains(#""total_session_destroyed":2,"#)
            }
            #expect(!served.lines.contain("session.vanished"), "one session is left")
            try await other.vanish()
            try await eventually("a socket that vanishes is a client that left") {
                served.lines.contain("session.vanished")
            }
        }
        #expect(lines.all.count { $0.contains("session.vanished") } == 1)
    }

    private static let cuts: [(call: String, body: String, reason: String)] = [
        ("Sora_20230628.TerminateSession", #"{"channel_id":"spam"}"#, "terminate_session"),
        (
            "Sora_20151104.DisconnectChannel", #"{"channel_id":"spam","reason":{"why":"closing"}}"#,
            "disconnect_channel"
        ),
        (
            "Sora_20151104.DisconnectConnection", #"{"channel_id":"spam","connection_id":"CONNECTION"}"#,
            "disconnect_connection"
        ),
        ("Sora_20151104.DisconnectClient", #"{"channel_id":"spam","client_id":"me"}"#, "disconnect_client"),
    ]

    @Test func `a client that is cut by a call of the API is told so and loses its socket`() async throws {
        var settings = three
        for index in 0..<3 { settings.nodes[index].signaling.closing = .milliseconds(100) }
        _ = try await serving(settings) { served in
            for cut in Self.cuts {
                let (client, answer) = try await SignalingClient.connect(
                    served.signaling(), "spam", #","client_id":"me","redirect":true"#)
                let id = try #require(answer.firstMatch(of: /connection_id":"(\w+)"/)).output.1
                let body = cut.body.replacing("CONNECTION", with: id)
                // Asked of another node: these calls reach the whole cluster.
                #expect(try await send(served.api(1), target: cut.call, body: body).status == 200, "\(cut)")
                let given = cut.body.contains("why") ? #","disconnect_api_reason":{"why":"closing"}"# : ""
                #expect(
                    try await client.rest() == [
                        #"text {"type":"disconnect","reason":"\#(cut.reason)"\#(given)}"#,
                        "close 1000 \(cut.reason)", "end",
                    ])
                #expect(try await send(served.api(1), target: cut.call, body: body).status == 400, "\(cut)")
            }
        }
    }

    @Test func `a node that crashes tells nobody`() async throws {
        _ = try await serving(three) { served in
            let (client, _) = try await SignalingClient.connect(served.signaling(0), "spam")
            let waiting = try await SignalingClient.open(served.signaling(0))
            try await act(served, "crash")
            #expect(try await client.rest() == ["end"])
            #expect(try await waiting.rest() == ["end"])
        }
    }

    @Test func `where sessions span nodes a channel goes on when a node that carries it stops`() async throws {
        var settings = three
        settings.nodes = ModeServerSettings(nodeCount: 3, isClustered: true, profile: .relay).nodes
        _ = try await serving(settings) { served in
            let (_, first) = try await SignalingClient.connect(served.signaling(0), "spam")
            #expect(first.contains(#""type":"accepted""#))
            // The first node carries one already, so the next two are sent to the others.
            let (_, sent) = try await SignalingClient.connect(served.signaling(0), "spam")
            #expect(sent.contains(served.signaling(1)), "\(sent)")
            let (second, there) = try await SignalingClient.connect(served.signaling(1), "spam", #","redirect":true"#)
            #expect(there.contains(#""type":"accepted""#), "\(there)")
            try await act(served, "stop")
            #expect(try await getMode(served.api(1)) == #"{"mode":"normal"}"#)
            try await second.say(#"{"type":"ping"}"#)
            #expect(try await second.next() == #"text {"type":"pong"}"#, "it is still connected")
            let sessions = try await send(served.api(1), target: "Sora_20231220.ListSessions").body
            #expect(sessions.contains(#""channel_id":"spam""#) && sessions.contains("node-02"), "\(sessions)")
        }
    }

    @Test func `a node that stops tells its clients, and so does the server when it ends`() async throws {
        let told = [#"text {"type":"disconnect","reason":"node_stopped"}"#, "close 1001 node_stopped", "end"]
        let clients = Collected<SignalingClient>()
        let lines = try await serving(three) { served in
            let (one, _) = try await SignalingClient.connect(served.signaling(0), "spam")
            clients.add(try await SignalingClient.connect(served.signaling(1), "ham").client)
            clients.add(try await SignalingClient.open(served.signaling(2)))
            try await act(served, "stop")
            #expect(try await one.rest() == told)
        }
        #expect(try await clients.all[0].rest() == told)
        #expect(try await clients.all[1].rest() == Array(told.dropFirst()), "it was not connected yet")
        #expect(lines.contain("all summary: connections cut 2,"), "one by each")
    }
}

/// What is refused, and what is given up.
@Suite(.timeLimit(.minutes(1)))
struct SignalingFaultTests {
    private static let frames: [(what: String, bytes: [UInt8], close: String)] = [
        ("unmasked", SignalingClient.frame(0x81, [0x7B], isMasked: false), "close 1002 "),
        ("reserved bit", SignalingClient.frame(0xC1, [0x7B]), "close 1002 "),
        ("reserved opcode", SignalingClient.frame(0x83, [0x7B]), "close 1002 "),
        ("reserved control opcode", SignalingClient.frame(0x8B, [0x7B]), "close 1002 "),
        ("continuation of nothing", SignalingClient.frame(0x80, [0x7B]), "close 1002 "),
        (
            "text within a message", SignalingClient.frame(0x01, [0x7B]) + SignalingClient.frame(0x81, [0x7B]),
            "close 1002 "
        ),
        ("ping in fragments", SignalingClient.frame(0x09, [0x7B]), "close 1002 "),
        ("long ping", SignalingClient.frame(0x89, Array(repeating: 0x7B, count: 126)), "close 1002 "),
        ("binary", SignalingClient.frame(0x82, [0x7B]), "close 1003 "),
        ("not UTF-8", SignalingClient.frame(0x81, [0x22, 0xC0, 0x80, 0x22]), "close 1007 "),
        ("too long", SignalingClient.frame(0x81, Array(repeating: 0x20, count: 65537)), "close 1009 "),
        ("absurd length", [0x81, 0xFF, 0xFF] + Array(repeating: 0xFF, count: 11), "close 1009 "),
        (
            "too long in fragments",
            SignalingClient.frame(0x01, Array(repeating: 0x20, count: 40000))
                + SignalingClient.frame(0x80, Array(repeating: 0x20, count: 40000)), "close 1009 "
        ),
        (
            "too many fragments",
            SignalingClient.frame(0x01, []) + (0..<1024).flatMap { _ in SignalingClient.frame(0x00, []) },
            "close 1009 "
        ),
        ("close", SignalingClient.frame(0x88, [0x03, 0xE8]), "close 1000 "),
        ("empty close", SignalingClient.frame(0x88, []), "close 1000 "),
        ("close with half a code", SignalingClient.frame(0x88, [0x03]), "close 1002 "),
    ]

    @Test func `malformed frames end their socket, before and after it is connected, and nothing else`() async throws {
        var settings = alone
        settings.nodes[0].signaling.closing = .milliseconds(20)
        _ = try await serving(settings) { served in
            for frame in Self.frames {
                for isConnected in [false, true] {
                    let client = try await SignalingClient.open(served.signaling())
                    if isConnected {
                        try await client.say(#"{"type":"connect","role":"sendrecv","channel_id":"spam"}"#)
                        #expect(masked(try await client.next()) == accepted("spam"))
                    }
                    try await client.send(bytes: frame.bytes)
                    #expect(try await client.rest() == [frame.close, "end"], "\(frame.what), \(isConnected)")
                }
            }
            #expect(try await connections(served) == 0)
        }
    }

    private static let messages: [(text: String, fault: String)] = [
        ("", "not JSON"), ("hello", "not JSON"), (#"{"type":"#, "not JSON"),
        ("[]", "wrong_type"), (#""connect""#, "wrong_type"), ("{}", #"\"type\": missing_required_property"#),
        (#"{"type":"disconnect"}"#, #"\"type\": not_in_enum"#),
        (#"{"type":"connect","role":"sendrecv"}"#, #"\"channel_id\": missing_required_property"#),
        (#"{"type":"connect","role":"sendrecv","channel_id":7}"#, #"\"channel_id\": wrong_type"#),
        (#"{"type":"connect","role":"sendrecv","channel_id":""}"#, #"\"channel_id\": wrong_length"#),
        (
            #"{"type":"connect","role":"sendrecv","channel_id":"\#(String(repeating: "é", count: 128))"}"#,
            #"\"channel_id\": wrong_length"#
        ),
        (#"{"type":"connect","channel_id":"spam"}"#, #"\"role\": missing_required_property"#),
        (#"{"type":"connect","role":"upstream","channel_id":"spam"}"#, #"\"role\": not_in_enum"#),
        (
            #"{"type":"connect","role":"sendrecv","channel_id":"spam","client_id":1}"#, #"\"client_id\": wrong_type"#
        ),
        (
            #"{"type":"connect","role":"sendrecv","channel_id":"spam","redirect":"yes"}"#,
            #"\"redirect\": wrong_type"#
        ),
    ]

    @Test func `a first message that is no request is rejected with what is wrong with it`() async throws {
        var settings = alone
        settings.nodes[0].signaling.closing = .milliseconds(20)
        _ = try await serving(settings) { served in
            for message in Self.messages {
                let client = try await SignalingClient.open(served.signaling())
                try await client.say(message.text)
                #expect(try await client.rest() == rejected("bad_message", message.fault), "\(message.text)")
            }
            for text in ["hello", "{}", #"{"type":"connect","role":"sendrecv","channel_id":"ham"}"#] {
                let (client, _) = try await SignalingClient.connect(served.signaling(), "spam")
                try await client.say(text)
                #expect(
                    try await client.rest() == [
                        #"text {"type":"disconnect","reason":"bad_message"}"#, "close 4490 bad_message", "end",
                    ], "\(text)")
            }
            #expect(try await connections(served) == 0)
        }
    }

    @Test func `a client that says nothing is given up, before it is connected and after`() async throws {
        // One limit at a time, on a node of its own: a busy machine may take long over the handshake.
        var settings = ModeServerSettings(nodeCount: 2)
        settings.nodes[0].signaling = SignalingSettings(firstMessage: .milliseconds(50), closing: .milliseconds(20))
        settings.nodes[1].signaling = SignalingSettings(idle: .seconds(1), closing: .milliseconds(20))
        _ = try await serving(settings) { served in
            let silent = try await SignalingClient.open(served.signaling(0))
            #expect(try await silent.rest() == rejected("timeout", "no connect message came in time"))
            let (client, answer) = try await SignalingClient.connect(served.signaling(1), "spam")
            #expect(masked(answer) == accepted("spam", node: 2))
            #expect(try await client.rest() == ["ping", "end"])
            try await eventually("the connection is kept") {
                try await send(served.api(1), target: "Sora_20201013.ListConnections").body == "[]"
            }
        }
    }

    @Test func `one socket more than allowed is told that the service is unavailable`() async throws {
        var settings = alone
        settings.nodes[0].signaling.maxSockets = 1
        _ = try await serving(settings) { served in
            let first = try await SignalingClient.open(served.signaling())
            await #expect(throws: SignalingClient.NotUpgraded.self) {
                try await SignalingClient.open(served.signaling())
            }
            #expect(try await send(.GET, served.ready()).status == 200, "load balancers still get in")
            try await first.vanish()
            try await eventually("the place is not given to another") {
                (try? await SignalingClient.open(served.signaling())) != nil
            }
        }
    }

    private static let requests: [(method: String, path: String, headers: String, status: Int)] = [
        ("GET", "/.ok", "", 200), ("HEAD", "/.ok", "", 200), ("GET", "/.ok?from=balancer", "", 200),
        ("POST", "/.ok", "Content-Length: 2\r\n", 405), ("GET", "/", "", 404), ("GET", "/.okay", "", 404),
        ("GET", "/signaling", "", 400), ("POST", "/signaling", "", 405),
        ("GET", "/signaling", "Upgrade: websocket\r\nConnection: Upgrade\r\n", 400),
        (
            "GET", "/signaling",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAA\r\n", 400
        ),
        (
            "GET", "/elsewhere",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n", 404
        ),
        ("GET", "/.ok", "Upgrade: h2c\r\nConnection: Upgrade\r\n", 200),
        ("G@T", "/.ok", "", 400), ("GET", "/.ok", "x: \(String(repeating: "x", count: 20000))\r\n", 400),
        ("GET", "/.ok", (0..<200).map { "x\($0): y\r\n" }.joined(), 400),
    ]

    @Test func `the signaling port answers requests that are no signaling`() async throws {
        _ = try await serving(alone) { served in
            for request in Self.requests {
                let answer = try await exchange(
                    with: served.ready().replacing(".ok", with: ""),
                    "\(request.method) \(request.path) HTTP/1.1\r\nHost: a\r\n\(request.headers)"
                        + "Connection: close\r\n\r\n"
                        + (request.method == "POST" ? "{}" : ""))
                #expect(answer.hasPrefix("HTTP/1.1 \(request.status) "), "\(request): \(answer)")
                #expect(answer.hasSuffix("\r\n\r\n"))
            }
        }
    }

    @Test func `a connection to the readiness port stays open for the next question`() async throws {
        _ = try await serving(alone) { served in
            let answers = try await exchange(
                with: served.ready(),
                "GET /.ok HTTP/1.1\r\nHost: a\r\n\r\nHEAD /.ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
        }
    }
}

/// What the node says it has.
func connections(_ served: Served, _ index: Int = 0) async throws -> Int {
    let report = try await send(served.api(index), target: "Sora_20171010.GetStatsReport").body
    return try #require(report.firstMatch(of: /total_ongoing_connections":(\d+)/).flatMap { Int($0.output.1) })
}

/// All that a client sees that is turned away: its reason stands in a message and in the close frame.
private func turnedAway(
    _ served: Served, _ channel: String, at index: Int = 0, _ more: String = ""
) async throws -> [String] {
    let (client, answer) = try await SignalingClient.connect(served.signaling(index), channel, more)
    let close = try await client.next()
    try await client.send(frame: 0x88, [0x11, 0x8A])
    return [answer, close, try await client.next()]
}

private func act(_ served: Served, _ action: String, on index: Int = 0) async throws {
    let node = served.addresses.nodes[index].name
    #expect(try await send(try served.admin("nodes/\(node)/\(action)")).status == 200)
}
