import Daemon
import ModeCore
import Scheduling
import Synchronization
import Testing

/// What differs between releases of the media server, and how it is found out.
@Suite struct ReleaseTests {
    @Test(arguments: [
        ("2023.2.0", Release(2023, 2, 0)), ("2024.1.0-canary.4", Release(2024, 1, 0)),
        ("2025.1.12", Release(2025, 1, 12)),
        ("2025.1.0+build.7", Release(2025, 1, 0)), ("main", nil), ("", nil), ("2023.2", nil), ("2023.2.0.1", nil),
        ("2023.2.x", nil), ("2023..0", nil), ("19.4.0", nil), ("v2023.2.0", nil), ("-2023.2.0", nil),
        ("2023.2.99999999999999999999", nil), ("2023.+2.0", nil),
    ])
    func `a release is read from its text, or it is unknown`(text: String, release: Release?) {
        #expect(Release(text) == release)
    }

    @Test(arguments: [
        ("2021.1.0", false, false, true), ("2022.2.9", false, false, true), ("2023.1.0", false, true, true),
        ("2023.2.0", true, true, true), ("2023.10.0", true, true, true), ("2024.1.0-canary.4", true, true, false),
        ("2025.2.0", true, true, false),
    ])
    func `what a release has`(text: String, leavesOut: Bool, endsSessions: Bool, sendsVanished: Bool) throws {
        let release = try #require(Release(text))
        #expect(release.leavesOutDisconnected == leavesOut)
        #expect(release.endsSessions == endsSessions)
        #expect(release.sendsVanished == sendsVanished)
    }

    /// One read: what the node's report says its version is (`-`: no report, `?`: none), and how its list was asked for.
    struct Story: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reads: [(version: String, asked: [String])]
        /// How many members each read gave; nil: as many as the last list that was asked for has.
        var members: [Int?]?
        var refuses: @Sendable (String) -> Bool = { _ in false }
        /// In the node's row of its list.
        var listed: String?
    }

    static let stories = [
        Story(
            testDescription: "an older release takes no body",
            reads: [("2023.1.0", ["plain"]), ("2023.1.0", ["plain"])]),
        Story(
            testDescription: "a later one is asked for all",
            reads: [("2023.2.0", ["all"]), ("2023.2.0", ["all"]), ("2024.1.0-canary.4", ["all"])]),
        Story(
            testDescription: "a text that is none may be a later one",
            reads: [("main", ["all"]), ("?", ["all"])]),
        Story(
            testDescription: "after an upgrade it is asked again at once",
            reads: [("2022.1.0", ["plain"]), ("2025.1.0", ["plain", "all"]), ("2025.1.0", ["all"])]),
        Story(
            testDescription: "after a downgrade it says nothing once",
            reads: [("2025.1.0", ["all"]), ("2022.1.0", ["all"]), ("2022.1.0", ["plain"])],
            members: [2, nil, 1], refuses: { $0 == "2022.1.0" }),
        Story(
            testDescription:
                "of a later one two refusals are no answer, and the third is believed until the version changes",
            reads: [
                ("2025.1.0", ["all"]), ("2025.1.0", ["all"]), ("2025.1.0", ["all", "plain"]), ("2025.1.0", ["plain"]),
                ("2025.2.0", ["plain", "all"]),
            ], members: [nil, nil, 1, 1, 2], refuses: { $0 == "2025.1.0" }),
        Story(
            testDescription: "who is of no known release and refuses is asked without until the version changes",
            reads: [("main", ["all", "plain"]), ("main", ["plain"]), ("2025.2.0", ["plain", "all"])],
            refuses: { $0 == "main" }),
        Story(
            testDescription: "of whom nothing is known all is asked for",
            reads: [("-", ["all"]), ("-", ["all"]), ("2025.1.0", ["all"]), ("-", ["all"])]),
        Story(
            testDescription: "an old one of which nothing is known refuses",
            reads: [("-", ["all", "plain"]), ("-", ["plain"]), ("2021.1.0", ["plain"])], refuses: { _ in true }),
        Story(
            testDescription: "where no report comes its own row says which release it is",
            reads: [("2022.1.0", ["plain"]), ("-", ["plain", "all"]), ("-", ["all"])], listed: "2025.1.0"),
    ]

    @Test(arguments: stories) func `a list is asked for as the release wants it`(story: Story) async throws {
        let version = Mutex("")
        let listed = story.listed ?? ""
        let stub = try StubNode { call in
            let version = version.withLock { $0 }
            switch call.operation {
            case "GetMode": return .answer(200, #"{"mode":"normal"}"#)
            case "GetStatsReport":
                return version == "-" ? .answer(500, "") : .answer(200, Sample.report(version == "?" ? nil : version))
            case "ListClusterNodes":
                if !call.body.isEmpty, story.refuses(version) { return .answer(400, "{}") }
                // As the releases of this age do: who is away is there only if he is asked for.
                let away = call.body.isEmpty ? "" : #",{"node_name":"node-02","connected":false}"#
                let own = listed.isEmpty ? "" : #","sora_version":"\#(listed)""#
                return .answer(200, #"[{"node_name":"node-01","mode":"normal","connected":true\#(own)}\#(away)]"#)
            default: return .answer(400, "")
            }
        }
        defer { stub.stop() }
        let policies = set(stub.url)
        let client = ModeAPIClient(directory: "/", environment: [:])
        client.use(policies)
        var told = 0
        for (place, read) in story.reads.enumerated() {
            version.withLock { $0 = read.version }
            guard case .observed(let seen) = await client.read(node01, .whole, at: policies.address) else {
                Issue.record("it was not observed")
                continue
            }
            let lists = stub.calls.filter { $0.operation == "ListClusterNodes" }
            let asked = lists.dropFirst(told).map { call in
                call.body.isEmpty ? "plain" : call.body == #"{"include_all_known_nodes":true}"# ? "all" : call.body
            }
            told = lists.count
            #expect(asked == read.asked, "version \(read.version)")
            let expected = story.members.map { $0[place] } ?? (read.asked.last == "all" ? 2 : 1)
            #expect(seen.members?.count == expected, "the last answer counts")
        }
        await client.shutdown()
    }

    @Test(arguments: [
        ("", false), (#","cluster_relay":[]"#, false), (#","cluster_relay":[{"node_name":"b"}]"#, true),
        (#","cluster_relay":null"#, false), (#","cluster_relay":"no""#, false), (#","cluster_relay":[7,8]"#, true),
    ])
    func `who has somebody to relay to relays, whatever else the report says`(text: String, relays: Bool) async throws {
        let stub = try StubNode { call in
            switch call.operation {
            case "GetMode": .answer(200, #"{"mode":"normal"}"#)
            case "GetStatsReport": .answer(200, String(Sample.report("2025.1.0").dropLast()) + text + "}")
            default: .answer(200, Sample.members)
            }
        }
        defer { stub.stop() }
        let policies = set(stub.url)
        let client = ModeAPIClient(directory: "/", environment: [:])
        client.use(policies)
        guard case .observed(let seen) = await client.read(node01, .whole, at: policies.address) else {
            Issue.record("it was not observed")
            return
        }
        await client.shutdown()
        #expect(seen.load?.relays == relays && seen.load?.sessions == 3)
    }
}
