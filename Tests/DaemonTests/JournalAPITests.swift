import AsyncHTTPClient
import Calendars
import Daemon
import Foundation
import ModeCore
import NIOCore
import NIOHTTP1
import Primitives
import Testing

@testable import Scheduling

/// What the API answers out of the journal: history, and events as they come.
@Suite struct JournalAPITests {
    let directory: TemporaryDirectory
    let journal: SQLiteJournal
    let reader: JournalReader
    let board = StatusBoard()

    init() throws {
        directory = try TemporaryDirectory()
        journal = try SQLiteJournal(path: directory.path + "/journal.sqlite")
        reader = try JournalReader(journal)
    }

    private static let token = String(repeating: "a1", count: 32)
    static let run = RunID(policy: "up", revision: "2", ordinal: 1)

    /// Sun 2026-11-29 02:41:07 in Tokyo.
    private static let start = Timestamp(rfc3339: "2026-11-28T17:41:07Z") ?? .distantPast

    static func record(_ fact: Fact, _ minutes: Int = 0) -> Record {
        Record(at: Moment(wall: start + .minutes(minutes), uptime: Uptime(nanoseconds: 0)), fact: fact)
    }

    private static let records = [
        record(.daemonStarted(boot: nil)),
        record(.nodeRestarted(node01, IncarnationMarks(version: "1", load: nil)), 1),
        record(.modeSeenAgain(node01), 2),
        record(
            .holdPlaced(
                node02, Hold(wish: .handsOff, actor: "mika", reason: "disk\u{1B}[2J", since: start, until: nil)), 3),
        record(.paused(run, Pause(.person, reason: "calls drop", actor: "mika", since: start)), 4),
        record(.resumed(run, .person), 5),
    ]

    func serving(
        reader other: JournalReader? = nil, pace: EventPace = EventPace(), clusters: [String] = ["tokyo"],
        _ body: @escaping @Sendable (ListenAddress) async throws -> Void
    ) async throws {
        let tokyo = ZoneRules(name: "Asia/Tokyo", initialOffset: 9 * 3600, transitions: [])
        let window = Window(
            name: "w", recurrence: .weekly(days: [.sun], start: .midnight), length: .elapsed(.hours(1)),
            timeZone: "Asia/Tokyo")
        board.use(
            PolicySet(
                policies: [
                    Policy(
                        name: "m", cluster: "tokyo", schedule: PolicySchedule(windows: [window], onWindowEnd: .restore))
                ],
                zones: ["Asia/Tokyo": tokyo]))
        var report = StatusReport(at: Self.start)
        report.clusters = clusters.map { name in
            let node = NodeStatus(
                name: "node-01", verdict: Verdict(.unmanaged, ""), blockers: [], claims: [], isOwed: false,
                isRetained: false)
            return ClusterStatus(name: name, unavailable: 0, maxUnavailable: 1, nodes: [node], unlisted: [])
        }
        board.show(report)
        let server = APIServer(
            address: try ListenAddress("127.0.0.1:0"), token: Self.token, board: board, journal: other ?? reader,
            pace: pace,
            pull: { _ in .failure(LeverRefusal(.unavailable, "no")) },
            ask: { _ in .failure(LeverRefusal(.unavailable, "no")) })
        try await server.whileServing(body)
    }

