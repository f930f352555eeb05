import Scheduling
import Synchronization

/// Calls that are under way, so that each can be ended by its id.
final class CallsUnderWay: Sendable {
    private typealias Call = Task<(outcome: CommandOutcome, isGivenUp: Bool), Never>

    private struct State {
        var tasks: [CommandID: Call] = [:]
        /// Those that are to end, or never to begin.
        var stopped: Set<CommandID> = []
    }

    private let state = Mutex(State())

    /// What became of the call; nil if the daemon stops before anybody knows.
    func outcome(of id: CommandID, _ call: @escaping @Sendable () async -> CommandOutcome) async -> CommandOutcome? {
        let begun = state.withLock { state -> Call? in
            guard !state.stopped.contains(id) else { return nil }
            let task = Task {
                let outcome = await call()
                return (outcome: outcome, isGivenUp: Task.isCancelled && !outcome.isWhatCame)
            }
            state.tasks[id] = task
            return task
        }
        guard let task = begun else { return .neverBegan }
        let end = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        let isStopped = state.withLock { state in
            state.tasks[id] = nil
            return state.stopped.contains(id)
        }
        guard end.isGivenUp else { return end.outcome }
        return isStopped ? .stopped : nil
    }

    /// It is not waited for any more; what was sent cannot be taken back.
    func stop(_ id: CommandID) {
        let task = state.withLock { state in
            state.stopped.insert(id)
            return state.tasks[id]
        }
        task?.cancel()
    }
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
