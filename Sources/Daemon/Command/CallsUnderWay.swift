import Scheduling
import Synchronization

/// Calls that are under way, so that each can be ended by its id.
final class CallsUnderWay: Sendable {
    private typealias Call = Task<(outcome: CommandOutcome, isGivenUp: Bool), Never>

    private let tasks = Mutex<[CommandID: Call]>([:])
    private let wanted: WantedCommands

    init(_ wanted: WantedCommands) {
        self.wanted = wanted
    }

    /// What became of the call; nil if the daemon stops before anybody knows.
    func outcome(of id: CommandID, _ call: @escaping @Sendable () async -> CommandOutcome) async -> CommandOutcome? {
        let begun = tasks.withLock { tasks -> Call? in
            guard !wanted.isToEnd(id) else { return nil }
            let task = Task {
                let outcome = await call()
                return (outcome: outcome, isGivenUp: Task.isCancelled && !outcome.isWhatCame)
            }
            tasks[id] = task
            return task
        }
        guard let task = begun else { return .neverBegan }
        let end = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        tasks.withLock { $0[id] = nil }
        guard end.isGivenUp else { return end.outcome }
        guard wanted.isToEnd(id) else { return nil }
        // How many calls were ended until then is known.
        if case .terminated = end.outcome { return end.outcome }
        return .stopped
    }

    /// It is not waited for any more, once it is said that it is to end; what was sent cannot be taken back.
    func stop(_ id: CommandID) { tasks.withLock { $0[id] }?.cancel() }
}

extension CommandOutcome {
    /// It says how it was, also where somebody gave the call up meanwhile.
    fileprivate var isWhatCame: Bool {
        switch self {
        case .answered, .terminated(_, left: 0, _), .notStarted, .neverBegan: true
        case .terminated, .noAnswer, .exited, .signalled, .timedOut, .stopped, .interrupted: false
        }
    }
}
