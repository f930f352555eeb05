import Daemon
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What a look at the cluster finds, from what its nodes say.
@Suite struct PreflightTests {
    /// Two nodes of a cluster that is as the policies say, and what is changed of it.
    private struct World {
        var cluster: ClusterPolicy
        var answers: [Observation?]
        var policies: [Policy] = []

        init() {
            let nodes = ["node-01", "node-02", "node-03"].enumerated().map { number, name in
                ClusterNode(
                    name: name, api: "http://192.0.2.\(number + 1):3000/", ready: "http://192.0.2.\(number + 1)/.ok")
            }
            cluster = ClusterPolicy(name: "tokyo", topology: .clustered, nodes: nodes)
            let members = nodes.compactMap { node in
                NodeText(exactly: node.name).map { name in
                    ClusterMember(name: name, isConnected: true, mode: .known(.normal), version: "2025.1.1")
                }
            }
            let now = Moment(wall: Timestamp(seconds: 1_796_000_000), uptime: Uptime(nanoseconds: 0))
            answers = nodes.map { node in
                Observation(
                    node: NodeID(cluster: "tokyo", name: node.name), begun: now, mode: .known(.normal),
                    load: NodeLoad(
                        ongoingConnections: 1, sessionsCreated: 2, sessionsDestroyed: 1, connectionsCreated: 3),
                    version: "2025.1.1", ready: true, members: members, hostWall: now.wall)
            }
        }

        /// Changes a member in every list.
        mutating func members(_ change: (Int, inout ClusterMember) -> Void) {
            for index in answers.indices {
                var members = answers[index]?.members ?? []
                for place in members.indices { change(place, &members[place]) }
                answers[index]?.members = members
            }
        }

        mutating func rename(_ name: String, to other: NodeText) {
            members { _, member in if member.name.description == name { member.name = other } }
        }

        /// The host of the first node is so far ahead.
        mutating func clock(_ ahead: Duration) {
            let wall = answers[0]?.begun.wall ?? .distantPast
            answers[0]?.hostWall = wall + ahead
        }

        /// A policy of the first two nodes.
        mutating func drain(_ mode: DrainStep.Mode) {
            policies = [
                Policy(
                    name: "p", cluster: "tokyo", selector: Selector(nodes: ["node-01", "node-02"]),
                    schedule: PolicySchedule(windows: [], onWindowEnd: .finish),
                    sequence: StepSequence(name: "s", steps: [.drain(DrainStep(mode: mode)), .block, .restore]))
            ]
        }

        mutating func listAlone() {
            for index in answers.indices {
                let own = answers[index]?.members?[index]
                answers[index]?.members = own.map { [$0] }
            }
        }

        mutating func listNobody() {
            for index in answers.indices { answers[index]?.members = [] }
        }

        /// Every list says where each member is.
        mutating func listAddresses() {
            let apis = cluster.nodes.map { MemberAddress.callable(NodeText(cutting: $0.api)) }
            members { place, member in member.api = apis[place] }
        }

        var survey: ClusterSurvey {
            ClusterSurvey(
                cluster, answers: answers.map { $0.map { .seen($0) } ?? .failed(.unreachable("connection refused")) },
                policies: policies)
        }

        var findings: [String] {
            survey.findings.map { "\($0.severity.rawValue) \($0.code.rawValue) \($0.node ?? "-")" }
        }
    }

