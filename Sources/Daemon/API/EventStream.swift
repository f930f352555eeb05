import HTTPTypes
import Hummingbird
import NIOCore
import Primitives
import Scheduling
import Synchronization

/// How often a stream of events looks at itself.
package struct EventPace: Hashable, Sendable {
    /// A stream that has nothing to say says that it is alive so often.
    package var heartbeat = TimeAmount.seconds(15)
    /// A reader that takes nothing for so long is cut off: it comes again.
    package var patience = TimeAmount.seconds(30)
    /// How often both are looked at.
    package var tick = TimeAmount.seconds(3)

    package init() {}
}

/// `/v1/events`: one server-sent event for each record of the journal that is wanted, as soon as it is durable.
///
/// A stream waits until the journal has grown and then reads on from where it is: what a reader has missed it gets when it
/// comes again with the id that it saw last, and a slow one holds up nobody.
struct EventStream: Sendable {
    /// Records that are sent at once.
    static let batch = 200

    let reader: JournalReader
    let filter: RecordFilter
    /// Also as people are told it.
    var isTold = false
    let board: StatusBoard
    let channel: any Channel
    var pace = EventPace()

    /// Since when the reader has not taken what was written.
    private final class Stall: Sendable {
        private let since = Mutex<NIODeadline?>(nil)

        func begin() { since.withLock { $0 = .now() } }
        func end() { since.withLock { $0 = nil } }
        func isLonger(than limit: TimeAmount) -> Bool {
            since.withLock { since in since.map { NIODeadline.now() - $0 > limit } ?? false }
        }
    }

    /// Writes until the reader is gone or the server stops.
    func write(after start: Int64, to writer: inout any ResponseBodyWriter) async throws {
        let listener = reader.growth.listen()
        let stall = Stall()
        let ticks = channel.eventLoop.scheduleRepeatedTask(initialDelay: pace.tick, delay: pace.tick) {
            [weak listener, channel, pace] _ in
            if stall.isLonger(than: pace.patience) { channel.close(promise: nil) }
            listener?.nudge()
        }
        defer { ticks.cancel() }
        channel.closeFuture.whenComplete { [weak listener] _ in listener?.nudge() }
        func send(_ text: String, _ writer: inout any ResponseBodyWriter) async throws {
            stall.begin()
            defer { stall.end() }
            try await writer.write(ByteBuffer(string: text))
        }

        var (position, told) = (start, start)
        var spoken = NIODeadline.now()
        var telling = Telling()
        try await send("retry: 1000\n\n", &writer)
        listener.nudge()
        for await _ in listener.news {
            guard channel.isActive else { return }
            while reader.growth.last > position {
                let page = try await reader.page(query(after: position))
                var text = gap(after: position, page)
                let zone = board.zone
                let lines = isTold ? telling.lines(of: page.entries) : []
                for (index, entry) in page.entries.enumerated() {
                    text += Self.event(entry, zone, told: isTold ? lines[index] : nil)
                }
                if let last = page.entries.last { told = last.seq }
                position = page.through
                if !text.isEmpty {
                    try await send(text, &writer)
                    spoken = .now()
                }
                if page.isComplete { break }
            }
            guard NIODeadline.now() - spoken >= pace.heartbeat else { continue }
            // An id without data is no event: whoever comes again begins behind what was not wanted.
            try await send(told == position ? ": alive\n\n" : ": alive\nid: \(position)\n\n", &writer)
            told = position
            spoken = .now()
        }
    }

    private func query(after position: Int64) -> JournalReader.Query {
        var query = JournalReader.Query()
        query.after = position
        query.limit = Self.batch
        query.traces = filter.traces
        query.isWanted = { [filter] in filter.matches($0) }
        return query
    }

    /// Records that the reader has missed and that are not kept any more.
    private func gap(after position: Int64, _ page: JournalReader.Page) -> String {
        let first = page.first ?? page.last + 1
        guard first > position + 1 else { return "" }
        return "event: gap\ndata: \(jsonText(EventGap(after: position, first: first)))\n\n"
    }

    private static func event(_ entry: JournalReader.Entry, _ zone: DisplayZone, told: [String]?) -> String {
        let record = HistoryDocument.Record(entry, zone, told: told)
        return "id: \(record.id)\nevent: \(record.kind)\ndata: \(jsonText(record))\n\n"
    }
}

/// The data of an event `gap`: the records between are not kept any more.
struct EventGap: Codable, Hashable {
    var after: Int64
    var first: Int64
}

/// Places for streams, so that they take no connection from whoever only asks something.
final class EventPlaces: Sendable {
    static let standardLimit = 16

    /// Given back when the last copy of the stream is gone, written or not.
    final class Place: Sendable {
        private let places: EventPlaces

        fileprivate init(_ places: EventPlaces) {
            self.places = places
        }

        deinit { places.taken.withLock { $0 -= 1 } }
    }

    let limit: Int
    private let taken = Mutex(0)

    init(limit: Int = standardLimit) {
        self.limit = limit
    }

    /// Nil: all are taken.
    func take() -> Place? {
        let isFree = taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
        return isFree ? Place(self) : nil
    }
}
