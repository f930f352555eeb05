import ModeServer
import NIOHTTP1
import Testing

private func standalone(_ hooks: WebhookSettings, _ change: (inout ModeServerSettings) -> Void = { _ in })
    -> ModeServerSettings
{
    var settings = ModeServerSettings(gracePeriod: .zero, webhooks: hooks)
    settings.nodes[0].signaling.closing = .milliseconds(20)
    change(&settings)
    return settings
}

private let envelope =
    ##""timestamp":"T","id":"#1","version":"2025.1.0","label":"nagi","node_name":"node-01@127.0.0.1""##
private let created = #""created_time":T,"created_timestamp":"T""#
private let ends = #""destroyed_time":T,"destroyed_timestamp":"T""#

@Suite(.timeLimit(.minutes(1)))
struct WebhookTests {
    @Test func `hooks are told of sessions and connections with what belongs to them`() async throws {
        try await HookServer.serving { hooks in
            let settings = standalone(
                WebhookSettings(session: hooks.address + "/session", event: hooks.address + "/event"))
            _ = try await serving(settings) { served in
                let client = try await SignalingClient.connect(
                    served.signaling(), "spam", #","client_id":"me""#
                ).client
                try await changeMode(served.api(), "block_new_session")
                #expect(
                    try await SignalingClient.connect(served.signaling(), "ham").answer.contains("block_new_session"))
                let cut = try await send(
                    served.api(), target: "Sora_20151104.DisconnectChannel",
                    body: #"{"channel_id":"spam","reason":{"why":"x"}}"#)
                #expect(cut.status == 200)
                #expect(try await client.rest().count == 3)
                try await eventually("not all hooks are called") { hooks.all.count == 6 }
            }
            #expect(
                hooks.bodies("/session").map(masked).sorted() == [
                    ##"{"type":"session.created",\##(envelope),"channel_id":"spam","session_id":"#2",\##(created)}"##,
                    ##"{"type":"session.destroyed",\##(envelope),"channel_id":"spam","session_id":"#2",\##(created),"##
                        + #"\#(ends),"max_connections":1,"total_connections":1}"#,
                    #"{"type":"session.vanished",\#(envelope)}"#,
                ])
            let member =
                ##""role":"sendrecv","channel_id":"spam","session_id":"#2","client_id":"me","connection_id":"#3""##
            #expect(
                hooks.bodies("/event").map(masked).sorted() == [
                    #"{"type":"connection.created",\#(envelope),\#(member),"data":{"channel_connections":1}}"#,
                    #"{"type":"connection.destroyed",\#(envelope),\#(member),"data":{"channel_connections":0,"#
                        + #""reason":"disconnect_channel","disconnect_api_reason":{"why":"x"}}}"#,
                    ##"{"type":"connection.failed",\##(envelope),"role":"sendrecv","channel_id":"ham","##
                        + ##""client_id":"#2","connection_id":"#2","##
                        + #""data":{"channel_connections":0,"reason":"block_new_session"}}"#,
                ])
            for call in hooks.all {
                #expect(call.headers["content-type"] == ["application/json"])
                #expect(call.headers["content-length"] == [String(call.body.utf8.count)])
            }
        }
    }

    @Test func `session.vanished is not sent where that is switched off, and is logged all the same`() async throws {
        try await HookServer.serving { hooks in
            let settings = standalone(WebhookSettings(session: hooks.address + "/session", tellsVanished: false))
            let lines = try await serving(settings) { served in
                let client = try await SignalingClient.connect(served.signaling(), "spam").client
                try await changeMode(served.api(), "block_new_connection")
                try await client.vanish()
                try await eventually("not all hooks are called") { hooks.all.count == 2 }
                try await eventually("nothing is logged") { served.lines.contain("session.vanished") }
            }
            #expect(!hooks.bodies("/session").contains { $0.contains("vanished") })
            #expect(lines.contain("session.vanished"))
        }
    }

    @Test func `connection.updated comes again and again where that is asked for`() async throws {
        try await HookServer.serving { hooks in
            let settings = standalone(
                WebhookSettings(event: hooks.address + "/event", updateInterval: .milliseconds(50)))
            _ = try await serving(settings) { served in
                let client = try await SignalingClient.connect(served.signaling(), "spam").client
                try await eventually("no updates") { hooks.all.count >= 4 }
                try await client.vanish()
            }
            let member =
                ##""role":"sendrecv","channel_id":"spam","session_id":"#2","client_id":"#3","connection_id":"#3""##
            let updates = hooks.bodies("/event").map(masked).filter { $0.contains("updated") }
            #expect(
                Set(updates) == [
                    #"{"type":"connection.updated",\#(envelope),\#(member),"data":{"channel_connections":1}}"#
                ])
        }
    }

    @Test func `a hook that hangs holds up neither the API nor clients nor other hooks`() async throws {
        try await HookServer.serving {
            $0.path == "/event" ? .answer(200) : .silence
        } _: { hooks in
            let settings = standalone(
                WebhookSettings(
                    session: hooks.address + "/session", event: hooks.address + "/event", timeout: .seconds(3)))
            let lines = try await serving(settings) { served in
                for number in 0..<40 {
                    let (client, answer) = try await SignalingClient.connect(served.signaling(), "channel-\(number)")
                    #expect(answer.contains(#""type":"accepted""#))
                    try await client.say(#"{"type":"disconnect"}"#)
                }
                #expect(try await slowestGetMode(served) < .seconds(2))
                try await eventually("the other hook is not called") { hooks.bodies("/event").count == 80 }
                try await eventually("nobody says that the hook failed") {
                    served.lines.contain("webhooks: ") && served.lines.contain("failed, the last: session.")
                }
            }
            #expect(lines.contain("no answer within 3s") || lines.contain("deadlineExceeded"))
        }
    }

    @Test func `a hook that can't keep up loses what is too much, and that is counted`() async throws {
        try await HookServer.serving { _ in
            .silence
        } _: { hooks in
            var settings = standalone(WebhookSettings(event: hooks.address + "/event", timeout: .seconds(30)))
            settings.traffic = [
                TrafficSettings(arrivalsPerSecond: 40_000, meanHold: .milliseconds(10), channels: 50_000, seed: 1)
            ]
            _ = try await serving(settings) { served in
                try await eventually("nothing is dropped") { served.lines.contain(" dropped, the queue is full") }
                #expect(try await getMode(served.api()) == #"{"mode":"normal"}"#)
            }
            #expect(hooks.all.count <= 8, "calls at once")
        }
    }

    @Test func `a hook's redirect is not followed, and no call is made twice`() async throws {
        try await HookServer.serving { call in
            call.path == "/event" ? .answer(302, headers: ["location": "/elsewhere"]) : .answer(500)
        } _: { hooks in
            let settings = standalone(
                WebhookSettings(session: hooks.address + "/session", event: hooks.address + "/event"))
            let lines = try await serving(settings) { served in
                _ = try await SignalingClient.connect(served.signaling(), "spam")
                try await eventually("no failure is logged") { served.lines.contain("webhooks: ") }
                // What another client causes comes after what would have been sent once more.
                _ = try await SignalingClient.connect(served.signaling(), "ham")
                try await eventually("the hooks are not called for another client") { hooks.all.count >= 4 }
            }
            #expect(hooks.all.map(\.path).sorted() == ["/event", "/event", "/session", "/session"])
            #expect(lines.contain("failed, the last: "))
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct AuthHookTests {
    private static let answers: [(reply: HookServer.Reply, message: String?)] = [
        (.answer(200, #"{"allowed":true}"#), nil),
        (.answer(200, #"{"allowed":true,"metadata":{"x":1}}"#), nil),
        (.answer(200, #"{"allowed":false,"reason":"no \"tickets\""}"#), #"no \"tickets\""#),
        (.answer(200, #"{"allowed":false}"#), "the auth hook refused"),
        (.answer(200, #"{"allowed":"true"}"#), "the auth hook has given no clear answer"),
        (.answer(200, "true"), "the auth hook has given no clear answer"),
        (.answer(200, ""), "the auth hook has given no clear answer"),
        (.answer(204), "the auth hook has given no clear answer"),
        (.answer(201, #"{"allowed":true}"#), "the auth hook has given no clear answer"),
        (.answer(500, #"{"allowed":true}"#), "the auth hook has given no clear answer"),
        (
            .answer(302, #"{"allowed":true}"#, headers: ["location": "/auth"]),
            "the auth hook has given no clear answer"
        ),
        (.answer(200, String(repeating: " ", count: 70_000) + #"{"allowed":true}"#), "the auth hook has not answered"),
        (.silence, "the auth hook has not answered"),
    ]

    @Test func `whatever is not a clear yes is a no`() async throws {
        for (reply, message) in Self.answers {
            try await HookServer.serving { _ in
                reply
            } _: { hooks in
                let settings = standalone(
                    WebhookSettings(auth: hooks.address + "/auth", timeout: .milliseconds(200)))
                _ = try await serving(settings) { served in
                    let (client, answer) = try await SignalingClient.connect(served.signaling(), "spam")
                    if let message {
                        #expect(answer == #"text {"type":"rejected","reason":"auth","message":"\#(message)"}"#)
                        #expect(try await client.next() == "close 4490 auth")
                    } else {
                        #expect(answer.hasPrefix(#"text {"type":"accepted""#))
                    }
                    #expect(try await connections(served) == (message == nil ? 1 : 0), "\(reply)")
                }
                #expect(hooks.all.count == 1, "\(reply)")
            }
        }
    }

    @Test func `a hook that is not there refuses everybody`() async throws {
        _ = try await serving(standalone(WebhookSettings(auth: "http://127.0.0.1:1/auth"))) { served in
            let answer = try await SignalingClient.connect(served.signaling(), "spam").answer
            #expect(answer.contains(#""reason":"auth""#))
        }
    }

    @Test func `the hook is told the client's wish and the id that it will have`() async throws {
        try await HookServer.serving { _ in
            .answer(200, #"{"allowed":true}"#)
        } _: { hooks in
            _ = try await serving(standalone(WebhookSettings(auth: hooks.address + "/auth"))) { served in
                let named = try await SignalingClient.connect(
                    served.signaling(), "spam", #","client_id":"me","bundle_id":"us","metadata":{"token":"t"}"#
                ).answer
                let question = try #require(hooks.bodies("/auth").first)
                #expect(
                    masked(question) == ##"{\##(envelope),"channel_id":"spam","role":"sendrecv","connection_id":"#2","##
                        + #""client_id":"me","bundle_id":"us","metadata":{"token":"t"}}"#)
                let id = try #require(question.firstMatch(of: /connection_id":"(\w+)"/)).output.1
                #expect(named.contains(#""connection_id":"\#(id)""#))
                let list = try await send(served.api(), target: "Sora_20201013.ListConnections").body
                #expect(list.contains(#""connection_id":"\#(id)""#))
            }
        }
    }

    @Test func `nobody is asked about a client that is turned away or sent on anyway`() async throws {
        try await HookServer.serving { _ in
            .answer(200, #"{"allowed":true}"#)
        } _: { hooks in
            let settings = ModeServerSettings(
                nodeCount: 3, isClustered: true, webhooks: WebhookSettings(auth: hooks.address + "/auth"))
            _ = try await serving(settings) { served in
                let first = try await SignalingClient.connect(served.signaling(), "spam").answer
                #expect(first.contains(#""type":"accepted""#))
                let sent = try await SignalingClient.connect(served.signaling(1), "spam").answer
                #expect(sent.contains(#""type":"redirect""#))
                try await changeMode(served.api(), "block_new_connection")
                let refused = try await SignalingClient.connect(served.signaling(), "spam").answer
                #expect(refused.contains(#""reason":"block_new_connection""#))
                #expect(hooks.all.count == 1)
            }
        }
    }

    @Test func `a client that was allowed is admitted by the mode of that moment, not of the one before`() async throws
    {
        let gate = HookServer.Gate()
        try await HookServer.serving { _ in
            .held(gate, #"{"allowed":true}"#)
        } _: { hook in
            _ = try await serving(standalone(WebhookSettings(auth: hook.address))) { served in
                let client = try await SignalingClient.open(served.signaling())
                try await client.say(#"{"type":"connect","role":"sendrecv","channel_id":"spam"}"#)
                try await eventually("the hook is not asked") { !hook.all.isEmpty }
                try await changeMode(served.api(), "block_new_connection")
                gate.open()
                #expect(try await client.next().contains(#""reason":"block_new_connection""#))
                #expect(try await connections(served) == 0)
            }
        }
    }

    @Test func `a client that goes while the hook is asked leaves nothing behind`() async throws {
        let gate = HookServer.Gate()
        try await HookServer.serving { _ in
            .held(gate, #"{"allowed":true}"#)
        } _: { hook in
            _ = try await serving(standalone(WebhookSettings(auth: hook.address))) { served in
                let client = try await SignalingClient.open(served.signaling())
                try await client.say(#"{"type":"connect","role":"sendrecv","channel_id":"spam"}"#)
                try await eventually("the hook is not asked") { !hook.all.isEmpty }
                try await client.vanish()
                // Asked for and answered after it: whatever the server makes of the first client is made by then.
                let other = try await SignalingClient.open(served.signaling())
                try await other.say(#"{"type":"connect","role":"sendrecv","channel_id":"ham"}"#)
                try await eventually("the hook is not asked again") { hook.all.count == 2 }
                gate.open()
                #expect(try await other.next().contains(#""type":"accepted""#))
                let stats = try await send(served.api(), target: "Sora_20171010.GetStatsReport").body
                #expect(stats.contains(#""total_connection_created":1"#))
            }
        }
    }

    @Test func `an auth hook that hangs does not slow the mode API`() async throws {
        try await HookServer.serving { _ in
            .silence
        } _: { hooks in
            _ = try await serving(standalone(WebhookSettings(auth: hooks.address, timeout: .seconds(5)))) { served in
                for number in 0..<100 {
                    let client = try await SignalingClient.open(served.signaling())
                    try await client.say(#"{"type":"connect","role":"sendrecv","channel_id":"channel-\#(number)"}"#)
                }
                try await eventually("the hook is not asked") { hooks.all.count >= 50 }
                #expect(try await slowestGetMode(served) < .seconds(2))
            }
        }
    }
}

/// The longest of fifty calls.
private func slowestGetMode(_ served: Served) async throws -> Duration {
    var slowest = Duration.zero
    for _ in 0..<50 {
        let start = ContinuousClock.now
        _ = try await getMode(served.api())
        slowest = max(slowest, start.duration(to: .now))
    }
    return slowest
}
