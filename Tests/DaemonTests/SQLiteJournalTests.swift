import Calendars
import Daemon
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

@Suite struct SQLiteJournalTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/journal.sqlite" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    let records = [
        record(.daemonStarted(boot: "b")),
        record(.policiesLoaded(set("http://127.0.0.1:1/"))),
        record(.modeIntended(change(.blockNewSession))),
        record(.modeAnswered(node01, id: 1, ModeChangeAnswer(.declined, read: .unknown("odd")))),
        record(.floorChanged(node01, nil)),
        record(.commandEnded(CommandID(number: 3), node01, .exited(status: 7))),
    ]

    @Test func `records come back in order and equal after reopening`() throws {
        let journal = try SQLiteJournal(path: path)
        try journal.append(Array(records[..<2]))
        try journal.append(Array(records[2...]))
        journal.close()
        #expect(try SQLiteJournal(path: path).records() == records)
    }

    @Test func `every commit waits for the disk`() throws {
        #expect(try SQLiteJournal(path: path).synchronousSetting() == 2)
        #expect(try SQLiteJournal(path: path).synchronousSetting() == 2)
    }

    @Test func `appending to a closed journal throws`() throws {
        let journal = try SQLiteJournal(path: path)
        journal.close()
        #expect(throws: JournalError.self) { try journal.append(records) }
    }

    @Test func `a file that is no database is refused and left as it is`() throws {
        let text = String(repeating: "this is not a database ", count: 100)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        #expect { try SQLiteJournal(path: path) } throws: { error in
            if case .corrupt? = error as? JournalError { true } else { false }
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }

    @Test func `a damaged page is noticed at the start`() throws {
        let journal = try SQLiteJournal(path: path)
        for _ in 0..<200 { try journal.append(records) }
        journal.close()
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: 8192)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: 8192))
        try handle.close()
        #expect { try SQLiteJournal(path: path) } throws: { error in
            if case .corrupt? = error as? JournalError { true } else { false }
        }
    }

    /// Changes the file as a stranger would.
    private func tamper(_ sql: String) throws { try DaemonTests.tamper(with: path, sql) }

    @Test func `a record that cannot be decoded is named`() throws {
        let journal = try SQLiteJournal(path: path)
        try journal.append(records)
        journal.close()
        try tamper("update record set json='{}' where seq=4")
        #expect { try SQLiteJournal(path: path).fold() } throws: { error in
            if case .unreadableRecord(seq: 4, _)? = error as? JournalError { true } else { false }
        }
    }

    @Test func `records that are taken out are missed`() throws {
        let journal = try SQLiteJournal(path: path)
        try journal.append(records)
        journal.close()
        try tamper("delete from record where seq=3")
        #expect(throws: JournalError.recordsMissing(after: 2)) { try SQLiteJournal(path: path).fold() }
    }

    @Test(arguments: [1, 2, 3, 5])
    func `another format is refused, with what to do about it`(format: Int) throws {
        try SQLiteJournal(path: path).close()
        try tamper("pragma user_version = \(format)")
        #expect {
            try SQLiteJournal(path: path)
        } throws: { error in
            let text = "\(error)"
            return format < 4
                ? text.contains("has format \(format), of an earlier nagi")
                    && text.contains("start with a new state directory")
                : text.contains("is newer than this nagi knows")
        }
    }

    @Test func `each journal has an id of its own, which stays`() throws {
        let journal = try SQLiteJournal(path: path)
        let id = journal.id
        journal.close()
        #expect(UUID(uuidString: id) != nil)
        #expect(try SQLiteJournal(path: path).id == id)
        #expect(try SQLiteJournal(path: path + "2").id != id)
    }

    @Test func `people see the kind of each fact`() throws {
        let journal = try SQLiteJournal(path: path)
        try journal.append(records)
        journal.close()
        try tamper(
            "create table answer (kinds text check (kinds = "
                + "'daemonStarted,policiesLoaded,modeIntended,modeAnswered,floorChanged,commandEnded'));"
                + "insert into answer select group_concat(kind) from (select kind from history order by seq)")
    }
}

