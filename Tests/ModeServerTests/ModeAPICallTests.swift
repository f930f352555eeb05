import Foundation
import ModeServer
import Testing

private func invalid(_ error: String, _ path: String) -> String {
    #"{"error_type":"InvalidJSON","error_reason":[{"invalid":"data","error":"\#(error)","path":[\#(path)]}]}"#
}

private func notFound(_ property: String) -> String {
    #"{"error_type":"NotFound","error_reason":"\#(property)"}"#
}

private let noBody = #"{"error_type":"MissingTargetFunction"}"#
private let channels = "Sora_20201013.ListChannelConnections"
private let terminate = "Sora_20230628.TerminateSession"
private let byChannel = "Sora_20151104.DisconnectChannel"
private let byConnection = "Sora_20151104.DisconnectConnection"
private let byClient = "Sora_20151104.DisconnectClient"
private let initialize = "Sora_20221221.InitCluster"
private let register = "Sora_20211215.RegisterClusterNode"
private let longText = String(repeating: "x", count: 256)
/// Well-formed, but of no process that runs here.
private let foreign = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"

private struct Refused: CustomStringConvertible, Sendable {
    var target: String
    var body: String?
    var answer: String

    init(_ target: String, _ body: String?, _ answer: String) {
        self.target = target
        self.body = body
        self.answer = answer
    }

    var description: String { "\(target) \(body ?? "no body")" }
}

