import NIOCore
import Scheduling

/// Why the loop gave up. Nothing more is sent afterwards: the nodes stay as they are.
public enum LoopFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case journal(JournalError)

    public var description: String {
        switch self {
        case .journal(let error): "\(error)"
        }
    }
}

/// Pumps events into the controller and performs its effects in order. It stamps the moments, and has no opinions.
public final class ControlLoop: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Reads of nodes at the same time.
        public var reads = 256
        /// The longest sleep: the wall clock may jump meanwhile.
        public var sleep = Duration.seconds(30)
        /// How long sends under way are awaited when the daemon stops.
        public var stop = Duration.seconds(5)
        /// The shortest time from one status report to the next.
        public var report = Duration.milliseconds(100)

        public init() {}
    }

    enum Signal: Sendable {
        case event(Event)
        case readEnded(Event)
        case sendEnded(Event)
        case commandEnded(Event?)
        case alarm
        case report
        case stop
        case stopLimit
    }

    public let board: StatusBoard
    let journal: SQLiteJournal
    let client: ModeAPIClient
    let runner: CommandRunner
    let limits: Limits
    let log: @Sendable (String) -> Void
    private let mailbox = Mailbox<Signal>()

    public init(
        journal: SQLiteJournal, client: ModeAPIClient, runner: CommandRunner, board: StatusBoard = StatusBoard(),
        limits: Limits = Limits(), log: @escaping @Sendable (String) -> Void
    ) {
        self.board = board
        self.journal = journal
        self.client = client
        self.runner = runner
        self.limits = limits
        self.log = log
    }

    /// Something that happened outside: policies, hints.
    public func post(_ event: Event) { mailbox.post(.event(event)) }

    /// Ends `run` in order: nothing new is begun, sends under way get a few seconds, commands go on without the daemon.
    public func stop() { mailbox.post(.stop) }

    /// Runs until `stop`, or until the journal fails.
    ///
    /// - Parameter decider: with the ledger folded from the journal; `started` is its first event.
    public func run(_ decider: some Decider) async throws(LoopFailure) {
        let result = await withDiscardingTaskGroup(returning: Result<Void, LoopFailure>.self) { group in
            var pump = Pump(loop: self, mailbox: mailbox, decider: decider)
            do throws(LoopFailure) {
                try pump.process([.event(.started)], in: &group)
                while !pump.isOver {
                    try pump.process(await mailbox.take(), in: &group)
                }
                group.cancelAll()
                pump.end()
                return .success(())
            } catch {
                group.cancelAll()
                pump.end()
                return .failure(error)
            }
        }
        try result.get()
    }
}
