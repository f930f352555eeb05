import Primitives
import Scheduling
import Synchronization

/// Takes webhooks of nodes: each brings the next read of its node forward, to four a second at the most, however many come.
/// What comes in between is one hint at the end of the quarter of a second: the last of them is not lost.
///
/// It holds one entry for each node that was named within that time, and asks before whether there may be such a node.
package final class HookDesk: Sendable {
    static let pause = Duration.milliseconds(250)

    /// Of a cluster; nil: it takes none.
    let secret: @Sendable (String) -> SharedSecret?
    private let mayKnow: @Sendable (NodeID) -> Bool
    private let post: @Sendable (NodeID) -> Void
    private let after: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void
    /// Nodes that were hinted at just now, and whether more came since.
    private let recent = Mutex<[NodeID: Bool]>([:])

    /// - Parameters:
    ///   - post: tells that the node is worth a look.
    ///   - after: calls the closure once, when so much time is over.
    package init(
        secret: @escaping @Sendable (String) -> SharedSecret?, mayKnow: @escaping @Sendable (NodeID) -> Bool,
        post: @escaping @Sendable (NodeID) -> Void,
        after: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void
    ) {
        self.secret = secret
        self.mayKnow = mayKnow
        self.post = post
        self.after = after
    }

    package func take(_ node: NodeID) {
        guard mayKnow(node) else { return }
        let isFirst = recent.withLock { recent in
            let isFirst = recent[node] == nil
            recent[node] = !isFirst
            return isFirst
        }
        if isFirst { hint(node) }
    }

    private func hint(_ node: NodeID) {
        post(node)
        after(Self.pause) { [self] in
            let hasMore = recent.withLock { recent in
                let hasMore = recent[node] == true
                recent[node] = hasMore ? false : nil
                return hasMore
            }
            if hasMore { hint(node) }
        }
    }
}
