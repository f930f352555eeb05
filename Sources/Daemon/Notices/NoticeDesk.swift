import Primitives
import Scheduling

/// Has everybody told whom the policies in force name (kind Notification): a courier for each, that begins and ends with its
/// policy. The control loop knows nothing of it: what is durable is read, and told to whoever listens.
package final class NoticeDesk: Sendable {
    private let reader: JournalReader
    private let journal: String
    private let marks: NoticeMarks
    private let caller: AddressCaller
    private let board: StatusBoard
    private let pace: NoticePace
    private let now: @Sendable () -> Timestamp
    private let log: DaemonLog
    /// The end of the journal before this daemon wrote anything.
    private let began: Int64

    /// Made before anything is written to the journal.
    ///
    /// - Parameters:
    ///   - journal: its id.
    ///   - folder: takes a small file for each notification.
    ///   - client: whose connections and secrets are used.
    package init(
        reader: JournalReader, journal: String, folder: String, client: ModeAPIClient, board: StatusBoard,
        pace: NoticePace = NoticePace(), now: @escaping @Sendable () -> Timestamp = { HostClock.now().wall },
        log: DaemonLog
    ) {
        self.reader = reader
        self.journal = journal
        marks = NoticeMarks(folder: folder)
        caller = client.addresses
        self.board = board
        self.pace = pace
        self.now = now
        self.log = log
        began = reader.growth.last
    }

    private struct Errand {
        var notification: NotificationPolicy
        var task: Task<Void, Never>

        func end() async {
            task.cancel()
            await task.value
        }
    }

    /// Until it is cancelled.
    package func run() async {
        var errands: [String: Errand] = [:]
        var digest: String?
        let listener = reader.growth.listen()
        listener.nudge()
        // Policies that come into force are a record.
        for await _ in listener.news {
            guard let set = board.policies, set.digest != digest else { continue }
            digest = set.digest
            let wanted = Dictionary(set.notifications.map { ($0.name, $0) }) { first, _ in first }
            for (name, errand) in errands where wanted[name] != errand.notification {
                await errand.end()
                errands[name] = nil
                board.note(nil, of: name)
            }
            marks.keep(only: Set(wanted.keys))
            for (name, notification) in wanted where errands[name] == nil {
                let courier = courier(notification)
                errands[name] = Errand(notification: notification, task: Task { await courier.run() })
            }
        }
        for errand in errands.values { errand.task.cancel() }
        for errand in errands.values { await errand.end() }
    }

    private func courier(_ notification: NotificationPolicy) -> NoticeCourier {
        NoticeCourier(
            notification, reader: reader, journal: journal, began: began, marks: marks, caller: caller, board: board,
            pace: pace, now: now, log: log)
    }
}
