import Daemon
import Foundation
import ModeCore
import Scheduling
import Testing

@Suite struct SQLiteJournalTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/journal.sqlite" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    let records = [
        record(.daemonStarted),
        record(.policiesLoaded(set("http://127.0.0.1:1/"))),
        record(.modeIntended(change(.blockNewSession))),
        record(.modeAnswered(node01, id: 1, .declined(.unknown("odd")))),
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

    @Test func `a record that cannot be decoded is named`() throws {
        let journal = try SQLiteJournal(path: path)
        try journal.append(records)
        journal.close()
        let sqlite = Process()
        sqlite.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        sqlite.arguments = [
            "python3", "-c",
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); "
                + "c.execute(\"update record set json='{}' where seq=4\"); c.commit()", path,
        ]
        try sqlite.run()
        sqlite.waitUntilExit()
        try #require(sqlite.terminationStatus == 0)
        #expect { try SQLiteJournal(path: path).records() } throws: { error in
            if case .unreadableRecord(seq: 4, _)? = error as? JournalError { true } else { false }
        }
    }
}
