import Daemon
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

@Suite struct StatusTableTests {
    private static func at(_ seconds: Int64) -> Timestamp { APIServerTests.at(seconds) }

    private static let document = StatusDocument(
        APIServerTests.report, zone: .utc,
        refusedReload: .init(at: at(400), digest: nil, reasons: ["windows.yaml:18:5: error\n  18 | x", "more"]))

    @Test func `without a terminal every row is one line, names are whole and nothing is painted`() {
        #expect(
            StatusTable(Self.document).text == """
                ! the files on disk were refused at 01:00:00: windows.yaml:18:5: error (nagi check PATH); in force: those of Sun 2026-11-29 00:53:20
                tokyo  2 of 4 in service, budget 2 used of 1                                      Mon 2026-11-30 01:01:07 +00:00
                  NODE     MODE                  WANTED                SESSIONS  CONNS  VERSION   WHAT IS GOING ON
                  node-01  block_new_session     block_new_session           17     58  2025.1.1  draining since 00:53:20: 17 sessions left, at the latest 02:00:00
                  node-02  ?                     –                            –      –  –         not seen yet?[2J?, at the latest Tue 2026-12-01 01:53:20 (in 1d) (not in the policies any more)
                  node-03  block_new_connection  block_new_connection         0      0  2025.1.1  failed since Sat 2026-11-28 23:53:20: kept at block_new_connection by up@1#1
                FAILED
                  node-03  since Sat 2026-11-28 23:53:20 in up@1#1, kept at block_new_connection: upgrade exited with 7
                    upgrade printed: Reading package lists...
                    upgrade printed: E: Unable to lock
                    the whole output of upgrade: /var/lib/nagi/c/output
                    it is repaired: nagi retry up@1#1 node-03
                    give it back: nagi release node-03 --reason …
                RUNS
                  up@2#1  active  0 done · 1 in work · 0 to go · window open until 02:00:00
                    in its way:  waits between nodes, until Tue 2026-12-01 04:40 (in 1d 3h)
                    node-01  out (drain)
                POLICIES  in force since Sun 2026-11-29 00:53:20, digest d1
                  nights  frozen  by freezes/year-end until Tue 2026-12-01 04:40 (in 1d 3h); next Wed 2026-12-02 08:26:40 (in 2d 7h)
                  up      open    until 02:00:00; next Tue 2026-12-01 01:53:20 (in 1d)
                HOLDS
                  node-02  block_new_session  by mika since 00:53:20: disk, until Tue 2026-12-01 01:53:20 (in 1d)
                OWED
                  node-02  block_new_session  since 00:53:20  no answer in time
                NOT IN THE POLICIES
                  node-04  regular  in service
                ALARMS
                  release-waits  since 00:54:20  node-02 cannot be opened
                  clock-differs  since 00:54:20  the clocks differ
                """)
    }

    @Test func `on a narrow terminal nothing is wider than it, but for what is there to be copied`() {
        let lines = StatusTable(Self.document, on: Terminal(width: 80)).lines
        let copied = ["    upgrade printed:", "    the whole output of", "    give it back:"]
        for line in lines where !copied.contains(where: { line.hasPrefix($0) }) {
            #expect(TextFold.width(line) <= 80, "\(line)")
        }
        #expect(
            lines.contains("      draining since 00:53:20: 17 sessions left, at the latest 02:00:00"), "\(lines)")
    }

    @Test(arguments: [nil, 80, 200] as [Int?])
    func `a run that is over is summed up in one line, and only the last few are`(width: Int?) {
        var report = StatusReport(at: Self.at(467))
        let parts = ["done", "already-there", "failed", "not-reached", "yielded"].enumerated().map { number, phase in
            PartStatus(
                name: "n\(number)", phase: phase, since: Self.at(0), milestones: Milestones(), isCanary: false)
        }
        report.runs = (1...5).map { number in
            RunStatus(
                id: "up@\(number)#1", policy: "up", cluster: "tokyo", phase: "partial",
                text: "partial: the window ended", startedAt: Self.at(0), endedAt: Self.at(9), parts: parts)
        }
        let document = StatusDocument(report, zone: .utc)
        let lines = StatusTable(document, on: Terminal(width: width)).lines
        #expect(
            lines.filter { $0.contains("up@") }.map { $0.prefix(8) } == ["  up@5#1", "  up@4#1", "  up@3#1"])
        let joined = lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
        #expect(
            joined.contains("up@5#1 partial ended 00:53:29: 2 done · 1 failed · 2 left out · the window ended"))
        #expect(lines.contains("  … and 2 earlier: --all"))
        let all = StatusTable(document, on: Terminal(width: width), showsAll: true).lines
        #expect(all.count { $0.hasPrefix("    n2") } == 5)
    }

    @Test func `a node that was upgraded before it was held is not counted among those left out`() throws {
        var report = StatusReport(at: Self.at(467))
        var through = Milestones()
        through.throughAt = Self.at(5)
        let parts = [("done", through), ("held", through), ("ended", through), ("ended", Milestones())]
        report.runs = [
            RunStatus(
                id: "up@2#1", policy: "up", cluster: "tokyo", revision: "2", phase: "partial",
                text: "partial: the policy is gone", startedAt: Self.at(0), endedAt: Self.at(9),
                parts: parts.enumerated().map { number, part in
                    PartStatus(
                        name: "n\(number)", phase: part.0, since: Self.at(0), milestones: part.1, isCanary: false)
                })
        ]
        let document = StatusDocument(report, zone: .utc)
        let lines = StatusTable(document).lines.map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines.contains(
                "up@2#1 partial ended 00:53:29: 1 done · 1 through its steps and then ended · 1 through its steps and then held · "
                    + "1 left out · the policy is gone"), "\(lines)")
        let all = StatusTable(document, showsAll: true).lines
        #expect(all.contains { $0.hasPrefix("    n1") && $0.contains("through its steps and then held") }, "\(all)")
        let json = """
            {"runs":[{"id":"up@2#1","policy":"up","cluster":"tokyo","revision":"2","phase":"partial","text":"",
            "counts":{"done":1,"held":1,"ended":2},"through":{"held":1,"ended":1},
            "startedAt":"2026-11-29T02:41:07+09:00","endedAt":null,"seconds":1}]}
            """
        let runs = try JSONDecoder().decode(RunsDocument.self, from: Data(json.utf8))
        #expect(
            RunsTable.text(runs).contains(
                "1 done, 1 ended, 1 through its steps and then ended, 1 through its steps and then held"))
    }

    @Test func `a run says about when its last node is through`() throws {
        var report = StatusReport(at: Self.at(467))
        report.runs = [
            RunStatus(
                id: "up@2#1", policy: "up", cluster: "tokyo", phase: "active", text: "", startedAt: Self.at(0),
                projectedEnd: Self.at(1_067), parts: [])
        ]
        let document = StatusDocument(report, zone: .utc)
        #expect(StatusTable(document).lines.contains { $0.contains("0 to go · through about ") })
        let text = ExplainText.text(
            RunExplanationDocument(
                RunExplanation(
                    at: report.at, id: RunID(policy: "up", revision: "2", ordinal: 1), run: report.runs[0], pauses: [],
                    levers: []), zone: .utc))
        #expect(text.contains("\nThrough at about "), "\(text)")
    }

    @Test(arguments: [nil, 1, 3] as [Int?])
    func `what was cut on purpose stands in the row of its node`(cut: Int?) {
        var report = StatusReport(at: Self.at(467))
        var milestones = Milestones()
        milestones.cut = cut
        report.runs = [
            RunStatus(
                id: "up@2#1", policy: "up", cluster: "tokyo", phase: "active", text: "", startedAt: Self.at(0),
                parts: [
                    PartStatus(
                        name: "n1", phase: "out", step: "block", since: Self.at(0), milestones: milestones,
                        isCanary: false)
                ])
        ]
        let document = StatusDocument(report, zone: .utc)
        #expect(document.runs.first?.nodes.first?.milestones.cut == cut)
        let row = StatusTable(document).lines.first { $0.hasPrefix("    n1") }
        let words = cut.map { "\($0) connection\($0 == 1 ? "" : "s") cut on purpose" }
        #expect(words.map { row?.hasSuffix($0) ?? false } ?? (row?.contains("cut") == false), "\(row ?? "no row")")
    }

    @Test func `queued nodes of a run are one line, and what they all wait for is said once`() {
        var report = StatusReport(at: Self.at(467))
        let blocker = Blocker(.allPaused(Pause(.person, reason: "calls drop", actor: "mika", since: Self.at(0))))
        let names = (1...20).map { "media-\($0 < 10 ? "0" : "")\($0).sfu.tokyo-a.example.com@10.20.30.\(100 + $0)" }
        report.clusters = [
            ClusterStatus(
                name: "tokyo", unavailable: 0, maxUnavailable: 1,
                nodes: names.map { name in
                    NodeStatus(
                        name: name, observed: .known(.normal), verdict: Verdict(blocker), blockers: [blocker],
                        queuedIn: RunID(text: "up@2#1"), claims: [], isOwed: false, isRetained: false)
                }, unlisted: [])
        ]
        report.runs = [
            RunStatus(
                id: "up@2#1", policy: "up", cluster: "tokyo", phase: "active", text: "", startedAt: Self.at(0),
                blockers: [blocker],
                parts: names.map {
                    PartStatus(name: $0, phase: "queued", since: Self.at(0), milestones: Milestones(), isCanary: false)
                })
        ]
        report.pauses = [
            PauseStatus(run: nil, pause: Pause(.person, reason: "calls drop", actor: "mika", since: Self.at(0)))
        ]
        let lines = StatusTable(StatusDocument(report, zone: .utc), on: Terminal(width: 80)).lines
        #expect(lines.count { $0.contains("calls drop") } == 2, "with the run and with the pause: \(lines)")
        #expect(lines.contains("    20 queued: media-01…, media-02…, media-03… and 17 more"))
        #expect(lines.contains("  names: media-*.sfu.tokyo-a.example.com@10.20.30.*"))
        #expect(lines.contains("  one in full: nagi explain and what is shown of it, or a part"))
        #expect(
            lines.contains { $0.hasPrefix("  everything  since 00:53:20 by mika: calls drop, until nagi resume") })
        #expect(lines.filter { $0.hasPrefix("  media-") }.count == 20)
        // A row of which nothing comes by itself does not look as if nothing were wrong.
        #expect(lines.count { $0.hasSuffix("queued in up@2#1 (paused)") } == 20, "\(lines)")
        #expect(lines.last { $0.hasPrefix("POLICIES") } == "POLICIES  none in force")
    }

    @Test func `what a run that is over left undone is told in the node's row`() {
        var report = StatusReport(at: Self.at(467))
        report.clusters = [
            ClusterStatus(
                name: "tokyo", unavailable: 0, maxUnavailable: 1,
                nodes: [
                    ("node-01", Verdict(.unmanaged, "skipped in up@2#1: not drained in time")), ("node-02", .noClaim),
                    ("node-03", Verdict(.runningCommand, "upgrade to its end, then it is given back")),
                ].map { name, verdict in
                    NodeStatus(
                        name: name, observed: .known(.normal), verdict: verdict, since: Self.at(0), blockers: [],
                        claims: [], isOwed: false, isRetained: false)
                }, unlisted: [])
        ]
        let lines = StatusTable(StatusDocument(report, zone: .utc)).lines
        #expect(lines.contains { $0.hasPrefix("  node-01") && $0.hasSuffix("skipped in up@2#1: not drained in time") })
        #expect(lines.contains { $0.hasPrefix("  node-02") && $0.hasSuffix("nothing to do") })
        #expect(
            lines.contains { $0.hasSuffix("runs since 00:53:20: upgrade to its end, then it is given back") })
    }

    @Test func `notices that nobody got are told`() {
        let document = StatusDocument(
            APIServerTests.report, zone: .utc,
            undelivered: [
                "chat": .init(since: Self.at(0), why: "no answer within 10s"),
                "team": .init(since: Self.at(0), lost: 2, why: "status 410"),
            ])
        let lines = StatusTable(document).lines
        #expect(
            lines.suffix(3) == [
                "NOTICES NOT DELIVERED", "  chat  since 00:53:20  tried again: no answer within 10s",
                "  team  since 00:53:20  2 given up: status 410",
            ], "\(lines)")
    }

    @Test func `where not all fits, what needs a person stands before nodes with which nothing goes on`() throws {
        var report = APIServerTests.report
        report.clusters[0].nodes += (10...30).map { number in
            NodeStatus(
                name: "node-\(number)", observed: .known(.normal), ready: true,
                verdict: Verdict(.unmanaged, "no claim"),
                blockers: [], claims: [], isOwed: false, isRetained: false)
        }
        let table = StatusTable(StatusDocument(report, zone: .utc), on: Terminal(width: 120))
        #expect(table.lines(rows: 0) == table.lines && table.lines(rows: 100) == table.lines)
        let lines = table.lines(rows: 24)
        func place(_ text: String) throws -> Int { try #require(lines.firstIndex { $0.contains(text) }, "\(text)") }
        let order = ["in service, budget", "FAILED", "ALARMS", "draining since", "RUNS", "node-10", "POLICIES"]
        let places = try order.map(place)
        #expect(places == places.sorted() && places[4] < 24, "\(lines)")
    }

    @Test func `what is to be typed against what needs a person is whole on a terminal`() {
        var report = APIServerTests.report
        report.clusters[0].nodes[2].name = "media-07.hall-3.tokyo-east-1.sfu.example.com@10.20.30.107"
        let document = StatusDocument(report, zone: .utc)
        let text = AttentionTable(Attention.needed(by: document), at: document.at, on: Terminal(width: 80)).text
        let lever = "    nagi release tokyo/media-07.hall-3.tokyo-east-1.sfu.example.com@10.20.30.107 --reason …"
        #expect(text.split(separator: "\n").contains { $0 == lever }, "\(text)")
    }

    static let hostile = [
        "<img src=x onerror=alert(1)>", "\u{1B}]0;owned\u{07}\u{1B}[31m", "\u{202E}evil\u{2066}",
        "a\r\nb\u{2028}c\u{85}d",
        String(repeating: "x", count: 10_000), String(repeating: "長い", count: 5_000), "\u{200B}\u{FEFF}\u{0}",
    ]

    /// Whatever people and nodes call things, and whatever they give as reasons.
    @Test(arguments: hostile, [nil, 80] as [Int?])
    func `texts from elsewhere are inert and bounded`(text: String, width: Int?) throws {
        var report = APIServerTests.report
        report.clusters[0].name = text
        report.clusters[0].nodes[0].name = text
        report.clusters[0].nodes[0].version = text
        report.clusters[0].nodes[0].verdict = Verdict(.held, text, until: Self.at(9))
        report.clusters[0].nodes[2].stay = Shared(APIServerTests.stay(text))
        report.clusters[0].nodes[2].command = Shared(
            APIServerTests.command(CommandOutput(lastOf: text, path: text)))
        report.clusters[0].unlisted[0].name = text
        report.runs[0].parts[0].error = text
        report.holds[0].hold.reason = text
        report.holds[0].hold.actor = text
        report.pauses = [PauseStatus(run: nil, pause: Pause(.person, reason: text, actor: text, since: Self.at(0)))]
        report.alarms[0].text = text
        report.policies[0].reason = text
        let document = StatusDocument(
            report, zone: .utc, refusedReload: .init(at: Self.at(0), digest: nil, reasons: [text]),
            undelivered: [text: .init(since: Self.at(0), lost: 1, why: text)])
        let table = StatusTable(document, on: Terminal(width: width), showsAll: true)
        let check = AttentionTable(Attention.needed(by: document), at: document.at, on: Terminal(width: width)).text
        for line in table.lines + check.split(separator: "\n").map(String.init) {
            #expect(line.unicodeScalars.allSatisfy { !Self.steers($0) }, "\(line.prefix(80))")
            // A row of a table without a terminal has some cells, each of them cut.
            #expect(line.count < (width == nil ? 8_000 : 1_200), "\(line.prefix(80))")
        }
        let log = DaemonLog.line("node  held: \(text)", .info, at: Self.at(0), .utc)
        #expect(log.count <= DaemonLog.limit && log.unicodeScalars.allSatisfy { !Self.steers($0) })
    }

    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