    private static func request(_ path: String, _ address: ListenAddress, id: String? = nil) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        if let id { request.headers.add(name: "last-event-id", value: id) }
        return request
    }

    static func get(
        _ path: String, _ address: ListenAddress, id: String? = nil
    ) async throws -> (status: Int, json: [String: Any]) {
        let response = try await HTTPClient.shared.execute(request(path, address, id: id), timeout: .seconds(5))
        let body = try await response.body.collect(upTo: 1 << 20)
        let json = try? JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any]
        return (Int(response.status.code), json ?? [:])
    }

    private static func ids(_ query: String, _ address: ListenAddress) async throws -> [Int] {
        let answer = try await get("/v1/history" + query, address)
        #expect(answer.status == 200, "\(query): \(answer.json)")
        return (answer.json["records"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? Int }
    }

    @Test func `history says what happened to whom, with the date in the policies' zone`() async throws {
        try journal.append(Self.records)
        try await serving { address in
            let answer = try await Self.get("/v1/history?node=node-02", address)
            let record = try #require((answer.json["records"] as? [[String: Any]])?.first)
            #expect(record["id"] as? Int == 4 && record["kind"] as? String == "hold-placed")
            #expect(record["at"] as? String == "2026-11-29T02:44:07+09:00")
            #expect(record["node"] as? String == "tokyo/node-02" && record["actor"] as? String == "mika")
            #expect(record["run"] is NSNull && (record["text"] as? String)?.contains("held by mika") == true)
            #expect(answer.json["last"] as? Int == 6 && answer.json["next"] is NSNull)
            let first = answer.json["first"] as? [String: Any]
            #expect(first?["id"] as? Int == 1 && first?["at"] as? String == "2026-11-29T02:41:07+09:00")
        }
    }

    static let filters: [(query: String, ids: [Int])] = [
        ("", [1, 2, 4, 5, 6]), ("?all=true", [1, 2, 3, 4, 5, 6]), ("?limit=2", [5, 6]),
        ("?before=5&limit=2", [2, 4]), ("?after=2", [4, 5, 6]), ("?after=2&limit=1", [4]),
        ("?node=node-01", [2]), ("?node=tokyo/node-01", [2]),
        ("?node=node-01&all=true", [2, 3]), ("?run=up", [5, 6]), ("?run=up%402%231", [5, 6]),
        ("?actor=mika", [4, 5]), ("?actor=mika&run=up", [5]),
        ("?since=2026-11-29T02:44:07", [4, 5, 6]), ("?since=2026-11-28T17:44:07Z&until=2026-11-29T02:45:07", [4]),
        ("?until=2026-11-29T02:43", [1, 2]),
    ]

    @Test func `history is asked by node, run, person, time and place`() async throws {
        try journal.append(Self.records)
        try await serving { address in
            for (query, ids) in Self.filters {
                let found = try await Self.ids(query, address)
                #expect(found == ids, "\(query)")
            }
        }
    }

    @Test func `pages follow each other, forward by next and backward by previous`() async throws {
        for _ in 0..<3 { try journal.append(Self.records) }
        try await serving { address in
            for (query, place, name) in [("all=true&after=0", "next", "after"), ("all=true", "previous", "before")] {
                var seen: [Int] = []
                var query = "?limit=4&\(query)"
                for _ in 0..<10 {
                    let answer = try await Self.get("/v1/history" + query, address)
                    seen += (answer.json["records"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? Int }
                    guard let next = answer.json[place] as? Int else { break }
                    query = "?all=true&limit=4&\(name)=\(next)"
                }
                #expect(seen.sorted() == Array(1...18), "\(name)")
            }
        }
    }

    @Test func `an empty answer says whether it was ever there`() async throws {
        try await serving { address in
            let empty = try await Self.get("/v1/history", address)
            #expect(
                empty.json["note"] as? String
                    == "nothing is in the journal there (it reaches back to nothing: it is empty)")
        }
        try journal.append(Self.records)
        try await serving { address in
            let apart = try await Self.get("/v1/history?node=node-01&run=up", address)
            #expect(
                apart.json["note"] as? String
                    == "nowhere in the journal: node tokyo/node-01, run up (it reaches back since 2026-11-29T02:41:07+09:00)"
            )
            let quiet = try await Self.get("/v1/history?node=node-01&since=2026-11-29T03:00", address)
            #expect(quiet.json["note"] as? String == "nothing in that time about node tokyo/node-01")
        }
    }

    @Test(arguments: [
        ("node=node-99", "unknown-node", "node node-99"), ("node=osaka/node-01", "unknown-node", "node osaka/node-01"),
        ("node=node-01&run=u", "unknown-run", "run or policy u"), ("actor=nobody", "unknown-actor", "person nobody"),
    ])
    func `what nobody knows is refused`(query: String, code: String, what: String) async throws {
        try journal.append(Self.records)
        try await serving { address in
            let answer = try await Self.get("/v1/history?" + query, address)
            let error = answer.json["error"] as? [String: Any]
            #expect(answer.status == 404 && error?["code"] as? String == code, "\(answer.json)")
            #expect(error?["message"] as? String == "nowhere in the journal: \(what)")
        }
    }

    @Test func `a node is also called by what stands before its address`() async throws {
        let node = NodeID(cluster: "tokyo", name: "media-01@192.0.2.7")
        try journal.append([
            Self.record(.nodeRestarted(node, IncarnationMarks(version: "1", load: nil))),
            Self.record(
                .nodeRestarted(
                    NodeID(cluster: "tokyo", name: "media-011@192.0.2.8"), IncarnationMarks(version: "1", load: nil))),
        ])
        try await serving { address in
            for name in ["media-01", "tokyo/media-01", "media-01%40192.0.2.7", "tokyo/media-01%40192.0.2.7"] {
                let found = try await Self.ids("?node=\(name)", address)
                #expect(found == [1], "\(name)")
            }
        }
    }

    static let wrong: [(query: String, part: String)] = [
        ("?since=yesterday", #"since: "yesterday""#), ("?since=25:00", #"since: "25:00""#),
        ("?limit=0", #"limit: "0""#),
        ("?limit=1001", #"limit: "1001""#), ("?limit=many", #"limit: "many""#), ("?after=-1", #"after: "-1""#),
        ("?nodes=node-01", "no parameter nodes"), ("?node=a&node=b", "node is given twice"),
        ("?node=", "node is empty"),
        ("?all=yes", #"all: "yes""#), ("?since=2026-11-29&until=2026-11-28", "until is not after since"),
        ("?since=%1B%5B2J", "since:"),
    ]

    @Test func `a wrong question is answered with what is wrong and what would be right`() async throws {
        try await serving { address in
            for (query, part) in Self.wrong {
                let answer = try await Self.get("/v1/history" + query, address)
                let error = answer.json["error"] as? [String: Any]
                #expect(answer.status == 400 && error?["code"] as? String == "invalid-value", "\(query)")
                #expect((error?["message"] as? String)?.contains(part) == true, "\(query): \(error ?? [:])")
            }
            let since = try await Self.get("/v1/history?since=soon", address)
            #expect(((since.json["error"] as? [String: Any])?["hint"] as? String)?.hasPrefix("1h, 02:00") == true)
        }
        try await serving(clusters: ["tokyo", "osaka"]) { address in
            let answer = try await Self.get("/v1/history?node=node-01", address)
            let error = answer.json["error"] as? [String: Any]
            #expect(error?["code"] as? String == "ambiguous")
            #expect(error?["hint"] as? String == "tokyo/node-01 or osaka/node-01")
        }
    }

    /// What the stream sends, block by block.
    static func blocks(
        _ path: String, _ address: ListenAddress, id: String? = nil, _ take: (String) async throws -> Bool
    ) async throws {
        let response = try await HTTPClient.shared.execute(request(path, address, id: id), timeout: .seconds(20))
        #expect(response.status == .ok && response.headers.first(name: "content-type") == "text/event-stream")
        var rest = ""
        for try await bytes in response.body {
            rest += String(buffer: bytes)
            while let end = rest.range(of: "\n\n") {
                let block = String(rest[..<end.lowerBound])
                rest = String(rest[end.upperBound...])
                guard try await take(block) else { return }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `events begin now, and come as soon as a record is durable`() async throws {
        try journal.append(Self.records)
        try await serving { [journal] address in
            var seen: [String] = []
            try await Self.blocks("/v1/events?node=node-02", address) { block in
                if block == "retry: 1000" {
                    try journal.append(Self.records)
                    return true
                }
                seen = block.components(separatedBy: "\n")
                return false
            }
            #expect(seen.prefix(2) == ["id: 10", "event: hold-placed"])
            let data = try #require(seen.last?.dropFirst("data: ".count))
            let record = try JSONDecoder().decode(HistoryDocument.Record.self, from: Data(data.utf8))
            #expect(record.id == 10 && record.node == "tokyo/node-02")
            let history = try await Self.get("/v1/history?after=9&limit=1", address)
            let same = try JSONSerialization.data(
                withJSONObject: (history.json["records"] as? [Any])?.first ?? [:],
                options: [.sortedKeys, .withoutEscapingSlashes])
            #expect(String(decoding: same, as: UTF8.self) == data, "history and events are one thing")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `who comes again gets what it has missed, each once`() async throws {
        for _ in 0..<100 { try journal.append(Self.records) }
        try await serving { [journal] address in
            for (path, id) in [
                ("/v1/events?all=true", "3"), ("/v1/events?all=true&after=3", nil),
                ("/v1/events?all=true&after=500", "3"),
            ] {
                var ids: [Int] = []
                try await Self.blocks(path, address, id: id) { block in
                    guard let line = block.split(separator: "\n").first, line.hasPrefix("id: ") else { return true }
                    ids.append(Int(line.dropFirst(4)) ?? 0)
                    if ids.count == 300 { try journal.append(Self.records) }
                    return ids.count < 603 - 3
                }
                #expect(ids == Array(4...603))
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a quiet stream says that it is alive, and where it is`() async throws {
        var pace = EventPace()
        (pace.heartbeat, pace.tick) = (.milliseconds(50), .milliseconds(10))
        try await serving(pace: pace) { [journal, pace] address in
            _ = pace
            var blocks: [String] = []
            try await Self.blocks("/v1/events?node=node-77", address) { block in
                if block == "retry: 1000" { try journal.append(Self.records) } else { blocks.append(block) }
                return blocks.count < 3 || !blocks.contains { $0.contains("id: ") }
            }
            #expect(blocks.contains(": alive\nid: 6") && blocks.contains(": alive"))
        }
    }

    @Test func `a bad place and a bad question are refused`() async throws {
        try journal.append(Self.records)
        try await serving { address in
            for (path, id, part) in [
                ("/v1/events", "x", "Last-Event-ID is x"), ("/v1/events", "-1", "Last-Event-ID is -1"),
                ("/v1/events", "7", "has no record 7: its last one is 6"),
                ("/v1/events?after=99", nil, "has no record 99"), ("/v1/events?since=1h", nil, "events have no since"),
                ("/v1/events?frobnicate=1", nil, "no parameter frobnicate"),
            ] {
                let answer = try await Self.get(path, address, id: id)
                let error = answer.json["error"] as? [String: Any]
                #expect(answer.status == 400 && (error?["message"] as? String)?.contains(part) == true, "\(path)")
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `streams have an end in number, and their places are given back`() async throws
    {
        try await serving { address in
            var configuration = HTTPClient.Configuration()
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 32
            let client = HTTPClient(
                eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
            var streams: [HTTPClientResponse] = []
            for _ in 0..<16 {
                streams.append(try await client.execute(Self.request("/v1/events", address), timeout: .seconds(20)))
            }
            let full = try await Self.get("/v1/events", address)
            #expect(full.status == 503)
            #expect((full.json["error"] as? [String: Any])?["code"] as? String == "too-many-streams")
            let asked = try await Self.get("/v1/history", address)
            #expect(asked.status == 200, "questions are still answered")
            streams = []
            try await client.shutdown()
            #expect(
                await NagiBinary.eventually {
                    let again = try? await HTTPClient.shared.execute(
                        Self.request("/v1/events", address), timeout: .seconds(5))
                    return again?.status == .ok
                })
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a reader that takes nothing holds up no append, and is cut off`() async throws
    {
        // More than fits into the sockets on the way.
        let hold = Hold(
            wish: .handsOff, actor: "mika", reason: String(repeating: "x", count: 3_000), since: Self.start, until: nil
        )
        try journal.append((0..<8_000).map { Self.record(.holdPlaced(node01, hold), $0) })
        var pace = EventPace()
        (pace.patience, pace.tick) = (.milliseconds(300), .milliseconds(50))
        try await serving(pace: pace) { [journal] address in
            let slow = try SlowReader(address, "/v1/events?after=0&all=true", token: Self.token)
            for _ in 0..<20 { try journal.append(Self.records) }
            #expect(await NagiBinary.eventually { slow.isCutOff() })
        }
    }

    /// A run of one node that was drained for four minutes, after a pause of everything.
    ///
    /// - Parameter cut: connections that it cut on purpose.
    private static func run(_ id: RunID, cut: Int? = nil) -> [Record] {
        let policy = Policy(
            name: "up", cluster: "tokyo", schedule: PolicySchedule(windows: [], onWindowEnd: .finish),
            kind: .rollout(revision: "2", approval: nil))
        let run = Run(
            id: id, pinned: policy, origin: .rollout(revision: "2", ordinal: 1), startedAt: start,
            parts: [Part(node: node01, since: start)], clearance: .open(until: nil), progress: nil)
        let begun = Moment(wall: start + .minutes(6), uptime: Uptime(nanoseconds: 0))
        var part = Part(node: node01, since: begun.wall)
        part.phase = .out(
            PartPhase.Work(step: 0, since: begun, claim: .blockNewSession, isGranted: true))
        var end = Part(node: node01, since: (begun + .minutes(4)).wall)
        end.phase = .finished(.done)
        end.milestones.cut = cut
        return [
            record(.paused(nil, Pause(.person, reason: "stop", actor: "kai", since: start))),
            record(.runStarted(run)), record(.resumed(nil, .person), 6),
            record(.partChanged(id, 0, part, step: "drain", nil), 6),
            record(.partChanged(id, 0, end, step: nil, nil), 10), record(.runEnded(id, .completed), 10),
            record(.resumed(nil, .person), 60),
        ]
    }

    @Test(arguments: ["up@2#1", "m/w/2026-11-29T02:00"])
    func `a run says where its time went, whatever is in its id`(id: String) async throws {
        try journal.append(Self.records + Self.run(RunID(text: id)))
        try await serving { address in
            let escaped = try #require(id.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            for path in [escaped, id.replacing("#", with: "%23")] {
                let answer = try await Self.get("/v1/runs/\(path)", address)
                #expect(answer.status == 200 && answer.json["id"] as? String == id, "\(answer)")
                #expect(answer.json["seconds"] as? Double == 600 && answer.json["phase"] as? String == "completed")
                let time = answer.json["time"] as? [[String: Any]] ?? []
                #expect(time.map { $0["reason"] as? String } == ["paused", "drain"])
                #expect(time.map { $0["seconds"] as? Double } == [360, 240] && time.first?["by"] as? String == "kai")
                #expect(time.map { $0["percent"] as? Double } == [60, 40])
                let node = (answer.json["nodes"] as? [[String: Any]])?.first
                #expect(node?["name"] as? String == "node-01" && node?["phase"] as? String == "done")
            }
            let none = try await Self.get("/v1/runs/nobody", address)
            #expect(none.status == 404 && (none.json["error"] as? [String: Any])?["code"] as? String == "unknown-run")
            let list = try await Self.get("/v1/runs", address)
            #expect(list.status == 200 && (list.json["runs"] as? [Any])?.isEmpty == true)
        }
    }

    @Test(arguments: [nil, 1, 3] as [Int?])
    func `what a run cut on purpose is told of its node, by the document and in words`(cut: Int?) async throws {
        try journal.append(Self.run(Self.run, cut: cut))
        try await serving { address in
            let answer = try await Self.get("/v1/runs/up@2%231", address)
            let node = (answer.json["nodes"] as? [[String: Any]])?.first
            let milestones = try #require(node?["milestones"] as? [String: Any], "\(answer)")
            #expect(milestones["cut"] as? Int == cut && milestones.keys.contains("cut"))
            let data = try JSONSerialization.data(withJSONObject: answer.json)
            let text = RunsTable.text(try JSONDecoder().decode(RunDocument.self, from: data))
            let words = cut.map { "\($0) connection\($0 == 1 ? "" : "s") cut on purpose" }
            #expect(words.map { text.contains($0) } ?? !text.contains("cut"), "\(text)")
        }
    }

    /// So many records are kept, and where they begin then; with few, all are in the checkpoint.
    @Test(.timeLimit(.minutes(1)), arguments: [(7, 19), (3, 25)])
    func `who comes too late is told what is not kept any more`(kept: Int64, first: Int64) async throws {
        var limits = JournalLimits()
        limits.keptRecords = kept
        let path = directory.path + "/short.sqlite"
        let journal = try SQLiteJournal(path: path, limits: limits)
        let keeper = JournalKeeper(journal, log: { _ in })
        for _ in 0..<4 {
            try journal.append(Self.records)
            keeper.keepShort(at: Self.start, isForced: true) { Ledger(folding: Self.records) }
            keeper.finish()
        }
        let short = try JournalReader(journal)
        let page = try await short.page(JournalReader.Query())
        #expect(page.first == (first > 24 ? nil : first) && page.last == 24)
        try await serving(reader: short) { address in
            var seen: [Int64] = []
            var gap = ""
            try await Self.blocks("/v1/events?all=true", address, id: "3") { block in
                if block.hasPrefix("event: gap") { gap = block }
                if block.hasPrefix("id: ") { seen.append(Int64(block.dropFirst(4).prefix { $0 != "\n" }) ?? 0) }
                return gap.isEmpty || (first <= 24 && seen.last != 24)
            }
            #expect(gap == "event: gap\ndata: {\"after\":3,\"first\":\(first)}" && seen == Array(first..<25))
            let history = try await Self.get("/v1/history", address)
            #expect(history.json["last"] as? Int == 24)
        }
    }
}
