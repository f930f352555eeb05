import Daemon
import Foundation
import ModeCore
import Primitives
import Synchronization
import Testing

@testable import Scheduling

@Suite struct JournalReaderTests {
    let directory: TemporaryDirectory
    let journal: SQLiteJournal
    let reader: JournalReader

    init() throws {
        directory = try TemporaryDirectory()
        journal = try SQLiteJournal(path: directory.path + "/journal.sqlite")
        reader = try JournalReader(journal)
    }

    private static func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: 1_796_000_000 + seconds) }

    private static func record(_ fact: Fact, at seconds: Int64) -> Record {
        Record(at: Moment(wall: at(seconds), uptime: Uptime(nanoseconds: seconds)), fact: fact)
    }

    /// One a second; the clock was put back by an hour before the last three.
    private static let records = (0..<10).map { (number: Int64) -> Record in
        let fact = Fact.floorChanged(number % 2 == 0 ? node01 : node02, nil)
        return record(fact, at: number < 7 ? number : number - 3600)
    }

    private func page(
        scanLimit: Int = 1_000, _ change: (inout JournalReader.Query) -> Void = { _ in }
    ) async throws -> JournalReader.Page {
        var query = JournalReader.Query()
        change(&query)
        return try await reader.page(query, scanLimit: scanLimit)
    }

    @Test func `it reads on from a place, so many at most, and says where it stopped`() async throws {
        let empty = try await page()
        #expect(empty.isComplete && empty.first == nil && empty.last == 0 && empty.through == 0)
        try journal.append(Self.records)
        let first = try await page { $0.limit = 4 }
        #expect(first.entries.map(\.seq) == [1, 2, 3, 4] && first.through == 4 && !first.isComplete)
        #expect(first.entries.map(\.record) == Array(Self.records[..<4]) && first.first == 1 && first.last == 10)
        let rest = try await page { $0.after = 4 }
        #expect(rest.entries.map(\.seq) == Array(5...10) && rest.isComplete && rest.through == 10)
        let exact = try await page { ($0.after, $0.limit) = (4, 6) }
        #expect(exact.entries.count == 6 && exact.isComplete)
        #expect(try await page { $0.after = 10 }.entries.isEmpty)
    }

    @Test func `it reads backward as well`() async throws {
        try journal.append(Self.records)
        let latest = try await page { ($0.isBackward, $0.limit) = (true, 3) }
        #expect(latest.entries.map(\.seq) == [10, 9, 8] && latest.through == 8 && !latest.isComplete)
        let before = try await page { ($0.isBackward, $0.before) = (true, 8) }
        #expect(before.entries.map(\.seq) == Array((1...7).reversed()) && before.isComplete)
    }

    @Test func `a time is the record's own, whatever the clock did in between`() async throws {
        try journal.append(Self.records)
        #expect(try await page { $0.since = Self.at(5) }.entries.map(\.seq) == [6, 7])
        #expect(try await page { $0.until = Self.at(0) }.entries.map(\.seq) == [8, 9, 10])
        #expect(try await page { ($0.since, $0.until) = (Self.at(2), Self.at(4)) }.entries.map(\.seq) == [3, 4])
    }

    @Test func `what is looked through is bounded, wanted or not`() async throws {
        try journal.append(Self.records)
        let page = try await page(scanLimit: 4) { $0.isWanted = { $0.fact.subjects.node == node02 } }
        #expect(page.entries.map(\.seq) == [2, 4] && page.through == 4 && !page.isComplete)
    }

    @Test func `the sieve lets through whatever is about a node, a run, a person`() async throws {
        let sample = try #require(JournalSample())
        try journal.append(sample.records)
        var asked = 0
        for (place, record) in sample.records.enumerated() {
            let subjects = record.fact.subjects
            let texts = subjects.nodes.map(\.name) + subjects.runs.map(\.text) + [subjects.actor].compactMap(\.self)
            for text in texts.prefix(3) {
                asked += 1
                for trace in [JournalFormat.trace(text), JournalFormat.trace(text, isWhole: false)] {
                    let page = try await page {
                        ($0.traces, $0.after, $0.before) = ([trace], Int64(place), Int64(place) + 2)
                    }
                    #expect(page.entries.map(\.record) == [record], "\(text) in \(record.fact.kind)")
                }
            }
        }
        #expect(asked > 50)
        #expect(try await page { $0.traces = [JournalFormat.trace("nobody")] }.entries.isEmpty)
        #expect(JournalFormat.trace(#"a"b/c"#) == #""a\"b/c""#)
    }

    @Test(.timeLimit(.minutes(1))) func `whoever reads holds up no append`() async throws {
        try journal.append(Self.records)
        let (isReading, reads) = AsyncStream.makeStream(of: Void.self)
        let goOn = DispatchSemaphore(value: 0)
        async let slow = page { query in
            query.isWanted = { _ in
                reads.yield()
                goOn.wait()
                return true
            }
            query.limit = 1
        }
        for await _ in isReading { break }
        for _ in 0..<20 { try journal.append(Self.records) }
        #expect(try await page { $0.after = 200 }.entries.count == 10, "and the next reader sees them")
        goOn.signal()
        #expect(try await slow.entries.map(\.seq) == [1])
    }

    @Test(.timeLimit(.minutes(1))) func `who listens is told once of many records, and a journal knows how far it is`()
        async throws
    {
        #expect(journal.growth.last == 0)
        let listener = reader.growth.listen()
        for _ in 0..<3 { try journal.append(Self.records) }
        for await _ in listener.news { break }
        #expect(journal.growth.last == 30)
        journal.close()
        #expect(try SQLiteJournal(path: journal.path).growth.last == 30)
    }
}
