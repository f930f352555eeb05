import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Which record is told to whom, and as what.
struct NoticeTests {
    private static let node = LedgerTests.node
    private static let run = LedgerTests.id
    private static let policies: PolicySet = {
        var set = LedgerTests.set("a")
        set.clusters.append(ClusterPolicy(name: "alone", topology: .standalone, nodes: []))
        set.policies = [LedgerTests.run().pinned.value]
        return set
    }()
    private static let since = Moment.start.wall - .minutes(3)

    private static func notice(_ fact: Fact, isStartApproved: Bool = true, isObserving: Bool = false) -> Notice? {
        Notice(
            Record(at: .start, fact: fact), policies, isStartApproved: isStartApproved, isObserving: isObserving)
    }

    private static func paused(_ cause: Pause.Cause, _ reason: String, actor: String? = nil) -> Fact {
        .paused(run, Pause(cause, reason: reason, actor: actor, since: Moment.start.wall))
    }

    private static func alarm(_ code: Alarm.Code, run: RunID? = nil, node: NodeID? = nil) -> Fact {
        .alarmRaised(Alarm(Alarm.Key(code, node: node, run: run), "what it says", since: since))
    }

    private static func entered(_ step: String?, approval: GivenApproval? = nil, attempt: Int = 0) -> Fact {
        var part = Part(node: node, since: Moment.start.wall)
        var work = PartPhase.Work(step: 2, since: .start, claim: nil, isGranted: false, timer: nil)
        work.approval = approval
        work.attempt = attempt
        part.phase = .out(work)
        return .partChanged(run, 0, part, step: step, nil)
    }

    private static let asked = RunApproval.awaited(Countdown(.hours(12), from: .start))
    private static let mika = GivenApproval(actor: "mika", reason: "r", at: Moment.start.wall)

    struct Row {
        var fact: Fact
        /// Occasion, severity, title; nil: nobody is told.
        var words: String?
        var text: String?
        var hint: String?
    }

