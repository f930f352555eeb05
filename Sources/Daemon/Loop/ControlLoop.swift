import NIOCore
import Primitives
import Scheduling

/// Why the loop gave up. Nothing more is sent afterwards: the nodes stay as they are.
package enum LoopFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case journal(JournalError)

    package var description: String {
        switch self {
        case .journal(let error): "\(error)"
        }
    }
}

/// Pumps events into the controller and performs its effects in order. It stamps the moments, and has no opinions.
package final class ControlLoop: Sendable {
    package struct Limits: Hashable, Sendable {
        /// Whole reads of nodes at the same time.
        package var reads = 256
        /// Reads of the mode alone at the same time, beside those.
        package var modeReads = 1024
        /// The longest sleep: the wall clock may jump meanwhile.
        package var sleep = Duration.seconds(30)
        /// How long sends and calls under way are awaited when the daemon stops.
        package var stop = Duration.seconds(5)
        /// Records that may wait for the journal; with more of them, nothing is decided until it has taken some.
        package var undurable = 10_000
        /// The shortest time from one status report to the next while somebody looks at them, and while nobody does.
        package var report = Duration.milliseconds(100)
        package var unwatchedReport = Duration.seconds(1)

        package init() {}
    }

    enum Signal: Sendable {
        case event(Event)
        /// Policies, and how the nodes of their clusters are called.
        case policies(PolicySet, CallSettings, Loading)
        case refused(StatusBoard.RefusedReload)
        case readEnded(ReadScope, Event)
        case sendEnded(Event)
        /// Of a program; nil: it goes on without the daemon.
        case commandEnded(Event?)
        /// Of a call that a stop waits for; nil: nobody knows what became of it.
        case callEnded(Event?)
        /// An operator's order, and whom to tell what became of it.
        case pulled(Pull, Caller)
        /// A question, and whom to tell the answer.
        case asked(Question, Asker)
        /// The batch of records at the journal is durable, or never will be.
        case appended(Result<Void, JournalError>)
        case alarm
        case report
        case stop
        case stopLimit
    }

    /// What is to become of policies, and whom to tell what did.
    struct Loading: Sendable {
        /// Only whether they could come into force.
        var isTrial = false
        /// Somebody means it, whatever the controller has against them.
        var isConfirmed = false
        /// Told once: what stands in their way; empty when they are durably in force.
        var told: @Sendable ([String]) -> Void = { _ in }
    }

    /// Waits for the answer to an order; told once.
    typealias Caller = @Sendable (Result<LeverAnswer, LeverRefusal>) -> Void

    /// Waits for the answer to a question; told once.
    typealias Asker = @Sendable (Result<QuestionAnswer, LeverRefusal>) -> Void

    package let board: StatusBoard
    let keeper: JournalKeeper
    let writer: JournalWriter
    let client: ModeAPIClient
    let executor: StepExecutor
    let limits: Limits
    let log: DaemonLog
    private let mailbox = Mailbox<Signal>()

    package init(
        journal: SQLiteJournal, client: ModeAPIClient, runner: CommandRunner, board: StatusBoard = StatusBoard(),
        limits: Limits = Limits(), log: DaemonLog
    ) {
        self.board = board
        keeper = JournalKeeper(journal) { log($0, .error) }
        writer = JournalWriter(journal, keeper)
        self.client = client
        executor = StepExecutor(runner: runner, client: client)
        self.limits = limits
        self.log = log
    }

    /// Something that happened outside.
    package func post(_ event: Event) { mailbox.post(.event(event)) }

    /// Webhooks of the nodes become hints of this loop.
    package var hooks: HookDesk {
        HookDesk(
            secret: { [client] in client.hookSecret(of: $0) }, mayKnow: { [client] in client.mayKnow($0) },
            post: { [self] in post(.hinted($0)) },
            after: { [client] pause, act in
                client.eventLoop.scheduleTask(in: .nanoseconds(pause.nanoseconds)) { act() }
            })
    }

    /// Puts policies before the controller. Reads the secrets that they name before, on the caller's thread: a file may be
    /// slow, and the loop never waits for one.
    package func load(_ set: PolicySet) { mailbox.post(.policies(set, client.settings(for: set), Loading())) }

    /// The same. Says what the controller has against them; nothing when they are in force, or could be.
    ///
    /// - Parameters:
    ///   - settings: read for that set.
    ///   - isTrial: nothing changes.
    ///   - isConfirmed: whatever it has against them.
    func load(
        _ set: PolicySet, _ settings: CallSettings, isTrial: Bool, isConfirmed: Bool,
        told: @escaping @Sendable ([String]) -> Void
    ) {
        let loading = Loading(isTrial: isTrial, isConfirmed: isConfirmed, told: told)
        let isTaken = mailbox.post(.policies(set, settings, loading))
        if !isTaken { told([ControlLoop.isStopping.message]) }
    }

    /// Policies were read that cannot come into force: shown until others do.
    package func refuse(_ refusal: StatusBoard.RefusedReload) { mailbox.post(.refused(refusal)) }

    /// Hands an operator's order to the controller. Returns when what it did is durable, or that it did nothing.
    package func pull(_ pull: Pull) async -> Result<LeverAnswer, LeverRefusal> {
        await withCheckedContinuation { continuation in
            let isTaken = mailbox.post(.pulled(pull) { continuation.resume(returning: $0) })
            if !isTaken { continuation.resume(returning: .failure(ControlLoop.isStopping)) }
        }
    }

    /// Asks the controller, which decides nothing by it.
    package func ask(_ question: Question) async -> Result<QuestionAnswer, LeverRefusal> {
        await withCheckedContinuation { continuation in
            let isTaken = mailbox.post(.asked(question) { continuation.resume(returning: $0) })
            if !isTaken { continuation.resume(returning: .failure(ControlLoop.isStopping)) }
        }
    }

    package static let isStopping = LeverRefusal(
        .unavailable, "the daemon is stopping", hint: "start it again: nagi daemon PATH")

    /// Ends `run` in order: nothing new is begun, sends and calls under way get a few seconds, programs go on without the daemon.
    package func stop() { mailbox.post(.stop) }

    /// Runs until `stop`, or until the journal fails.
    ///
    /// - Parameters:
    ///   - decider: with the ledger folded from the journal; `started` is its first event.
    ///   - isObserving: it is to send nothing and to run no command.
    package func run(_ decider: some Decider, isObserving: Bool = false) async throws(LoopFailure) {
        let result = await withDiscardingTaskGroup(returning: Result<Void, LoopFailure>.self) { group in
            var pump = Pump(loop: self, mailbox: mailbox, decider: decider)
            do throws(LoopFailure) {
                try pump.process([.event(.started(boot: HostBoot.id(), isObserving: isObserving))], in: &group)
                while !pump.isOver {
                    try pump.process(await mailbox.take(), in: &group)
                }
                group.cancelAll()
                pump.end(.success(()))
                return .success(())
            } catch {
                group.cancelAll()
                pump.end(.failure(error))
                return .failure(error)
            }
        }
        try result.get()
    }
}

extension ControlLoop.Signal {
    /// It waits while nothing is decided.
    var mayDecide: Bool {
        switch self {
        case .event, .policies, .readEnded, .sendEnded, .callEnded, .commandEnded, .pulled, .asked, .alarm: true
        case .refused, .appended, .report, .stop, .stopLimit: false
        }
    }

    /// It says nothing that the next read does not show.
    var isHint: Bool { if case .event(.hinted) = self { true } else { false } }
}