/// Asked of a node of a cluster on which `me` is connected to `spam`.
private let refusals = [
    Refused("Sora_20201013.ListConnections", #"{"local":1}"#, invalid("wrong_type", #""local""#)),
    Refused("Sora_20201013.ListConnections", "[]", invalid("wrong_type", "")),
    Refused("Sora_20211215.ListConnections", nil, #"{"error_type":"MissingTarget"}"#),
    Refused(channels, nil, noBody),
    Refused(channels, "{}", invalid("missing_required_property", #""channel_id""#)),
    Refused(channels, #"{"channel_id":["spam"]}"#, invalid("wrong_type", #""channel_id""#)),
    Refused(channels, #"{"channel_id":""}"#, invalid("wrong_length", #""channel_id""#)),
    Refused(channels, #"{"channel_id":"\#(longText)"}"#, invalid("wrong_length", #""channel_id""#)),
    Refused("Sora_20231220.ListSessions", "{}", noBody),
    Refused("Sora_20171218.GetLicense", "{}", noBody),
    Refused(terminate, nil, noBody),
    Refused(terminate, #"{"channel_id":"ham"}"#, notFound("channel_id")),
    Refused(terminate, #"{"channel_id":"spam","session_id":"x"}"#, notFound("session_id")),
    Refused(terminate, #"{"channel_id":"spam","session_id":"\#(foreign)"}"#, notFound("session_id")),
    Refused(terminate, #"{"channel_id":"spam","session_id":7}"#, invalid("wrong_type", #""session_id""#)),
    Refused(byChannel, #"{"channel_id":"ham"}"#, notFound("channel_id")),
    Refused(byChannel, #"{"channel_id":"spam","reason":"text"}"#, invalid("wrong_type", #""reason""#)),
    Refused(byConnection, #"{"channel_id":"spam"}"#, invalid("missing_required_property", #""connection_id""#)),
    Refused(byConnection, #"{"channel_id":"spam","connection_id":"me"}"#, notFound("connection_id")),
    Refused(byConnection, #"{"channel_id":"spam","connection_id":"\#(foreign)"}"#, notFound("connection_id")),
    Refused(
        byConnection, "{}",
        #"{"error_type":"InvalidJSON","error_reason":["#
            + #"{"invalid":"data","error":"missing_required_property","path":["channel_id"]},"#
            + #"{"invalid":"data","error":"missing_required_property","path":["connection_id"]}]}"#),
    Refused(byClient, #"{"channel_id":"spam","client_id":"you"}"#, notFound("client_id")),
    Refused(byClient, #"{"channel_id":"ham","client_id":"me"}"#, notFound("client_id")),
    Refused(initialize, nil, noBody),
    Refused(initialize, #"{"node_name_list":[]}"#, invalid("wrong_size", #""node_name_list""#)),
    Refused(initialize, #"{"node_name_list":["a",1]}"#, invalid("wrong_type", #""node_name_list",1"#)),
    Refused(initialize, #"{"node_name_list":["node-01@127.0.0.1","other"]}"#, notFound("node_name_list")),
    Refused(register, #"{"contact_node_name":1}"#, invalid("wrong_type", #""contact_node_name""#)),
    Refused(register, #"{"contact_node_name":"other"}"#, notFound("contact_node_name")),
    Refused(
        register, #"{"contact_node_name":"node-03@127.0.0.1"}"#,
        #"{"error_type":"ClusterRefused","error_reason":"contact_not_running"}"#),
]

private let row = """
    {"node_name":"node-01@127.0.0.1","channel_id":"spam","session_id":"#1","client_id":"me","bundle_id":"#2",\
    "connection_id":"#2","role":"recvonly","created_time":T,"created_timestamp":"T"}
    """

@Suite(.timeLimit(.minutes(1)))
struct ModeAPICallTests {
    private let cluster = ModeServerSettings(
        nodeCount: 3, isClustered: true, adminPort: 0, gracePeriod: .seconds(60), joinDelay: .seconds(60))

    @Test func `what is wrong with a call is said, and nothing changes`() async throws {
        _ = try await serving(cluster) { served in
            _ = try await recvonly(served, "spam")
            _ = try await send(try served.admin("nodes/node-03@127.0.0.1/stop"))
            for refused in refusals {
                let answer = try await send(served.api(), target: refused.target, body: refused.body)
                #expect(answer.status == 400, "\(refused)")
                #expect(answer.body == refused.answer, "\(refused)")
            }
            #expect(try await connections(served) == 1)
        }
    }

    @Test func `connections and sessions are listed in the shape of the API, from every node in touch`() async throws {
        _ = try await serving(cluster) { served in
            let client = try await recvonly(served, "spam")
            let list = "Sora_20201013.ListConnections"
            let sessions = "Sora_20231220.ListSessions"
            for (node, target, body, expected) in [
                (0, list, nil, "[\(row)]"), (0, list, "{}", "[\(row)]"), (0, list, #"{"local":true}"#, "[\(row)]"),
                (1, list, nil, "[\(row)]"), (1, list, #"{"local":false}"#, "[\(row)]"),
                (1, list, #"{"local":true}"#, "[]"),
                (1, channels, #"{"channel_id":"spam","more":1}"#, "[\(row)]"),
                (0, channels, #"{"channel_id":"ham"}"#, "[]"),
                (1, sessions, nil, "[]"),
                (
                    0, sessions, nil,
                    """
                    [{"node_name":"node-01@127.0.0.1","session_id":"#1","channel_id":"spam","created_time":T,\
                    "created_timestamp":"T","max_connections":1,"total_connections":1,"connections":[\(row)]}]
                    """
                ),
            ] {
                let answer = try await send(served.api(node), target: target, body: body)
                #expect(answer.status == 200)
                #expect(masked(answer.body) == expected, "\(node) \(target) \(body ?? "")")
            }
            _ = try await send(try served.admin("nodes/node-02@127.0.0.1/isolate"))
            #expect(try await send(served.api(1), target: list).body == "[]", "who is cut off sees nobody else")

            try await client.say(#"{"type":"disconnect"}"#)
            #expect(try await client.next() == "close 1000 ")
            #expect(
                masked(try await send(served.api(), target: sessions).body)
                    == """
                    [{"node_name":"node-01@127.0.0.1","session_id":"#1","channel_id":"spam","created_time":T,\
                    "created_timestamp":"T","max_connections":1,"total_connections":1,"connections":[]}]
                    """, "a session in its grace period")
        }
    }

    @Test func `times are microseconds and the same instant as a text`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            _ = try await recvonly(served, "spam")
            let body = try await send(served.api(), target: "Sora_20201013.ListConnections").body
            let match = try #require(body.firstMatch(of: /created_time":(\d+),"created_timestamp":"([^"]+)"/))
            let at = try Date(
                String(match.output.2), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            let microseconds = try #require(Double(match.output.1))
            #expect(abs(at.timeIntervalSince1970 - microseconds / 1e6) < 0.001_1)
            #expect(abs(at.timeIntervalSinceNow) < 10)
        }
    }

    @Test func `the calls that end connections echo the ids and do it`() async throws {
        _ = try await serving(cluster) { served in
            for (target, body, expected) in [
                (byClient, #"{"channel_id":"spam","client_id":"me"}"#, #"{"channel_id":"spam","client_id":"me"}"#),
                (byChannel, #"{"channel_id":"spam","reason":{}}"#, #"{"channel_id":"spam"}"#),
                (terminate, #"{"channel_id":"spam"}"#, ##"{"session_id":"#1"}"##),
            ] {
                let client = try await recvonly(served, "spam")
                let answer = try await send(served.api(1), target: target, body: body)
                #expect(answer.status == 200, "\(answer.body)")
                #expect(masked(answer.body) == expected)
                #expect(try await connections(served) == 0)
                #expect(try await client.next().hasPrefix(#"text {"type":"disconnect""#))
            }
            _ = try await recvonly(served, "spam")
            let sessions = try await send(served.api(), target: "Sora_20231220.ListSessions").body
            let session = try #require(sessions.firstMatch(of: /session_id":"(\w+)"/)).output.1
            let connection = try #require(sessions.firstMatch(of: /connection_id":"(\w+)"/)).output.1
            let cut = try await send(
                served.api(1), target: byConnection,
                body: #"{"channel_id":"spam","connection_id":"\#(connection)"}"#)
            #expect(cut.body == #"{"channel_id":"spam","connection_id":"\#(connection)"}"#)
            let ended = try await send(
                served.api(1), target: terminate, body: #"{"channel_id":"spam","session_id":"\#(session)"}"#)
            #expect(ended.body == #"{"session_id":"\#(session)"}"#, "in its grace period it is still one")
            #expect(try await send(served.api(), target: "Sora_20231220.ListSessions").body == "[]")
        }
    }

    @Test func `made-up clients are listed under the ids of their connections, and can be cut by them`() async throws {
        var settings = ModeServerSettings()
        settings.traffic = [TrafficSettings(arrivalsPerSecond: 200, meanHold: .seconds(600), channels: 3, seed: 5)]
        _ = try await serving(settings) { served in
            try await eventually("nobody comes") { try await connections(served) > 5 }
            let body = try await send(served.api(), target: "Sora_20201013.ListConnections").body
            let rows = try JSONDecoder().decode([ListedConnection].self, from: Data(body.utf8))
            #expect(Set(rows.map(\.connection_id)).count == rows.count)
            #expect(rows.allSatisfy { $0.client_id == $0.connection_id && $0.bundle_id == $0.connection_id })
            let one = rows[2]
            let wrong = #"{"channel_id":"other","connection_id":"\#(one.connection_id)"}"#
            #expect(try await send(served.api(), target: byConnection, body: wrong).status == 400)
            for (target, key) in [(byConnection, "connection_id"), (byClient, "client_id")] {
                let row = key == "client_id" ? rows[3] : one
                let body = #"{"channel_id":"\#(row.channel_id)","\#(key)":"\#(row.connection_id)"}"#
                #expect(try await send(served.api(), target: target, body: body).body == body)
                #expect(try await send(served.api(), target: target, body: body).status == 400, "once is enough")
            }
        }
    }

    @Test func `the license names the limits of the node`() async throws {
        let license = "Sora_20171218.GetLicense"
        _ = try await serving(ModeServerSettings(maxConnections: 7)) { served in
            #expect(
                try await send(served.api(), target: license).body
                    == """
                    {"expired_at":"9999-12","max_connections":7,"product_name":"nagi","serial_code":"NAGI-EMBEDDED",\
                    "type":"Embedded"}
                    """)
            let refused = try await send(served.api(), target: initialize, body: #"{"node_name_list":["a"]}"#)
            #expect(refused.body == #"{"error_type":"ClusterRefused","error_reason":"standalone"}"#)
            #expect(refused.status == 400)
        }
        _ = try await serving(cluster) { served in
            let answer = try await send(served.api(), target: license).body
            #expect(answer.contains(#""max_connections":10000,"max_nodes":3,"#))
        }
    }

    @Test func `a node that came back joins when it is told to`() async throws {
        var settings = cluster
        settings.downFor = .zero
        _ = try await serving(settings) { served in
            let calls = [
                (initialize, #"{"node_name_list":["node-02@127.0.0.1","node-01@127.0.0.1"]}"#),
                (register, #"{"contact_node_name":"node-01@127.0.0.1"}"#),
            ]
            for (node, call) in zip([1, 2], calls) {
                let name = served.addresses.nodes[node].name
                _ = try await send(try served.admin("nodes/\(name)/restart"))
                try await eventually("it does not come back") {
                    (try? await getMode(served.api(node))) == #"{"mode":"initial"}"#
                }
                let answer = try await send(served.api(node), target: call.0, body: call.1)
                #expect(answer.status == 200)
                #expect(answer.body == "{}")
                #expect(try await getMode(served.api(node)) == #"{"mode":"normal"}"#)
            }
        }
    }
}

private struct ListedConnection: Decodable {
    var channel_id: String
    var client_id: String
    var bundle_id: String
    var connection_id: String
}

private func recvonly(_ served: Served, _ channel: String) async throws -> SignalingClient {
    let client = try await SignalingClient.open(served.signaling())
    try await client.say(
        #"{"type":"connect","role":"recvonly","channel_id":"\#(channel)","client_id":"me","redirect":true}"#)
    #expect(try await client.next().hasPrefix(#"text {"type":"accepted""#))
    return client
}