    static let rows: [Row] = [
        Row(
            fact: .runStarted(LedgerTests.run()), words: "run-started info p has started", text: "run p@2#1 started: a"),
        Row(fact: .runEnded(run, .completed), words: "run-finished info p is completed", text: "run p@2#1 completed"),
        Row(
            fact: .runEnded(run, .partial(.windowEnded)),
            words: "run-finished info p has ended, and not with every node",
            text: "run p@2#1 partial: the window ended"),
        Row(
            fact: .runEnded(run, .partial(.aborted("mika: enough"))),
            words: "run-finished warn p has ended, and not with every node", text: "run p@2#1 partial: mika: enough"),
        Row(
            fact: .runEnded(run, .failed), words: "run-failed error p has failed", text: "run p@2#1 failed",
            hint: "nagi explain p@2#1"),
        Row(
            fact: paused(.failures, "1 failed (limit 1)"), words: "run-paused error p is paused",
            text: "run p@2#1 is paused: 1 failed (limit 1)", hint: "nagi explain p@2#1"),
        Row(
            fact: paused(.person, "calls drop", actor: "mika"), words: "run-paused info p is paused",
            text: "run p@2#1 is paused by mika: calls drop"),
        Row(
            fact: .paused(nil, Pause(.person, reason: "", actor: "mika", since: Moment.start.wall)),
            words: "run-paused info everything is paused", text: "everything is paused by mika"),
        Row(
            fact: alarm(.stuck, run: run), words: "stuck error p makes no progress", text: "what it says",
            hint: "nagi explain p@2#1"),
        Row(
            fact: .approvalChanged(run, asked), words: "approval-needed warn p waits for an approval",
            text:
                "run p@2#1 waits for an approval of its start, at most 12h (\(LedgerTests.run().pinned.sequence.text))",
            hint: "nagi approve p@2#1"),
        Row(fact: .approvalChanged(run, .awaited(Countdown(standing: .hours(12))))),
        Row(
            fact: .approvalChanged(run, .given(mika)), words: "run-started info p is approved",
            text: "run p@2#1 may start: approved by mika: r"),
        Row(
            fact: .runWaits(run, .waitingApproval), words: "approval-needed warn p waits for an approval",
            text: "run p@2#1: its canary nodes are good, the others wait for a word", hint: "nagi approve p@2#1"),
        Row(fact: .runWaits(run, .waitingBudget)),
        Row(
            fact: entered("approval"), words: "approval-needed warn p waits for an approval",
            text: "a waits for an approval before it is taken out of service (p@2#1)", hint: "nagi approve p@2#1 a"),
        Row(fact: entered(nil)),
        Row(fact: entered("approval", approval: mika)),
        Row(fact: entered("approval", attempt: 1)),
        Row(
            fact: .noticed(run, node, NotifyStep(notification: "chat", text: "it begins")), words: "notify info p, a",
            text: "it begins"),
        Row(
            fact: .nodeLoosened(node, to: .known(.normal), times: 1), words: "drift warn a was loosened by hand",
            text: "a: somebody set normal by hand (to have it left open: nagi release c/a --reason …)"),
        Row(
            fact: alarm(.contested, node: node), words: "drift error a is loosened again and again",
            text: "what it says",
            hint: "nagi explain c/a"),
        Row(
            fact: .ownershipDropped(node, reason: .foreign), words: "drift warn a is in a mode that nagi did not set",
            text: "a: shows a mode that somebody else set: left alone"),
        Row(fact: .ownershipDropped(node, reason: .alreadyNormal)),
        Row(
            fact: .floorChanged(node, .blockNewSession), words: "drift warn a was set stricter by somebody else",
            text: "a: somebody else set block_new_session"),
        Row(
            fact: .floorChanged(node, .blockNewConnection), words: "fault warn a is blocked, and not by nagi",
            text: "a is block_new_connection unrequested: the node's own fault, or somebody else's doing",
            hint: "nagi explain c/a"),
        Row(
            fact: .floorChanged(NodeID(cluster: "alone", name: "b"), .blockNewConnection),
            words: "drift warn b was set stricter by somebody else",
            text: "b: is block_new_connection, and not by nagi: somebody else's doing, or the node's own fault"),
        Row(fact: .floorChanged(node, nil)),
        Row(
            fact: .stayPlaced(
                node, FailedStay(run: run, policy: "p", mode: .blockNewConnection, reason: "r", since: since), .of(node)
            ),
            words: "fault error a has failed and stays shut", text: "a: kept at block_new_connection by p@2#1: r",
            hint: "nagi retry p@2#1 a, or nagi release a --reason …"),
        Row(
            fact: .stayPlaced(
                node, FailedStay(run: run, policy: "p", mode: .blockNewConnection, reason: "r", since: since),
                { () -> StayedPart in
                    var stayed = StayedPart.of(node)
                    stayed.openCommand = "up"
                    return stayed
                }()),
            words: "fault error a has failed and stays shut", text: "a: kept at block_new_connection by p@2#1: r",
            hint: "nagi retry p@2#1 a --force, or nagi release a --force --reason …"),
        Row(
            fact: alarm(.writeRefused, node: node), words: "fault error a: write-refused", text: "what it says",
            hint: "nagi explain c/a"),
        Row(
            fact: alarm(.wrongAddress, node: node), words: "fault error a: wrong-address", text: "what it says",
            hint: "nagi explain c/a"),
        Row(
            fact: alarm(.clockNotTrusted), words: "fault error clock-not-trusted", text: "what it says",
            hint: "nagi status"),
        Row(fact: alarm(.holdEnds, node: node)),
    ]

    @Test(arguments: rows.indices) func `a record is told as this, or to nobody`(index: Int) {
        let row = Self.rows[index]
        let notice = Self.notice(row.fact)
        #expect(notice.map { "\($0.word) \($0.severity.rawValue) \($0.title)" } == row.words)
        #expect(notice?.text == row.text)
        #expect(notice?.hint == row.hint)
    }

    @Test func `every occasion is there, and every alarm is one but that of a hold that ends`() {
        let told = Set(Self.rows.compactMap { Self.notice($0.fact)?.word })
        let wanted = Set(Notice.Occasion.allCases.filter { $0 != .windowSoon }.map(\.rawValue) + ["notify"])
        #expect(told == wanted)
        for code in Alarm.Code.allCases {
            #expect((Self.notice(Self.alarm(code, node: Self.node)) == nil) == (code == .holdEnds), "\(code)")
        }
    }

