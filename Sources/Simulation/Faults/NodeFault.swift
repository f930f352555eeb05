import ModeCore
import Primitives

/// What goes wrong with one node, or what people do to it.
package enum NodeFault: Hashable, Sendable {
    /// Restarted by hand; away for so long, joins by itself.
    case nodeRestart(away: Duration)
    /// Stops and never comes back.
    case gone
    /// Cut off from the other nodes of the cluster.
    case isolated(lasting: Duration)
    /// A file operation of the node fails: it blocks itself. Somebody opens it after so long; nil: nobody does.
    case fileFault(lasting: Duration?)
    /// Its calls do not end any more.
    case neverDrains
    case trouble(Trouble, lasting: Duration)

    /// Somebody blocks it by hand, if it is less strict, and takes that back after so long; nil: never.
    case blocked(RequestableMode, lasting: Duration?)
    /// Somebody opens it by hand.
    case opened(Timing)
    /// Somebody sets `block_new_session` where it is `block_new_connection`.
    case loosened
    /// Its address becomes another one; the policies follow after so long.
    case moved(policiesAfter: Duration)
    /// Webhooks, real and forged, one every so often.
    case hints(every: Duration, lasting: Duration)

    /// When somebody acts, beside the daemon's own calls.
    package enum Timing: String, Hashable, Sendable, CaseIterable {
        case anyTime
        /// Right before or right after the node answers a read.
        case beforeRead, afterRead
        /// Between the read before a write and the write.
        case beforeWrite
        /// Right after nagi's write.
        case afterWrite
        /// Right after nagi has closed it for good.
        case afterBlock
    }
}

/// What whoever calls a node comes upon.
package enum Trouble: Hashable, Sendable {
    /// Nothing answers on the node's ports, while its calls go on.
    case unreachable
    /// Accepts and never answers.
    case silent
    /// Answers 500 to everything.
    case failing
    /// One call is accepted and never answered; the others work.
    case hanging(Call)
    /// One call answers 500; the others work.
    case broken(Call)
    /// Every call takes so much longer.
    case slow(by: Duration)

    /// Does what it is told and the answer is lost.
    case answerLost
    /// ChangeMode is done only after its caller has given up, and perhaps after later ones.
    case late
    /// ChangeMode is done, and once more much later.
    case repeated
    /// ChangeMode is answered with 200, and not done.
    case ignored
    /// ChangeMode is refused, 403 or 429.
    case refusing(status: Int)

    /// What its list of members says is not so.
    case lying(Lie)

    /// The calls of one read.
    package enum Call: String, Hashable, Sendable, CaseIterable {
        case mode, stats, list, ready
    }

    package enum Lie: String, Hashable, Sendable, CaseIterable {
        /// Members that nobody else knows.
        case others
        /// More members than a list may have, or as many.
        case thousand
        /// Nobody but itself.
        case alone
        /// Nobody at all.
        case empty
        /// Everybody, without modes.
        case withoutModes
    }
}
