import Synchronization

/// How far the journal has come, for whoever wants to know more than that: it is told that there is something new, and
/// reads what. A listener that is slow is told once of many records.
package final class JournalGrowth: Sendable {
    private struct State {
        var last: Int64 = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var tickets = 0
    }

    /// Tells until it is gone.
    package final class Listener: Sendable {
        package let news: AsyncStream<Void>
        private let told: AsyncStream<Void>.Continuation
        private let ticket: Int
        private let growth: JournalGrowth

        fileprivate init(_ growth: JournalGrowth) {
            self.growth = growth
            (news, told) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
            ticket = growth.join(told)
        }

        /// As if the journal had grown.
        package func nudge() { told.yield() }

        deinit { growth.leave(ticket) }
    }

    private let state = Mutex(State())

    /// The sequence number of the latest durable record.
    package var last: Int64 { state.withLock { $0.last } }

    package func listen() -> Listener { Listener(self) }

    func note(_ seq: Int64) {
        let listeners = state.withLock { state in
            state.last = seq
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield() }
    }

    private func join(_ listener: AsyncStream<Void>.Continuation) -> Int {
        state.withLock { state in
            state.tickets += 1
            state.listeners[state.tickets] = listener
            return state.tickets
        }
    }

    private func leave(_ ticket: Int) { state.withLock { $0.listeners[ticket] = nil } }
}
