import Daemon
import Foundation
import ModeCore
import Primitives
import Scheduling
import Testing

/// A journal of this format that was stored once, in mid-run: every later version reads it, and it adds up to the same state.
///
/// A change of the model that breaks these tests breaks the journals of everybody who runs nagi: it needs another format, or
/// a default for what older records do not have. Before the first release, `NAGI_WRITE_JOURNAL=1` writes the files anew.
@Suite struct JournalFormatTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("journals")
    private static let recordsFile = folder.appendingPathComponent("format-4.jsonl")
    private static let ledgerFile = folder.appendingPathComponent("format-4.ledger.json")

    private func lines() throws -> [String] {
        try String(contentsOf: Self.recordsFile, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func ledger() throws -> Ledger {
        try JournalFormat.ledger(try String(contentsOf: Self.ledgerFile, encoding: .utf8))
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["NAGI_WRITE_JOURNAL"] != nil))
    func `the files are written anew`() throws {
        let sample = try #require(JournalSample())
        let lines = try sample.records.map(JournalFormat.encode).joined(separator: "\n") + "\n"
        try lines.write(to: Self.recordsFile, atomically: true, encoding: .utf8)
        try JournalFormat.encode(sample.ledger).write(to: Self.ledgerFile, atomically: true, encoding: .utf8)
    }

    @Test func `the stored records add up to the stored state`() throws {
        let records = try lines().map(JournalFormat.record)
        #expect(Ledger(folding: records) == (try ledger()))
    }

    @Test func `the stored state is the one that it was`() throws {
        let ledger = try ledger()
        let slot = try #require(ledger.activeRuns.first)
        let run = try #require(ledger.run(slot))
        #expect(run.id.text == "up@2025.2.0#1" && run.pauses.map(\.reason) == ["node-04 failed"])
        #expect(run.parts.map(\.phase.kind) == [.committed, .out, .queued, .queued, .queued])
        #expect(run.parts[0].phase.command != nil && run.parts[1].phase.claim == .blockNewSession)
        let nodes = run.parts.compactMap { ledger.entry($0.node) }
        #expect(
            nodes[1].open?.change.cause == .restarted && nodes[1].open?.answer == nil && nodes[1].loosenings.count == 1)
        #expect(nodes[3].failedStay?.run == run.id && nodes[3].written?.owedSince != nil)
        #expect(nodes[4].hold?.actor == "mika" && nodes[4].floor == .blockNewSession)
        #expect(ledger.commands.values.contains { $0.outcome == nil })
    }

    @Test func `it has every kind of fact of its day`() throws {
        let kinds = try lines().map(JournalFormat.record).compactMap { record in
            Mirror(reflecting: record.fact).children.first?.label
        }
        #expect(
            Set(kinds) == [
                "daemonStarted", "heartbeat", "policiesLoaded", "membershipChanged", "nodeObserved", "nodeRestarted",
                "nodeLoosened", "nodeShown", "addressMoved", "runStarted", "runChanged", "runEnded", "clearanceChanged",
                "runPromoted", "runWaits", "progressChanged", "partChanged", "stayPlaced", "stayEnded", "holdPlaced",
                "holdEnded",
                "releaseOwed", "releaseClaimed", "modeIntended", "modeAnswered", "modeSettled", "modeSeenAgain",
                "modeAdopted", "ownershipDropped", "floorChanged", "commandIntended", "commandEnded", "alarmRaised",
                "alarmEnded", "paused", "resumed", "leverPulled", "forced", "forceUsed", "budgetKept", "drainSampled",
                "approvalChanged", "gateMeasured", "noticed", "would", "nodesFound",
            ])
    }

    @Test func `a journal goes on from there, from its records and from a checkpoint in their midst`() throws {
        let directory = try TemporaryDirectory()
        let records = try lines().map(JournalFormat.record)
        var limits = JournalLimits()
        limits.checkpointRecords = 50
        let journal = try SQLiteJournal(path: directory.path + "/journal.sqlite", limits: limits)
        let keeper = JournalKeeper(journal) { Issue.record("\($0)") }
        var ledger = Ledger()
        for record in records {
            try journal.append([record])
            ledger.apply(record)
            keeper.keepShort(at: record.at.wall) { ledger }
            keeper.finish()
        }
        let fold = try journal.fold()
        #expect(fold.records < 50)
        #expect(fold.ledger == (try self.ledger()))
        // A controller makes the same of both.
        let now = try #require(records.last).at + .seconds(10)
        var (one, other) = (Controller(ledger: fold.ledger), Controller(ledger: Ledger(folding: records)))
        for event in [Event.started(boot: "other"), .policiesLoaded(try #require(ledger.policies)), .ticked] {
            #expect(one.handle(event, at: now) == other.handle(event, at: now))
        }
        #expect(one.ledger == other.ledger)
        #expect(one.status(at: now) == other.status(at: now))
    }
}
