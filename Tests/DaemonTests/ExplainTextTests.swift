import Daemon
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What `nagi explain`, `ok-to-stop` and `runs` print, as text.
struct ExplainTextTests {
    private static func at(_ seconds: Int64) -> Timestamp { APIServerTests.at(seconds) }
    private static let node = NodeID(cluster: "tokyo", name: "node-03")
    private static let sora = RunID(policy: "sora", revision: "3", ordinal: 1)
    private static let kernel = RunID(policy: "kernel", revision: "2", ordinal: 1)

    private static func explanation(_ change: (inout NodeExplanation) -> Void) -> String {
        let status = NodeStatus(
            name: node.name, observed: .known(.normal), ready: true, sessions: 3, connections: 3, observedAt: at(0),
            verdict: Verdict(.unmanaged, "no claim"), blockers: [], claims: [], isOwed: false, isRetained: false)
        var explanation = NodeExplanation(
            at: at(0), node: node, status: status, hold: nil, next: [], levers: ["nagi hold tokyo/node-03 --reason …"])
        change(&explanation)
        return ExplainText.text(NodeDocument(explanation, zone: .utc))
    }

    private static let paused = Blocker(.runPaused(Pause(.failures, reason: "1 failed (limit 1)", since: at(-60))))
    private static let closed = Blocker(.outsideWindow, until: at(100_000))

