import Foundation
import ModeServer
import NIOHTTP1
import Testing

private struct Refused: CustomStringConvertible, Sendable {
    var description: String
    var method: HTTPMethod = .POST
    var target: String?
    var body: String?
    var status = 400
    var answer: String
}

private let change = "Sora_20211215.ChangeMode"
private let get = "Sora_20211215.GetMode"

private func invalid(_ error: String, _ path: String) -> String {
    #"{"error_type":"InvalidJSON","error_reason":[{"invalid":"data","error":"\#(error)","path":[\#(path)]}]}"#
}

private let refusals: [Refused] = [
    Refused(description: "GET", method: .GET, target: get, answer: #"{"type":"UnexpectedMethod"}"#),
    Refused(description: "PUT", method: .PUT, target: get, answer: #"{"type":"UnexpectedMethod"}"#),
    Refused(description: "no header", answer: #"{"type":"MissingHeaderName"}"#),
    Refused(description: "no date", target: "Sora.GetMode", answer: #"{"error_type":"MissingService"}"#),
    Refused(description: "short date", target: "Sora_2021121.GetMode", answer: #"{"error_type":"MissingService"}"#),
    Refused(description: "no operation", target: "Sora_20211215.", answer: #"{"error_type":"MissingService"}"#),
    Refused(description: "digits", target: "Sora_20211215.Get2", answer: #"{"error_type":"MissingService"}"#),
    Refused(description: "other service", target: "Other_20211215.GetMode", answer: #"{"error_type":"InvalidTarget"}"#),
    Refused(description: "other date", target: "Sora_20201215.GetMode", answer: #"{"error_type":"MissingTarget"}"#),
    Refused(description: "unknown", target: "Sora_20211215.Nothing", answer: #"{"error_type":"MissingTarget"}"#),
    Refused(
        description: "unknown with body", target: "Sora_20211215.Nothing", body: "{}",
        answer: #"{"error_type":"SchemaNotFound"}"#),
    Refused(
        description: "body not wanted", target: get, body: "{}", answer: #"{"error_type":"MissingTargetFunction"}"#),
    Refused(description: "body missing", target: change, answer: #"{"error_type":"MissingTargetFunction"}"#),
    Refused(
        description: "not JSON", target: change, body: "mode=normal",
        answer: #"{"error_type":"InvalidJSON","error_reason":[{"invalid":"parse"}]}"#),
    Refused(description: "no object", target: change, body: "[]", answer: invalid("wrong_type", "")),
    Refused(
        description: "no mode", target: change, body: "{}", answer: invalid("missing_required_property", #""mode""#)),
    Refused(
        description: "mode a number", target: change, body: #"{"mode":1}"#, answer: invalid("wrong_type", #""mode""#)),
    Refused(
        description: "initial", target: change, body: #"{"mode":"initial"}"#,
        answer: invalid("not_in_enum", #""mode""#)),
    Refused(
        description: "no such mode", target: change, body: #"{"mode":"Normal"}"#,
        answer: invalid("not_in_enum", #""mode""#)),
    Refused(
        description: "too large", target: change, body: String(repeating: " ", count: 8_000_001), status: 413,
        answer: #"{"error_type":"PayloadTooLarge"}"#),
]

@Suite(.timeLimit(.minutes(1)))
struct ModeAPITests {
    @Test func `the calls of the manual are answered as the manual shows`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            for (mode, length) in [("block_new_session", "28"), ("block_new_connection", "31"), ("normal", "17")] {
                let changed = try await changeMode(served.api(), mode)
                let read = try await send(
                    served.api(), target: get, headers: [("content-length", "0"), ("accept", "*/*")])
                for answer in [changed, read] {
                    #expect(answer.status == 200)
                    #expect(answer.body == "{\"mode\":\"\(mode)\"}")
                    #expect(answer.headers["content-length"] == [length])
                    #expect(answer.headers["server"] == ["nagi"])
                    expectManualHeaders(answer)
                }
            }
        }
    }

    @Test func `what is wrong with a request is said in the vendor's words, and nothing changes`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            for refused in refusals {
                let answer = try await send(
                    refused.method, served.api(), target: refused.target, body: refused.body)
                #expect(answer.status == refused.status, "\(refused)")
                #expect(answer.body == refused.answer, "\(refused)")
                expectManualHeaders(answer)
                #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#, "\(refused)")
            }
        }
    }

    @Test func `a preflight is answered with the headers of the manual and nothing else`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let answer = try await send(.OPTIONS, served.api(), headers: [("origin", "http://127.0.0.1:5000")])
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            #expect(answer.headers.filter { $0.name.lowercased().hasPrefix("access-control") }.count == 4)
        }
    }

    @Test func `a request to the mode that is on is answered the same and changes nothing`() async throws {
        let lines = try await serving(ModeServerSettings()) { served in
            let answer = try await changeMode(served.api(), "normal")
            #expect(answer.body == #"{"mode":"normal"}"#)
        }
        #expect(lines.contain("mode request normal, was normal, no change, peer 127.0.0.1:"))
    }

    @Test func `a mode request while initial is refused and the mode stays`() async throws {
        let settings = ModeServerSettings(
            nodeCount: 3, isClustered: true, adminPort: 0, downFor: .zero, joinDelay: .seconds(60))
        _ = try await serving(settings) { served in
            let node = served.addresses.nodes[0].name
            _ = try await send(try served.admin("nodes/\(node)/restart"))
            try await eventually("the node does not come back") {
                (try? await getMode(served.api())) == #"{"mode":"initial"}"#
            }
            let answer = try await changeMode(served.api(), "normal")
            #expect(answer.status == 400)
            #expect(answer.body == #"{"error_type":"ModeRefused","error_reason":"initial"}"#)
            #expect(try await getMode(served.api()) == #"{"mode":"initial"}"#)
        }
    }

    @Test func `the stats report has the counters and the consensus of a cluster`() async throws {
        let traffic = TrafficSettings(
            arrivalsPerSecond: 400, meanHold: .milliseconds(20), channels: 5, seed: 7)
        _ = try await serving(ModeServerSettings(nodeCount: 3, isClustered: true, traffic: [traffic])) { served in
            let target = "Sora_20171010.GetStatsReport"
            try await eventually("nobody comes and goes") {
                let body = try await send(served.api(), target: target).body
                return try JSONDecoder().decode(StatsReport.self, from: Data(body.utf8)).total_connection_destroyed > 0
            }
            let answer = try await send(served.api(), target: target)
            expectManualHeaders(answer)
            let report = try JSONDecoder().decode(StatsReport.self, from: Data(answer.body.utf8))
            #expect(report.version == "2025.1.0")
            #expect(report.total_connection_created > 0)
            #expect(
                report.total_ongoing_connections
                    == report.total_connection_created - report.total_connection_destroyed)
            #expect(report.total_session_created >= report.total_session_destroyed)
            #expect(report.cluster?.raft_state == "leader")
        }
    }

    @Test func `a standalone node reports no consensus and no members`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let answer = try await send(served.api(), target: "Sora_20171010.GetStatsReport")
            #expect(try JSONDecoder().decode(StatsReport.self, from: Data(answer.body.utf8)).cluster == nil)
            #expect(try await send(served.api(), target: "Sora_20211215.ListClusterNodes").body == "[]")
        }
    }

    @Test func `the members of a cluster are listed as the API lists them`() async throws {
        _ = try await serving(ModeServerSettings(nodeCount: 3, isClustered: true, adminPort: 0)) { served in
            _ = try await send(try served.admin("nodes/node-02%40127.0.0.1/stop"))
            let answer = try await send(served.api(2), target: "Sora_20211215.ListClusterNodes")
            let members = try JSONDecoder().decode([ListedMember].self, from: Data(answer.body.utf8))
            #expect(members.map(\.node_name) == served.addresses.nodes.map(\.name))
            #expect(members.map(\.connected) == [true, false, true])
            #expect(members[0].mode == "normal")
            #expect(members[0].cluster_api_url == served.api(0))
            #expect(answer.body.contains(#"{"node_name":"node-02@127.0.0.1","connected":false}"#))
        }
    }

    @Test func `readiness is 503 in block_new_connection in a cluster only`() async throws {
        for isClustered in [false, true] {
            _ = try await serving(ModeServerSettings(nodeCount: 3, isClustered: isClustered)) { served in
                #expect(try await send(.GET, served.ready()).status == 200)
                try await changeMode(served.api(), "block_new_session")
                #expect(try await send(.GET, served.ready()).status == 200)
                try await changeMode(served.api(), "block_new_connection")
                #expect(try await send(.GET, served.ready()).status == (isClustered ? 503 : 200))
                #expect(try await send(.GET, served.ready(1)).status == 200)
                #expect(try await send(.GET, served.ready() + "x").status == 404)
            }
        }
    }

    @Test(arguments: ["0.0.0.0", "192.0.2.5", "::", "example.org", "127.0.0.1.example.org", "127.1"])
    func `an address other than loopback is refused`(host: String) {
        #expect(throws: ModeServerError.notLoopback(host)) { try ModeServer(ModeServerSettings(host: host)) }
    }

    @Test func `a port that is taken is an error that names it`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            let port = try #require(URL(string: served.api())?.port)
            await #expect(throws: ModeServerError.self) {
                try await ModeServer(ModeServerSettings(apiPort: port)).run()
            }
        }
    }

    private func expectManualHeaders(_ answer: Answer, _ at: SourceLocation = #_sourceLocation) {
        let expected = [
            ("access-control-allow-headers", "Origin, X-Requested-With, Content-Type, Accept, x-sora-target"),
            ("access-control-allow-methods", "POST, OPTIONS"),
            ("access-control-allow-origin", "http://127.0.0.1:5000"),
            ("access-control-max-age", "1000"),
            ("content-type", "application/json"),
        ]
        for (name, value) in expected { #expect(answer.headers[name] == [value], sourceLocation: at) }
        let names = answer.headers.map { $0.name.lowercased() }.sorted()
        #expect(
            names == (expected.map(\.0) + ["content-length", "date", "server"]).sorted(), sourceLocation: at)
    }
}

private struct StatsReport: Decodable {
    struct Consensus: Decodable {
        var raft_state: String
        var raft_term: Int
        var raft_commit_index: Int
    }

    var version: String
    var total_ongoing_connections: Int
    var total_session_created: Int
    var total_session_destroyed: Int
    var total_connection_created: Int
    var total_connection_destroyed: Int
    var average_duration_sec: Int
    var cluster: Consensus?
}

private struct ListedMember: Decodable {
    var node_name: String
    var connected: Bool
    var mode: String?
    var epoch: Int?
    var sora_version: String?
    var cluster_api_url: String?
}
