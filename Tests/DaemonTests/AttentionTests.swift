import Daemon
import ModeCore
import Primitives
import Testing

@testable import Scheduling

@Suite struct AttentionTests {
    private static func at(_ seconds: Int64) -> Timestamp { APIServerTests.at(seconds) }
    private static let run = RunID(policy: "up", revision: "2", ordinal: 1)
    private static let node = NodeID(cluster: "tokyo", name: "node-01")

    /// A healthy cluster with a run in work.
    private static let calm: StatusReport = {
        var report = StatusReport(at: at(0))
        report.clusters = [
            ClusterStatus(
                name: "tokyo", unavailable: 0, maxUnavailable: 1,
                nodes: [
                    NodeStatus(
                        name: "node-01", observed: .known(.normal), verdict: Verdict(.unmanaged, "no claim"),
                        blockers: [], claims: [], isOwed: false, isRetained: false)
                ], unlisted: [])
        ]
        report.runs = [
            RunStatus(
                id: run.text, policy: "up", cluster: "tokyo", phase: "active", text: "", startedAt: at(0),
                blockers: [Blocker(.outsideWindow)], parts: [])
        ]
        return report
    }()

    private typealias Change = @Sendable (inout StatusReport) -> Void
    private static func pause(_ cause: Pause.Cause) -> Change {
        { $0.pauses = [PauseStatus(run: run, pause: Pause(cause, reason: "why", since: at(0)))] }
    }
    private static func verdict(_ code: VerdictCode) -> Change {
        { $0.clusters[0].nodes[0].verdict = Verdict(code, "why") }
    }
    private static func alarm(_ code: Alarm.Code, _ node: NodeID? = nil) -> Change {
        { $0.alarms = [Alarm(Alarm.Key(code, node: node), "why", since: at(0))] }
    }

    private static func failed() -> Change {
        { report in
            report.policies = [PolicyStatus(name: "up", state: "open")]
            report.runs[0].revision = "2"
            report.runs[0].phase = "failed"
            report.runs[0].text = "why"
            report.runs[0].endedAt = at(0)
        }
    }

    private static let rows: [(String, Change, [String])] = [
        ("nothing", { _ in }, []),
        ("a person's pause", pause(.person), []),
        (
            "a person's pause that nobody ends",
            {
                pause(.person)(&$0)
                $0.at = at(0) + .hours(5)
            }, ["paused"]
        ),
        ("a cluster beyond its budget", { $0.clusters[0].unavailable = 2 }, ["over-budget"]),
        (
            "a cluster that was not read yet",
            {
                $0.clusters[0].unavailable = 2
                $0.clusters[0].nodes[0].verdict = Verdict(.notReadYet, "not read yet")
            }, []
        ),
        ("paused by failures", pause(.failures), ["paused"]),
        ("paused by its canary", pause(.canary), ["paused"]),
        ("paused for lack of progress", pause(.progress), ["paused"]),
        ("paused by a gate", pause(.gate), ["paused"]), ("nobody approved in time", pause(.approval), ["paused"]),
        (
            "waits for approval in the midst of its sequence",
            { $0.runs[0].blockers = [Blocker(.stepApproval(["node-01"])), Blocker(.outsideWindow)] },
            ["waiting-approval"]
        ),
        ("a queued node's approval is its run's", verdict(.waitingApproval), []),
        ("its rollout has failed", failed(), ["failed"]),
        (
            "its rollout has failed and was started again",
            {
                failed()(&$0)
                $0.runs.append($0.runs[0])
                $0.runs[1].endedAt = nil
            }, []
        ),
        (
            "a night that failed is over",
            {
                failed()(&$0)
                $0.runs[0].revision = nil
            }, []
        ),
        (
            "waits for promotion", { $0.runs[0].blockers = [Blocker(.outsideWindow), Blocker(.promotion)] },
            ["waiting-approval"]
        ),
        (
            "a run that is over waits for nobody",
            {
                $0.runs[0].blockers = [Blocker(.promotion)]
                $0.runs[0].endedAt = at(0)
            }, []
        ),
        (
            "failed and kept shut",
            {
                $0.clusters[0].nodes[0].stay = Shared(
                    FailedStay(run: run, policy: "up", mode: .blockNewConnection, reason: "why", since: at(0)))
                $0.clusters[0].nodes[0].verdict = Verdict(.failed, "kept")
            }, ["failed"]
        ),
        ("failed and given back", verdict(.failed), []),
        ("contested", verdict(.contested), ["contested"]),
        ("refused", verdict(.refused), ["refused"]),
        ("wrong address", verdict(.wrongAddress), ["wrong-address"]),
        ("wrong topology", verdict(.wrongTopology), ["wrong-topology"]),
        ("journal lost", verdict(.journalLost), ["journal-lost"]),
        ("unreachable", verdict(.unreachable), []), ("foreign", verdict(.foreign), []), ("held", verdict(.held), []),
        ("a hold ends soon", alarm(.holdEnds, node), ["hold-ends"]),
        ("the clock is wrong", alarm(.clockDiffers), ["clock-differs"]),
        (
            "said once where the alarm says it",
            {
                verdict(.contested)(&$0)
                alarm(.contested, node)(&$0)
            }, ["contested"]
        ),
        (
            "another node's alarm is another's",
            {
                verdict(.contested)(&$0)
                alarm(.contested, NodeID(cluster: "tokyo", name: "node-02"))(&$0)
            }, ["contested", "contested"]
        ),
    ]

