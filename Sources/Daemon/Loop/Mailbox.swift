import Synchronization

/// A queue with many writers and one reader that takes all there is at once.
///
/// It holds at most one message per read, send, command and timer under way, a few hints for each node, and what a few callers
/// post.
final class Mailbox<Message: Sendable>: Sendable {
    /// Nil: nobody takes anything any more.
    private let messages = Mutex<[Message]?>([])
    private let bell: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation

    init() {
        (bell, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// - Returns: whether somebody will take it.
    @discardableResult
    func post(_ message: Message) -> Bool {
        let isOpen = messages.withLock { messages in
            messages?.append(message)
            return messages != nil
        }
        ringer.yield()
        return isOpen
    }

    /// - Returns: what nobody has taken.
    func close() -> [Message] {
        messages.withLock { messages in
            defer { messages = nil }
            return messages ?? []
        }
    }

    /// Everything posted so far, in order; waits while there is nothing. Empty only when the task is cancelled.
    func take() async -> [Message] {
        while true {
            let taken = messages.withLock { messages in
                let taken = messages ?? []
                if messages != nil { messages = [] }
                return taken
            }
            if !taken.isEmpty { return taken }
            var iterator = bell.makeAsyncIterator()
            guard await iterator.next() != nil else { return [] }
        }
    }
}
