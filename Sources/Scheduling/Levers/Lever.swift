import ModeCore
import Primitives

/// What an operator does by hand, about nodes and runs that exist.
package enum Lever: Hashable, Sendable, Codable {
    case hold(NodeID, Hold.Wish, until: Timestamp?)
    case release(NodeID)
    /// Everything that is nagi's, but for nodes on which a command runs; and a pause of everything.
    case releaseAll
    /// Those nodes count as out of service and are left alone: the asker may take them.
    case reserve([NodeID], until: Timestamp)
    case pause(RunID?, givesBack: Bool, until: Timestamp?)
    case resume(RunID?)
    /// Ends a person's hold of it, and nothing else.
    case resumeNode(NodeID)
    case abort(RunID)
    /// Of one node, or of all that wait in the run now.
    case approve(RunID, NodeID?)
    case skip(RunID, NodeID)
    case retry(RunID, NodeID)
    case force(RunID, Ignorable)
    case start(policy: String)

    /// It comes to nothing where nothing is sent and no command is run.
    package var changesNodes: Bool {
        switch self {
        case .hold(_, .handsOff, _), .reserve, .pause, .resume, .abort, .approve, .force, .start: false
        case .hold, .release, .releaseAll, .resumeNode, .skip, .retry: true
        }
    }

    /// That it is about; nil: about none.
    var run: RunID? {
        switch self {
        case .pause(let run, _, _), .resume(let run): run
        case .abort(let run), .approve(let run, _), .skip(let run, _), .retry(let run, _), .force(let run, _): run
        case .hold, .release, .releaseAll, .reserve, .resumeNode, .start: nil
        }
    }

    package var action: LeverOrder.Action {
        switch self {
        case .hold: .hold
        case .release, .releaseAll: .release
        case .reserve: .reserve
        case .pause: .pause
        case .resume, .resumeNode: .resume
        case .abort: .abort
        case .approve: .approve
        case .skip: .skip
        case .retry: .retry
        case .force: .force
        case .start: .start
        }
    }
}

/// A lever as it was asked for, with names as they were written.
package struct LeverOrder: Hashable, Sendable, Codable {
    package enum Action: String, Hashable, Sendable, Codable, CaseIterable {
        case hold, release, reserve, pause, resume, abort, approve, skip, retry, force, start
    }

    package var action: Action
    /// `cluster/node`, or the node alone where that is unambiguous.
    package var node: String?
    /// Of `reserve`.
    package var nodes: [String] = []
    /// A run's id, or its policy's name where a run of it is active.
    package var run: String?
    /// Of `resume`: a run or a node, whichever is called so.
    package var target: String?
    package var policy: String?
    /// What `force` is to ignore.
    package var ignored: Ignorable?
    /// Every node, instead of one.
    package var isOfAll = false
    package var mode: RequestableMode?
    package var until: Timestamp?
    /// From the moment at which it is pulled, instead of `until`: the same order stays the same when it is given again.
    package var length: Duration?
    /// No end is wanted, where one is asked for otherwise.
    package var isForEver = false
    package var givesBack = false
    package var isForced = false
    package var reason = ""

    package init(_ action: Action) {
        self.action = action
    }
}

/// An order, who gave it, and the key that makes giving it twice the same as giving it once.
package struct Pull: Hashable, Sendable, Codable {
    package var order: LeverOrder
    package var actor: String
    package var key: String?

    package init(_ order: LeverOrder, by actor: String, key: String? = nil) {
        self.order = order
        self.actor = actor
        self.key = key
    }
}

/// A lever that was pulled, and what it came to.
package struct PulledLever: Hashable, Sendable, Codable {
    /// Counted from 1.
    package var id: Int
    package var pull: Pull
    package var lever: Lever
    package var answer: LeverAnswer

    /// About so many bytes of text: an order may name a thousand nodes, and so does its answer.
    var size: Int {
        let order = pull.order.nodes.reduce(pull.order.reason.utf8.count) { $0 + $1.utf8.count }
        let undo = answer.undo?.utf8.count ?? 0
        // The lever has the nodes of the order too, by their whole names.
        return order * 2 + answer.text.utf8.count + undo + answer.left.reduce(0) { $0 + $1.name.utf8.count }
    }
}

package struct LeverAnswer: Hashable, Sendable, Codable {
    package var id: Int
    package var action: LeverOrder.Action
    /// What it did.
    package var text: String
    /// How long that lasts; nil: until somebody says otherwise.
    package var until: Timestamp?
    /// What takes it back; nil: nothing does.
    package var undo: String?
    /// What it left out, as it may not be touched now.
    package var left: [NodeID] = []

    package init(
        id: Int, action: LeverOrder.Action, text: String, until: Timestamp? = nil, undo: String? = nil,
        left: [NodeID] = []
    ) {
        self.id = id
        self.action = action
        self.text = text
        self.until = until
        self.undo = undo
        self.left = left
    }
}

/// Why a lever was not pulled, and what to do instead. Nothing has changed.
package struct LeverRefusal: Error, Hashable, Sendable, Codable {
    package enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        case unknownNode = "unknown-node"
        case unknownRun = "unknown-run"
        case unknownPolicy = "unknown-policy"
        case ambiguous
        /// The order lacks something, or has too much.
        case incomplete
        /// There is nothing for it to do.
        case nothingToDo = "nothing-to-do"
        case commandRunning = "command-running"
        case overBudget = "over-budget"
        /// Not now: a freeze, a pause, a clock that jumped, a cluster that was not read yet.
        case notNow = "not-now"
        /// Another person's word stands on the node, or another run has it.
        case nodeTaken = "node-taken"
        case keyUsed = "key-used"
        /// The daemon is stopping, or cannot write its journal.
        case unavailable
    }

    package var code: Code
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