    @Test func `it says whose it is and since when`() throws {
        let failed = try #require(Self.notice(.runEnded(Self.run, .failed)))
        #expect(failed.policy == "p" && failed.run == Self.run && failed.cluster == "c" && failed.node == nil)
        let alarm = try #require(Self.notice(Self.alarm(.writeRefused, node: Self.node)))
        #expect(alarm.since == Self.since && alarm.at == Moment.start.wall)
        #expect(alarm.cluster == "c" && alarm.node == Self.node && alarm.policy == nil)
        #expect(try #require(Self.notice(.runStarted(LedgerTests.run()))).node == nil, "it is about the run")
        #expect(RunID(text: "night/sunday/2026-11-29T02:00").policy == "night")
        #expect(RunID(retryOf: Self.run, number: 3).policy == "p")
    }

    @Test func `what a daemon that only observes decides is told as what it would do`() throws {
        let started = try #require(Self.notice(.runStarted(LedgerTests.run()), isObserving: true))
        #expect(started.isObserving && started.title == "p would start now")
        #expect(started.text == "run p@2#1 would start: a; nothing is done")
        #expect(Self.notice(.runEnded(Self.run, .observed), isObserving: true) == nil)
        for row in Self.rows where row.words != nil {
            #expect(Self.notice(row.fact, isObserving: true)?.isObserving == true, "\(row.fact.kind)")
            #expect(Self.notice(row.fact)?.isObserving == false, "\(row.fact.kind)")
        }
        #expect(Notice.isObserving(by: .daemonStarted(boot: nil, isObserving: true)) == true)
        #expect(Notice.isObserving(by: .daemonStarted(boot: nil)) == false)
        #expect(Notice.isObserving(by: .runEnded(Self.run, .observed)) == nil)
    }

    @Test func `a run's words that are waited for are told once each`() {
        #expect(Self.notice(.approvalChanged(Self.run, Self.asked))?.once == .run(Self.run, "start"))
        #expect(Self.notice(.runWaits(Self.run, .waitingApproval))?.once == .run(Self.run, "promotion"))
        #expect(Self.notice(Self.entered("approval"))?.once == .run(Self.run, "a 2"))
        #expect(
            Self.notice(.runWaits(Self.run, .waitingApproval), isStartApproved: false) == nil,
            "that of its start has a record of its own")
    }

    @Test func `each record that is told can be found by its stored text`() throws {
        for row in Self.rows {
            let json = String(decoding: try JSONEncoder().encode(Record(at: .start, fact: row.fact)), as: UTF8.self)
            guard row.words != nil else { continue }
            #expect(Notice.traces.contains { json.contains($0) }, "\(row.fact.kind)")
        }
        for fact in [Fact.runStarted(LedgerTests.run()), .approvalChanged(Self.run, Self.asked)] {
            let json = String(decoding: try JSONEncoder().encode(Record(at: .start, fact: fact)), as: UTF8.self)
            #expect(Notice.approvalTraces.contains { json.contains($0) } && Notice.isStartApproved(by: fact) != nil)
        }
    }

    /// `on` aside, which all of these have: policies and clusters that are listed, and what is told.
    static let filters: [(policies: [String]?, clusters: [String]?, fact: Fact, isWanted: Bool)] = [
        (nil, nil, .runEnded(run, .failed), true),
        (["p"], nil, .runEnded(run, .failed), true),
        (["q"], nil, .runEnded(run, .failed), false),
        (nil, ["c"], .runEnded(run, .failed), true),
        (nil, ["d"], .runEnded(run, .failed), false),
        (["p"], ["d"], .runEnded(run, .failed), false),
        // About no policy: where one of them is.
        (["p"], nil, alarm(.writeRefused, node: node), true),
        (["p"], nil, alarm(.writeRefused, node: NodeID(cluster: "d", name: "x")), false),
        (nil, ["d"], alarm(.writeRefused, node: node), false),
        // About everything.
        (["q"], ["d"], alarm(.clockNotTrusted), true),
        // A step says whom it tells.
        (["q"], ["d"], .noticed(run, node, NotifyStep(notification: "chat", text: "t")), true),
        (nil, nil, .noticed(run, node, NotifyStep(notification: "mail", text: "t")), false),
    ]

    @Test(arguments: filters.indices) func `filters leave out what is surely about others`(index: Int) throws {
        let row = Self.filters[index]
        let notification = NotificationPolicy(
            name: "chat", url: .address(""), on: Notice.Occasion.allCases, policies: row.policies,
            clusters: row.clusters)
        let notice = try #require(Self.notice(row.fact))
        #expect(notice.isWanted(by: notification, Self.policies) == row.isWanted)
        var silent = notification
        silent.on = []
        if case .occasion = notice.cause { #expect(!notice.isWanted(by: silent, Self.policies)) }
    }
}
