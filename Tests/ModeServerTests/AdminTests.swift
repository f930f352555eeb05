import Foundation
import ModeServer
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

private let quick = ModeServerSettings(
    nodeCount: 3, isClustered: true, adminPort: 0, gracePeriod: .milliseconds(50), downFor: .milliseconds(300),
    joinDelay: .milliseconds(300))

private let node = "nodes/node-01@127.0.0.1"

@Suite(.timeLimit(.minutes(1)))
struct AdminTests {
    @Test func `a restarted node is gone, then initial, then normal by itself with the new version`() async throws {
        var settings = quick
        (settings.downFor, settings.joinDelay) = (.seconds(1), .seconds(1))
        let lines = try await serving(settings) { served in
            try await changeMode(served.api(), "block_new_connection")
            let answer = try await send(try served.admin("\(node)/restart"), body: #"{"version":"2025.2.0"}"#)
            #expect(answer.status == 202)
            #expect(answer.body == #"{"connections_cut":0}"#)
            await #expect(throws: (any Error).self, "its port refuses") { try await getMode(served.api()) }
            await #expect(throws: (any Error).self) { try await send(.GET, served.ready()) }
            try await eventually("it is not initial on the same port") {
                (try? await getMode(served.api())) == #"{"mode":"initial"}"#
            }
            #expect(try await send(.GET, served.ready()).status == 503)
            try await eventually("it is not normal") {
                (try? await getMode(served.api())) == #"{"mode":"normal"}"#
            }
            #expect(try await send(.GET, served.ready()).status == 200)
            let stats = try await send(served.api(), target: "Sora_20171010.GetStatsReport")
            #expect(stats.body.hasPrefix(#"{"version":"2025.2.0","#))
        }
        #expect(lines.contain("node-01@127.0.0.1 stopped, connections cut 0"))
        #expect(lines.contain("node-01@127.0.0.1 started, version 2025.2.0"))
        #expect(lines.contain("node-01@127.0.0.1 mode initial -> normal, by itself: join"))
        #expect(lines.contain("all summary: connections cut 0, at most 1 of 3 out of normal at once"))
    }

    @Test func `a second restart while the first is under way is a conflict`() async throws {
        _ = try await serving(quick) { served in
            _ = try await send(try served.admin("\(node)/restart"))
            #expect(try await send(try served.admin("\(node)/restart")).status == 409)
            #expect(try await send(try served.admin("\(node)/start")).status == 409)
        }
    }

    @Test func `a stopped node stays away until it is started`() async throws {
        _ = try await serving(quick) { served in
            #expect(try await send(try served.admin("\(node)/stop")).status == 200)
            await #expect(throws: (any Error).self) { try await getMode(served.api()) }
            #expect(try await send(try served.admin("\(node)/stop")).status == 409)
            #expect(try await send(try served.admin("\(node)/start"), body: #"{"version":"9"}"#).status == 202)
            try await eventually("it does not come back") {
                (try? await getMode(served.api())) == #"{"mode":"normal"}"#
            }
            #expect(try await send(.GET, try served.admin("nodes")).body.contains(#""version":"9""#))
        }
    }

    @Test func `restarting a node with live calls says how many it cut`() async throws {
        var settings = quick
        settings.traffic = [TrafficSettings(arrivalsPerSecond: 200, meanHold: .seconds(60), channels: 50, seed: 3)]
        let lines = try await serving(settings) { served in
            try await eventually("no calls") {
                let report = try await send(served.api(), target: "Sora_20171010.GetStatsReport").body
                return !report.contains(#""total_ongoing_connections":0"#)
            }
            let answer = try await send(try served.admin("\(node)/restart"))
            #expect(answer.body != #"{"connections_cut":0}"#)
        }
        #expect(!lines.contain("all summary: connections cut 0,"))
    }

    @Test func `a drained node empties while calls go on elsewhere, and vanishes once`() async throws {
        var settings = quick
        settings.traffic = [
            TrafficSettings(
                arrivalsPerSecond: 300, meanHold: .milliseconds(100), maxHold: .milliseconds(300), channels: 200,
                seed: 3)
        ]
        let lines = try await serving(settings) { served in
            try await eventually("no calls") {
                let report = try await send(served.api(), target: "Sora_20171010.GetStatsReport").body
                return !report.contains(#""total_session_created":0"#)
            }
            try await changeMode(served.api(), "block_new_session")
            try await eventually("session.vanished is not told") { served.lines.contain("session.vanished") }
            #expect(try await send(try served.admin("\(node)/restart")).body == #"{"connections_cut":0}"#)
        }
        #expect(lines.all.count { $0.contains("session.vanished") } == 1)
        #expect(lines.contain("all summary: connections cut 0, at most 1 of 3 out of normal at once"))
    }

    @Test func `isolation and file faults change modes by themselves`() async throws {
        _ = try await serving(quick) { served in
            _ = try await send(try served.admin("\(node)/isolate"))
            #expect(try await getMode(served.api()) == #"{"mode":"initial"}"#)
            _ = try await send(try served.admin("\(node)/rejoin"))
            #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
            _ = try await send(try served.admin("\(node)/fileFault"))
            #expect(try await getMode(served.api()) == #"{"mode":"block_new_connection"}"#)
        }
    }

    @Test func `a node whose port is taken when it starts is down as a whole, and starts when the port is free`()
        async throws
    {
        let lines = try await serving(quick) { served in
            _ = try await send(try served.admin("\(node)/stop"))
            let port = try #require(URL(string: served.ready())?.port)
            let squatter = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: port).get()
            _ = try await send(try served.admin("\(node)/start"))
            try await eventually("nothing is said") { served.lines.contain("cannot open its listeners again") }
            try await eventually("its API answers though it does not run") {
                (try? await getMode(served.api())) == nil
            }
            try await squatter.close()
            try await eventually("it can't be started") {
                try await send(try served.admin("\(node)/start")).status == 202
            }
            try await eventually("it does not come back") {
                (try? await getMode(served.api())) == #"{"mode":"normal"}"#
            }
        }
        #expect(lines.contain("node-01@127.0.0.1 cannot open its listeners again"))
    }

    @Test func `a crashed node is gone like a stopped one, and the log says which it was`() async throws {
        let lines = try await serving(quick) { served in
            #expect(try await send(try served.admin("\(node)/crash")).status == 200)
            await #expect(throws: (any Error).self) { try await getMode(served.api()) }
            #expect(try await send(try served.admin("\(node)/start")).status == 202)
            try await eventually("it does not come back") {
                (try? await getMode(served.api())) == #"{"mode":"normal"}"#
            }
        }
        #expect(lines.contain("node-01@127.0.0.1 crashed"))
    }

    @Test func `only a node that is not connected is purged, and its start brings it back`() async throws {
        _ = try await serving(quick) { served in
            func listed() async throws -> Int {
                try await send(served.api(1), target: "Sora_20211215.ListClusterNodes").body
                    .components(separatedBy: "node_name").count - 1
            }
            let refused = try await send(try served.admin("\(node)/purge"))
            #expect(refused.status == 409)
            #expect(refused.body.contains("stop or isolate it"))
            _ = try await send(try served.admin("\(node)/stop"))
            #expect(try await listed() == 3)
            #expect(try await send(try served.admin("\(node)/purge")).status == 200)
            #expect(try await listed() == 2)
            _ = try await send(try served.admin("\(node)/start"))
            try await eventually("it does not come back") { try await listed() == 3 }
        }
    }

    @Test func `nodes that stand alone can't be cut off from a cluster`() async throws {
        _ = try await serving(ModeServerSettings(adminPort: 0)) { served in
            for action in ["isolate", "rejoin", "purge", "fileFault"] {
                let answer = try await send(try served.admin("\(node)/\(action)"))
                #expect(answer.status == 409, "\(action)")
            }
        }
    }

    @Test func `a temporary node vanishes from the list when it stops and never counts for the majority`() async throws
    {
        var settings = quick
        settings.nodes = ModeServerSettings(nodeCount: 4, temporaryCount: 1, isClustered: true).nodes
        _ = try await serving(settings) { served in
            func list() async throws -> String {
                try await send(served.api(), target: "Sora_20211215.ListClusterNodes").body
            }
            #expect(try await list().contains(#""connected":true,"temporary_node":true"#))
            _ = try await send(try served.admin("nodes/node-04@127.0.0.1/stop"))
            let listed = try await list()
            #expect(!listed.contains("node-04"))
            _ = try await send(try served.admin("nodes/node-02@127.0.0.1/stop"))
            let mode = try await getMode(served.api())
            #expect(mode == #"{"mode":"normal"}"#, "two of three regular nodes are a majority")
        }
    }

    @Test func `the help names every action and every fault switch`() {
        for word in ["restart", "stop", "crash", "start", "isolate", "rejoin", "purge", "fileFault", "latencySeconds"]
            + ["errorRate", "neverAnswer", "answerLost", "silentIgnore", "operations", ".ok", "with"]
        {
            #expect(AdminActions.help.contains(word), "\(word)")
        }
    }

    @Test func `faults do what they say and can be switched off`() async throws {
        _ = try await serving(quick) { served in
            let api = served.api()
            func faults(_ body: String) async throws {
                #expect(try await send(try served.admin("\(node)/faults"), body: body).status == 200)
            }
            try await faults(#"{"errorRate":1}"#)
            let failed = try await send(api, target: "Sora_20211215.GetMode")
            #expect(failed.status == 500)
            #expect(failed.body == #"{"error_type":"HandlerException"}"#)

            try await faults(#"{"silentIgnore":true}"#)
            #expect(try await changeMode(api, "block_new_session").body == #"{"mode":"block_new_session"}"#)
            #expect(try await getMode(api) == #"{"mode":"normal"}"#)

            try await faults(#"{"answerLost":true,"operations":["ChangeMode"]}"#)
            await #expect(throws: (any Error).self) { try await changeMode(api, "block_new_session") }
            #expect(try await getMode(api) == #"{"mode":"block_new_session"}"#)

            try await faults(#"{"neverAnswer":true}"#)
            await #expect(throws: (any Error).self) {
                try await send(api, target: "Sora_20211215.GetMode", timeout: .milliseconds(200))
            }

            try await faults(#"{"latencySeconds":0.2}"#)
            let start = ContinuousClock.now
            #expect(try await getMode(api) == #"{"mode":"block_new_session"}"#)
            #expect(start.duration(to: .now) >= .milliseconds(200))

            try await faults("{}")
            #expect(try await getMode(api) == #"{"mode":"block_new_session"}"#)
        }
    }

    /// A balancer's probe that hangs delayed what depends on the mode alone.
    @Test func `the probe misbehaves only where it is named, and disturbed calls are counted`() async throws {
        _ = try await serving(quick) { served in
            func faults(_ body: String) async throws {
                #expect(try await send(try served.admin("\(node)/faults"), body: body).status == 200)
            }
            func disturbed() async throws -> Bool {
                try await send(.GET, try served.admin("nodes")).body.contains(#""calls_disturbed":1}"#)
            }
            try await faults(#"{"errorRate":1}"#)
            #expect(try await send(.GET, served.ready()).status == 200)
            #expect(try await !disturbed())
            try await faults(#"{"errorRate":1,"operations":[".ok"]}"#)
            #expect(try await send(.GET, served.ready()).status == 500)
            #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
            #expect(try await disturbed())
            try await faults(#"{"neverAnswer":true,"operations":[".ok"]}"#)
            #expect(try await !disturbed())
            await #expect(throws: (any Error).self) {
                try await send(.GET, served.ready(), timeout: .milliseconds(200))
            }
            try await faults("{}")
            #expect(try await send(.GET, served.ready()).status == 200)
        }
    }

    /// A node that was cut off together with others was taken for one that a majority sees.
    @Test func `nodes that are cut off together see each other and nobody else`() async throws {
        var settings = ModeServerSettings(
            nodeCount: 5, temporaryCount: 2, isClustered: true, adminPort: 0, gracePeriod: .milliseconds(50))
        settings.joinDelay = .milliseconds(100)
        _ = try await serving(settings) { served in
            let company = #"{"with":["node-04@127.0.0.1","node-05@127.0.0.1"]}"#
            #expect(try await send(try served.admin("\(node)/isolate"), body: company).status == 200)
            let list = try await send(served.api(), target: "Sora_20211215.ListClusterNodes").body
            #expect(list.components(separatedBy: #""connected":true"#).count == 4)
            #expect(list.components(separatedBy: #""connected":false"#).count == 3)
            #expect(try await getMode(served.api()) == #"{"mode":"initial"}"#)
            for body in [#"{"with":"node-04@127.0.0.1"}"#, #"{"with":["node-09@127.0.0.1"]}"#] {
                #expect(try await send(try served.admin("\(node)/isolate"), body: body).status == 400)
            }
        }
    }

    @Test(
        arguments: [
            (HTTPMethod.GET, "nope", nil, 404), (.POST, "nodes", nil, 405), (.GET, "\(node)/stop", nil, 405),
            (.POST, "nodes/node-09@127.0.0.1/stop", nil, 404), (.POST, "\(node)/explode", nil, 404),
            (.POST, "\(node)/restart", "not JSON", 400), (.POST, "\(node)/restart", #"{"version":1}"#, 400),
            (.POST, "\(node)/faults", #"{"latency":1}"#, 400), (.POST, "\(node)/faults", #"{"errorRate":2}"#, 400),
            (.POST, "\(node)/faults", #"{"operations":["Nothing"]}"#, 400),
        ] as [(HTTPMethod, String, String?, Int)])
    func `what is wrong with an admin request is refused`(
        method: HTTPMethod, path: String, body: String?, status: Int
    ) async throws {
        _ = try await serving(quick) { served in
            let answer = try await send(method, try served.admin(path), body: body)
            #expect(answer.status == status)
            let mode = try await getMode(served.api())
            #expect(mode == #"{"mode":"normal"}"#)
        }
    }

    @Test func `requests of web pages are refused`() async throws {
        _ = try await serving(quick) { served in
            let answer = try await send(
                try served.admin("\(node)/stop"), headers: [("origin", "http://example.org")])
            #expect(answer.status == 403)
            #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
        }
    }

    @Test func `the admin API is off unless asked for`() async throws {
        _ = try await serving(ModeServerSettings()) { served in
            #expect(served.addresses.admin == nil)
            #expect(served.addresses.json.hasSuffix(#","admin":null}"#))
        }
    }
}