    @Test(arguments: rows.indices)
    func `what needs a person`(row: Int) {
        let (name, change, codes) = Self.rows[row]
        var report = Self.calm
        change(&report)
        let needed = Attention.needed(by: StatusDocument(report, zone: .utc))
        #expect(needed.map(\.code) == codes, "\(name)")
        #expect(
            needed.allSatisfy {
                $0.text.contains("why") || $0.code == "waiting-approval" || name.contains("rollout")
                    || $0.code == "over-budget"
            })
    }

    /// The same that `status` and `explain` name.
    @Test func `what is said names the lever that lifts it`() {
        func hint(_ change: Change) -> String? {
            var report = Self.calm
            change(&report)
            return Attention.needed(by: StatusDocument(report, zone: .utc)).first?.hint
        }
        #expect(hint(Self.pause(.approval)) == "nagi approve up@2#1, or nagi abort up@2#1 --reason …")
        #expect(hint(Self.verdict(.contested)) == "nagi release tokyo/node-01 --reason …")
        let inWork: Change = {
            Self.verdict(.contested)(&$0)
            Self.alarm(.contested, Self.node)(&$0)
            $0.clusters[0].nodes[0].run = Self.run
        }
        #expect(
            hint(inWork) == "nagi skip up@2#1 tokyo/node-01 --reason …, or nagi release tokyo/node-01 --reason …")
        let failed: Change = {
            $0.clusters[0].nodes[0].stay = Shared(
                FailedStay(
                    run: Self.run, policy: "up", mode: .blockNewConnection, reason: "why", since: Self.at(0)))
            $0.holds = [
                HoldStatus(
                    node: Self.node, hold: Hold(wish: .handsOff, actor: "mika", reason: "mine", since: Self.at(0)))
            ]
        }
        #expect(
            hint(failed)
                == "nagi retry up@2#1 tokyo/node-01 --force, or nagi release tokyo/node-01 --reason …")
        var report = Self.calm
        Self.pause(.approval)(&report)
        let lines = StatusTable(StatusDocument(report, zone: .utc)).lines
        #expect(lines.contains { $0.hasSuffix(": why, until nagi approve up@2#1") }, "\(lines)")
    }

    @Test func `every alarm needs a person`() {
        for code in Alarm.Code.allCases {
            var report = Self.calm
            Self.alarm(code)(&report)
            #expect(Attention.needed(by: StatusDocument(report, zone: .utc)).map(\.code) == [code.rawValue])
        }
    }

    @Test func `a notice that was given up needs a person, one that is tried again does not`() {
        func needed(_ lost: Int) -> [Attention] {
            Attention.needed(
                by: StatusDocument(
                    Self.calm, zone: .utc, undelivered: ["team": .init(since: Self.at(0), lost: lost, why: "503")]))
        }
        #expect(needed(0).isEmpty)
        #expect(needed(1).map(\.text) == ["team did not take 1 notice: 503"])
    }

    @Test func `a refused reload needs a person, first of all`() {
        var report = Self.calm
        Self.pause(.failures)(&report)
        let document = StatusDocument(
            report, zone: .utc, refusedReload: .init(at: Self.at(0), digest: nil, reasons: ["a.yaml:1:1: error\n x"]))
        let needed = Attention.needed(by: document)
        #expect(needed.map(\.code) == ["refused-reload", "paused"])
        #expect(
            AttentionTable(needed, at: document.at).text == """
                refused-reload  since 00:53:20  the files on disk were refused: a.yaml:1:1: error
                                                nagi check PATH, then nagi reload
                paused          since 00:53:20  up@2#1 is paused: why
                                                nagi resume up@2#1, or nagi abort up@2#1 --reason …
                """)
        #expect(AttentionTable([], at: document.at).text == "fine: nothing needs a person")
    }

    @Test(arguments: [(nil, "check"), ("d2", "preflight")])
    func `what is to be looked at is where the daemon reads it, by the verb that shows the reason`(
        digest: String?, verb: String
    ) {
        let board = StatusBoard(policyPath: "/etc/nagi/policies")
        board.note(.init(at: Self.at(0), digest: digest, reasons: ["what was wrong"]))
        let document = StatusDocument(Self.calm, zone: .utc, refusedReload: board.content.refusedReload)
        #expect(Attention.needed(by: document).first?.hint == "nagi \(verb) /etc/nagi/policies, then nagi reload")
    }
}