    @Test func `each run that waits has its own part, and its own levers`() {
        let text = Self.explanation { explanation in
            explanation.waits = [
                .init(run: Self.sora, blockers: [Self.paused]), .init(run: Self.kernel, blockers: [Self.closed]),
            ]
            explanation.status.verdict = Verdict(Self.paused)
        }
        #expect(
            text == """
                node-03 of tokyo: the run is paused: 1 failed (limit 1) (paused)
                In the way, all of it, of each run that waits for it:
                  sora@3#1
                    1. paused  human  the run is paused: 1 failed (limit 1); lifts by: nagi resume sora@3#1
                  kernel@2#1
                    1. waiting-window  clock  outside the windows, until Tue 2026-12-01 04:40 (in 1d 3h); lifts by: time, or nagi \
                force kernel@2#1 --ignore window --reason …
                Mode normal, no claim, ready, 3 sessions, 3 connections, seen 00:53:20.
                You can type:
                  nagi hold tokyo/node-03 --reason …
                """)
    }

    @Test func `of a node in work what comes after stands at the end, and a time that stands is told as what is left`()
    {
        let text = Self.explanation { explanation in
            explanation.status.run = Self.sora
            explanation.status.step = "drain"
            explanation.status.exempt = [.exclusion]
            explanation.status.claims = [
                ClaimStatus(
                    owner: Self.sora.text, mode: .blockNewSession, reason: "step 1 of 3 (drain)", since: Self.at(-9),
                    left: .seconds(17))
            ]
            explanation.waits = [.init(run: Self.kernel, blockers: [Self.closed])]
            explanation.levers = []
        }
        #expect(
            text == """
                node-03 of tokyo: no claim (unmanaged)
                In work for sora@3#1, step drain.
                It ignores exclusion, through its whole sequence: somebody forced that.
                Mode normal, no claim, ready, 3 sessions, 3 connections, seen 00:53:20.
                Claim block_new_session by sora@3#1 since 00:53:11: step 1 of 3 (drain); 17s of its time are left, when it goes on
                Then kernel@2#1, which waits for:
                  1. waiting-window  clock  outside the windows, until Tue 2026-12-01 04:40 (in 1d 3h); lifts by: time, or nagi \
                force kernel@2#1 --ignore window --reason …
                """)
    }

    private static func run(asks: [String] = [], _ change: (inout RunStatus) -> Void) -> String {
        var status = APIServerTests.run
        change(&status)
        return ExplainText.text(
            RunExplanationDocument(
                RunExplanation(at: at(0), id: RunID(text: status.id), run: status, pauses: [], asks: asks, levers: []),
                zone: .utc))
    }

    @Test func `a run says whose state is in its way, what is pending, and how long its steps have`() {
        let text = Self.run { run in
            let held = Blocker(.held(actor: "mika", reason: "card"), node: Self.node)
            run.blockers = [held]
            run.force = Force(.exclusion, beside: nil, actor: "root", reason: "sec", since: Self.at(0))
            run.parts[0].until = Self.at(90)
        }
        #expect(
            text == """
                up@2#1 on tokyo: active, 0 done, 1 in work, 0 to go (begun 00:53:20)
                Forced by root: the next node ignores exclusion: sec
                In the way, all of it:
                  1. held  human  node-03: held by mika: card; lifts by: nagi resume tokyo/node-03
                  node-01  out (drain) since 00:53:20, at the latest 00:54:50
                """)
        let asking = Self.run(asks: ["gate errors-low before each node", "an approval of each node"]) { _ in }
        #expect(
            asking.contains("\nOn its way it asks for gate errors-low before each node, an approval of each node.\n"))
        let over = Self.run { run in
            (run.phase, run.text, run.endedAt) = ("partial", "partial: the window ended", Self.at(60))
            (run.blockers, run.parts) = ([], [])
        }
        #expect(over == "up@2#1 on tokyo: partial: the window ended (from 00:53:20 to 00:54:20)")
    }

    @Test func `a policy without a run says when it may act`() {
        var status = PolicyStatus(name: "nightly", state: "closed")
        status.next = Self.at(100_000)
        let document = PolicyExplanationDocument(
            PolicyExplanation(at: Self.at(0), policy: status, cluster: "tokyo", latest: nil), zone: .utc)
        #expect(
            ExplainText.text(document)
                == "nightly of tokyo has no run now: closed, next Tue 2026-12-01 04:40 (in 1d 3h).")
        status.reason = "everything is paused by root: calls drop"
        let paused = PolicyExplanationDocument(
            PolicyExplanation(
                at: Self.at(0), policy: status, cluster: "tokyo", latest: nil, levers: ["nagi resume"]), zone: .utc)
        #expect(
            ExplainText.text(paused) == """
                nightly of tokyo has no run now: closed, next Tue 2026-12-01 04:40 (in 1d 3h), but everything is paused by \
                root: calls drop.
                You can type:
                  nagi resume
                """)
    }

    @Test func `a no says what would become too much`() {
        let answer = StopAnswer(
            nodes: [Self.node, NodeID(cluster: "tokyo", name: "node-04")],
            blockers: [Blocker(.budget(have: 1, limit: 2, holders: ["node-01"]))])
        #expect(
            ExplainText.text(StopDocument(answer, zone: .utc), at: Self.at(0)) == """
                no: tokyo/node-03, tokyo/node-04 cannot go now
                  waiting-budget  1 of at most 2 out of service: node-01; these 2 would make 3
                """)
    }

    @Test func `on a terminal sentences are folded, and what is typed is whole`() {
        let lever = "  nagi release tokyo/media-07.sfu-frankfurt.example.net --reason …"
        let text = ExplainText.folded("In the way, all of it: something that is longer\n\(lever)", width: 40)
        #expect(text == "In the way, all of it: something that is\n    longer\n\(lever)")
        let undo = "  undo: nagi release tokyo/media-07.sfu-frankfurt.example.net --reason …"
        #expect(ExplainText.folded(undo, width: 40) == undo)
        // A path is whole on a line of its own, wherever it stands.
        let path = "/var/lib/nagi/state/commands/command-8.6d958a6e-39cb-4b7c/output"
        #expect(
            ExplainText.folded("  the whole output of upgrade: \(path)", width: 40)
                == "  the whole output of upgrade:\n      \(path)")
    }

    @Test func `runs that have no room in a row are told in a column that is folded`() throws {
        let run = """
            {"id":"sora-upgrade@2025.2.0#1","policy":"sora-upgrade","cluster":"tokyo","revision":"2025.2.0",\
            "phase":"completed","text":"completed","counts":{"done":5},"through":{},"startedAt":"2026-11-29T08:13:06+09:00",\
            "endedAt":"2026-11-29T08:14:10+09:00","seconds":64}
            """
        let document = try JSONDecoder().decode(RunsDocument.self, from: Data("{\"runs\":[\(run)]}".utf8))
        #expect(
            RunsTable.text(document, on: Terminal(width: 80)) == """
                RUN                      PHASE      NODES, AND WHEN
                sora-upgrade@2025.2.0#1  completed  5 done; started 2026-11-29 08:13:06 +09:00,
                                                    ended 2026-11-29 08:14:10 +09:00, 1m 4s
                """)
        #expect(RunsTable.text(document, on: Terminal(width: 120)) == RunsTable.text(document))
    }
}