    @Test func `a cluster that is as the policies say gives no finding, and a summary`() {
        let survey = World().survey
        #expect(survey.findings.isEmpty)
        #expect(survey.summary == "3 of 3 APIs answer (2025.1.1), 3 of 3 probes, clocks within 1s")
        var dark = World()
        (dark.answers[0], dark.answers[1]) = (nil, nil)
        #expect(
            dark.survey.summary
                == "1 of 3 APIs answer (2025.1.1), 1 of 1 probes (2 not asked: no API answers there), clocks within 1s")
    }

    private static let cases: [(String, @Sendable (inout World) -> Void, [String])] = [
        ("no answer", { $0.answers[1] = nil }, ["error api-unreachable node-02"]),
        ("no counts", { $0.answers[0]?.load = nil }, ["error stats-missing node-01"]),
        ("no list", { $0.answers[0]?.members = nil }, ["error list-missing node-01"]),
        ("no probe", { $0.answers[2]?.ready = nil }, ["error probe-missing node-03"]),
        ("not ready", { $0.answers[2]?.ready = false }, ["warning not-ready node-03"]),
        (
            "shut by somebody",
            {
                $0.answers[2]?.mode = .known(.blockNewSession)
                $0.answers[2]?.ready = false
            }, ["note blocked-already node-03"]
        ),
        ("not there yet", { $0.answers[2]?.mode = .known(.initial) }, ["warning not-serving node-03"]),
        ("a clock", { $0.clock(.seconds(90)) }, ["error clocks-differ node-01"]),
        ("a clock that is behind", { $0.clock(.seconds(-90)) }, ["error clocks-differ node-01"]),
        ("a second is no difference", { $0.clock(.seconds(1)) }, []),
        ("versions", { $0.answers[0]?.version = "2025.2.0" }, ["note versions-differ -"]),
        ("a name with a host", { $0.rename("node-02", to: "node-02@192.0.2.2") }, ["error name-mismatch node-02"]),
        ("another name at the host", { $0.rename("node-02", to: "sora@192.0.2.2") }, ["error name-mismatch node-02"]),
        (
            "a name that is nowhere", { $0.rename("node-02", to: "x@198.51.100.9") },
            ["error not-listed node-02", "warning unlisted-node -"]
        ),
        (
            "one that no policy lists",
            {
                $0.cluster.nodes.removeLast()
                $0.answers.removeLast()
            }, ["warning unlisted-node -"]
        ),
        (
            "found by discovery",
            {
                $0.cluster.nodes.removeLast()
                $0.answers.removeLast()
                $0.cluster.discovery = Discovery(seeds: ["http://192.0.2.1:3000/"])
            }, []
        ),
        ("standalone that is not", { $0.cluster.topology = .standalone }, ["error wrong-topology node-01"]),
        ("clustered that is not", { $0.listAlone() }, ["error wrong-topology -"]),
        ("clustered that is not, and lists nobody", { $0.listNobody() }, ["error wrong-topology -"]),
        (
            "a cluster of one that is none",
            {
                $0.cluster.nodes.removeLast(2)
                $0.answers.removeLast(2)
                $0.listNobody()
            }, ["error wrong-topology -"]
        ),
        (
            "only one answers, and has joined nobody yet",
            {
                $0.answers[1] = nil
                $0.answers[2] = nil
                $0.answers[0]?.members = []
            }, ["error api-unreachable node-02", "error api-unreachable node-03"]
        ),
        ("addresses as they are listed", { $0.listAddresses() }, []),
        (
            "addresses that are swapped",
            {
                $0.listAddresses()
                let (first, second) = ($0.cluster.nodes[0], $0.cluster.nodes[1])
                ($0.cluster.nodes[0].api, $0.cluster.nodes[1].api) = (second.api, first.api)
            }, ["error wrong-address node-01", "error wrong-address node-02"]
        ),
        (
            "a probe of another node",
            {
                $0.listAddresses()
                $0.cluster.nodes[0].ready = $0.cluster.nodes[2].ready
            }, ["error wrong-address node-01"]
        ),
        (
            "an address that no list says",
            {
                $0.listAddresses()
                $0.cluster.nodes[0].api = "http://proxy.example:3000/"
            }, []
        ),
        (
            "cut off", { $0.members { place, member in member.isConnected = place > 0 } },
            ["warning not-connected node-01"]
        ),
        (
            "lists of an older release", { $0.members { _, member in member.mode = nil } },
            ["warning list-without-mode -"]
        ),
    ]

    private static let releases: [(String, @Sendable (inout World) -> Void, [String])] = [
        ("it relays", { $0.answers[1]?.load?.relays = true }, ["note drains-by-connections node-02"]),
        (
            "it relays, and policies leave it to nagi",
            {
                $0.answers[1]?.load?.relays = true
                $0.drain(.auto)
            }, ["note drains-by-connections node-02"]
        ),
        (
            "it relays, and a policy drains by sessions",
            {
                $0.answers[1]?.load?.relays = true
                $0.drain(.blockNewSession)
            }, ["note drains-by-connections node-02", "warning drains-by-sessions node-02"]
        ),
        (
            "a node that the policy leaves alone relays",
            {
                $0.answers[2]?.load?.relays = true
                $0.drain(.blockNewSession)
            }, ["note drains-by-connections node-03"]
        ),
        ("by sessions where they count", { $0.drain(.blockNewSession) }, []),
        (
            "hooks, and no session.vanished",
            {
                $0.cluster.hooks = HookSettings(secret: .environment("SECRET"))
                for index in 0..<2 { $0.answers[index]?.version = "2023.2.1" }
            }, ["note vanished-not-sent node-03", "note versions-differ -"]
        ),
    ]

    @Test func `what a release means is said where it matters`() {
        for (name, change, findings) in Self.releases {
            var world = World()
            change(&world)
            #expect(world.findings == findings, "\(name)")
        }
    }

    @Test func `each thing that is amiss is found, and nothing else`() {
        for (name, change, findings) in Self.cases {
            var world = World()
            change(&world)
            #expect(world.findings == findings, "\(name)")
        }
    }

    @Test func `commands and secrets are looked for on this machine`() async throws {
        let directory = try TemporaryDirectory()
        try "#!/bin/sh\n".write(toFile: directory.path + "/up", atomically: true, encoding: .utf8)
        let steps = ["./up", "/nonexistent/up", "/bin/sh"].map { program in
            Step.run(RunStep(name: "up", command: [program], isDisruptive: false))
        }
        let set = PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "tokyo", topology: .standalone,
                    nodes: [ClusterNode(name: "node-01", api: "http://127.0.0.1:1/")],
                    api: APISettings(timeout: .seconds(1), headers: ["Authorization": .environment("NO_SUCH_TOKEN")])),
                ClusterPolicy(
                    name: "osaka", topology: .standalone,
                    nodes: [ClusterNode(name: "node-01", api: "http://127.0.0.1:1/")]),
            ],
            policies: [
                Policy(
                    name: "p", cluster: "tokyo", schedule: PolicySchedule(windows: [], onWindowEnd: .finish),
                    sequence: StepSequence(name: "s", steps: steps + [.restore]))
            ])
        let sections = await Preflight(set, policyDirectory: directory.path, environment: [:]).sections()
        let found = sections.flatMap(\.findings)
        #expect(
            found.map { "\($0.place) \($0.code.rawValue)" } == [
                "tokyo secret-unreadable", "osaka api-unreachable", "p command-not-executable", "p command-not-found",
            ])
        #expect(sections.last?.summary == "1 of 3 commands can be run here")
        #expect(found.first?.message.contains("NO_SUCH_TOKEN is not set") == true)
    }

    @Test(.timeLimit(.minutes(1)))
    func `whom to tell is looked for, and nobody is told`() async throws {
        let directory = try TemporaryDirectory()
        let stub = try StubNode { _ in .answer(200, "") }
        let gone = try StubNode { _ in .answer(200, "") }
        gone.stop()
        for (name, text) in [
            ("hook", "\(stub.url)T000/S3CR3T\n"), ("gone", "\(gone.url)T000/S3CR3T\n"), ("odd", "T000\n"),
        ] {
            try text.write(toFile: "\(directory.path)/\(name)", atomically: true, encoding: .utf8)
        }
        let targets: [(String, NotificationPolicy.Target)] = [
            ("fine", .secret(.file("hook"))), ("open", .address(stub.url)), ("unset", .secret(.environment("NO_HOOK"))),
            ("missing", .secret(.file("nowhere"))), ("odd", .secret(.file("odd"))), ("gone", .secret(.file("gone"))),
        ]
        let notifications = targets.map { NotificationPolicy(name: $0, url: $1, on: [.runFailed, .stuck]) }
        let sections = await Preflight(
            PolicySet(notifications: notifications), policyDirectory: directory.path, environment: [:]
        ).sections()
        #expect(sections.map(\.name) == targets.map(\.0) && sections[0].summary == "tells run-failed, stuck")
        let found = sections.flatMap(\.findings)
        #expect(
            found.map { "\($0.severity.rawValue) \($0.place) \($0.message)" } == [
                "error unset nobody would be told: url: the environment variable NO_HOOK is not set",
                "error missing nobody would be told: url: the file \(directory.path)/nowhere does not exist",
                "error odd nobody would be told: url: what it refers to is no address that begins with https://",
                "warning gone nobody would be told now: nothing takes connections at 127.0.0.1, port \(gone.port)",
            ])
        #expect(stub.calls.isEmpty, "nothing is sent")
        stub.stop()
    }

    @Test func `secrets and programs of steps and gates are looked for`() async throws {
        let directory = try TemporaryDirectory()
        try "t0p\n".write(toFile: directory.path + "/token", atomically: true, encoding: .utf8)
        let steps = [
            Step.http(
                HTTPStep(
                    request: HTTPRequest(
                        method: .post, url: "http://127.0.0.1:1/", headers: ["Authorization": .file("token")]),
                    isDisruptive: false)),
            .gate(HealthGate(name: "calm", probe: .command(["/nonexistent/calm"]))),
        ]
        var policy = Policy(
            name: "p", cluster: "tokyo", schedule: PolicySchedule(windows: [], onWindowEnd: .finish),
            sequence: StepSequence(name: "s", steps: steps + [.restore]))
        policy.gates = [
            HealthGate(
                name: "errors-low",
                probe: .prometheus(
                    PrometheusQuery(
                        url: "http://127.0.0.1:1/", query: "up", headers: ["Authorization": .environment("NO_TOKEN")],
                        min: 1)))
        ]
        let sections = await Preflight(
            PolicySet(policies: [policy]), policyDirectory: directory.path, environment: [:]
        ).sections()
        let section = try #require(sections.first)
        #expect(
            section.summary
                == "0 of 1 commands can be run here, 1 of 2 secrets can be read, 0 of 1 addresses take connections")
        #expect(
            section.findings.map(\.code) == [
                .commandNotFound, .secretUnreadable, .addressUnreachable, .addressUnreachable,
            ])
        #expect(
            section.findings.dropFirst().map(\.message) == [
                "the environment variable NO_TOKEN is not set",
                "gate errors-low: nothing takes connections at 127.0.0.1, port 1 now",
                "http: nothing takes connections at 127.0.0.1, port 1 now",
            ])
    }
}