/// Checkpoints, and what goes before them.
@Suite struct JournalKeeperTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/journal.sqlite" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func fact(_ number: Int) -> Fact {
        .floorChanged(node01, number.isMultiple(of: 2) ? nil : .blockNewSession)
    }

    /// Appends so many records one by one, and lets the keeper know each time, as the loop does.
    private func fill(
        _ journal: SQLiteJournal, _ keeper: JournalKeeper, _ ledger: inout Ledger, count: Int,
        wall: Timestamp = HostClock.now().wall,
        each: Duration = .zero, waiting: Bool = true
    ) throws {
        for number in 0..<count {
            let at = Moment(wall: wall + each * number, uptime: Uptime(nanoseconds: Int64(number)))
            let record = Record(at: at, fact: fact(number))
            ledger.apply(record)
            try journal.append([record])
            keeper.keepShort(at: at.wall) { ledger }
            if waiting { keeper.finish() }
        }
    }

    private var policies: Record { record(.policiesLoaded(set("http://127.0.0.1:1/"))) }

    private func open(_ limits: JournalLimits) throws -> (SQLiteJournal, JournalKeeper) {
        let journal = try SQLiteJournal(path: path, limits: limits)
        return (journal, JournalKeeper(journal) { Issue.record("\($0)") })
    }

    @Test func `a start reads the checkpoint and what came after it`() throws {
        var limits = JournalLimits()
        limits.checkpointRecords = 100
        let (journal, keeper) = try open(limits)
        var ledger = Ledger(folding: [policies])
        try journal.append([policies])
        ledger = Ledger(folding: try journal.records())
        try fill(journal, keeper, &ledger, count: 250)
        let fold = try journal.fold()
        #expect(fold.ledger == ledger)
        #expect(fold.records == 51)
        #expect(try journal.records().count == 251, "nothing goes before it has to")
        journal.close()
        let (again, _) = try open(limits)
        #expect(try again.fold().ledger == ledger)
        #expect(Ledger(folding: try again.records()) == ledger)
    }

    @Test func `a large state is not written for a few records`() throws {
        var limits = JournalLimits()
        limits.checkpointRecords = 10
        limits.mostRecords = 150
        let (journal, keeper) = try open(limits)
        var ledger = Ledger()
        let text = String(repeating: "x", count: 100_000)
        let alarm = record(.alarmRaised(Alarm(Alarm.Key(.stuck, cluster: "c"), text, since: Timestamp(seconds: 0))))
        try journal.append([alarm])
        ledger.apply(alarm)
        keeper.keepShort(at: alarm.at.wall, isForced: true) { ledger }
        keeper.finish()
        try fill(journal, keeper, &ledger, count: 149)
        #expect(try journal.fold().records == 149)
        try fill(journal, keeper, &ledger, count: 1)
        #expect(try journal.fold().records == 0)
    }

    @Test func `records go when there are too many, and the numbers go on`() throws {
        var limits = JournalLimits()
        limits.checkpointRecords = 50
        limits.keptRecords = 200
        limits.deletedAtOnce = 7
        let (journal, keeper) = try open(limits)
        var ledger = Ledger()
        try fill(journal, keeper, &ledger, count: 1000)
        let kept = try journal.records().count
        #expect(kept > 150 && kept <= 250)
        #expect(try journal.fold().ledger == ledger)
        journal.close()
        let (again, second) = try open(limits)
        try fill(again, second, &ledger, count: 60)
        #expect(try again.fold().ledger == ledger)
    }

    @Test func `all records may go, and their numbers are not used again`() throws {
        var limits = JournalLimits()
        limits.keptRecords = 0
        limits.checkpointRecords = 10
        let (journal, keeper) = try open(limits)
        var ledger = Ledger()
        try fill(journal, keeper, &ledger, count: 20)
        #expect(try journal.records().isEmpty)
        journal.close()
        let (again, second) = try open(limits)
        #expect(try again.fold().ledger == ledger)
        try fill(again, second, &ledger, count: 5)
        #expect(try again.fold().ledger == ledger)
        #expect(try again.fold().records == 5)
    }

    @Test func `records go when they are old, up to a checkpoint`() throws {
        let (journal, keeper) = try open(JournalLimits())
        var ledger = Ledger()
        let start = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        try fill(journal, keeper, &ledger, count: 200, wall: start, each: .days(1))
        let oldest = try #require(try journal.records().first).at.wall
        let newest = start + .days(199)
        #expect(newest - oldest >= .days(90) && newest - oldest <= .days(98), "\(newest - oldest)")
        #expect(try journal.fold().ledger == ledger)
    }

    @Test func `the file stays small whatever is written`() throws {
        var limits = JournalLimits()
        limits.checkpointBytes = 1 << 20
        limits.keptBytes = 4 << 20
        let (journal, keeper) = try open(limits)
        var ledger = Ledger()
        let text = String(repeating: "x", count: 4000)
        for number in 0..<5000 {
            let alarm = Alarm(Alarm.Key(.stuck, cluster: "c"), text, since: Timestamp(seconds: Int64(number)))
            let batch = [record(.alarmRaised(alarm))]
            for record in batch { ledger.apply(record) }
            try journal.append(batch)
            keeper.keepShort(at: HostClock.now().wall) { ledger }
            if number.isMultiple(of: 100) { keeper.finish() }
        }
        keeper.finish()
        #expect(try journal.fold().ledger == ledger)
        journal.close()
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(size < 8 << 20, "\(size) bytes of 20 MB written")
    }

    @Test func `a process that is gone in the middle leaves a whole journal`() throws {
        var limits = JournalLimits()
        limits.checkpointRecords = 10
        limits.keptRecords = 20
        limits.deletedAtOnce = 1
        let (journal, keeper) = try open(limits)
        var ledger = Ledger()
        // The copies are what a crash would have left at these instants.
        for round in 0..<30 {
            try fill(journal, keeper, &ledger, count: 7, waiting: false)
            let copy = directory.path + "/copy-\(round).sqlite"
            for end in ["", "-wal"] {
                try? FileManager.default.copyItem(atPath: path + end, toPath: copy + end)
            }
            let fold = try SQLiteJournal(path: copy).fold()
            #expect(fold.ledger.entry(node01) == ledger.entry(node01))
            #expect(fold.ledger.last == ledger.last)
        }
        keeper.end()
    }

    @Test func `a checkpoint that cannot be read is named`() throws {
        var limits = JournalLimits()
        limits.checkpointRecords = 10
        let (journal, keeper) = try open(limits)
        var ledger = Ledger()
        try fill(journal, keeper, &ledger, count: 15)
        journal.close()
        let script = Process()
        script.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        script.arguments = [
            "python3", "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute(\"update checkpoint set json='{}'\"); c.commit()",
            path,
        ]
        try script.run()
        script.waitUntilExit()
        #expect { try SQLiteJournal(path: path).fold() } throws: { error in
            if case .unreadableCheckpoint(seq: 10, _)? = error as? JournalError { true } else { false }
        }
    }

    @Test func `a start that folded much begins with a checkpoint`() throws {
        let (journal, keeper) = try open(JournalLimits())
        var ledger = Ledger()
        try fill(journal, keeper, &ledger, count: 30)
        #expect(try journal.fold().records == 30)
        keeper.keepShort(at: HostClock.now().wall, isForced: true) { ledger }
        keeper.finish()
        #expect(try journal.fold().records == 0)
        #expect(try journal.fold().ledger == ledger)
    }
}
