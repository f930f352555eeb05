import ArgumentParser
import Daemon
import Foundation
import Primitives
import Scheduling

/// What every lever takes.
struct LeverOptions: ParsableArguments {
    @Option(
        help: """
            Why: it stands in the journal, and wherever the lever shows. Needed for what can do harm: release, abort, \
            skip, force, hold --mode, pause --restore, ok-to-stop --reserve.
            """)
    var reason: String?
    @Option(help: "table for people, json for programs.") var format = Status.Format.table
    @OptionGroup var daemon: DaemonOptions
}

/// A verb that pulls one lever, and is called as that is.
protocol LeverVerb: AsyncParsableCommand {
    static var action: LeverOrder.Action { get }
    var options: LeverOptions { get }
    /// Puts its own arguments into the order.
    func fill(_ order: inout ActionDocument)
}

extension LeverVerb {
    static func described(_ abstract: String, _ discussion: String) -> CommandConfiguration {
        CommandConfiguration(commandName: action.rawValue, abstract: abstract, discussion: discussion)
    }

    func run() async throws {
        var order = ActionDocument(Self.action)
        fill(&order)
        // A script whose variable is empty names nothing.
        if let node = order.node, node.allSatisfy(\.isWhitespace) { throw ValidationError("The node's name is empty.") }
        if let target = order.target, target.allSatisfy(\.isWhitespace) { throw ValidationError("The name is empty.") }
        try await options.pull(order)
    }
}

extension LeverOptions {
    /// Pulls the lever, and prints what it came to.
    func pull(_ order: ActionDocument) async throws {
        let connection = try daemon.connection()
        var order = order
        order.reason = reason
        let answer: DaemonConnection.ActionAnswer
        do throws(DaemonConnection.Failure) {
            answer = try await connection.act(order, key: UUID().uuidString)
        } catch {
            throw Refusal(error, of: connection, daemon, format)
        }
        switch format {
        case .json: print(answer.json)
        case .table:
            let until = answer.document.until.map {
                ", until \(ShownInstant($0, at: HostClock.now().wall)?.ahead ?? $0)"
            }
            // A line each, to be copied.
            let undo = (answer.document.undo ?? "").components(separatedBy: "; ").filter { !$0.isEmpty }
            let text = answer.document.text.plain + (until ?? "").plain + undo.map { "\n  undo: \($0.plain)" }.joined()
            print(ExplainText.folded(text, width: TerminalWindow.terminal.width))
        }
        // Something of it was refused.
        if !answer.document.left.isEmpty { throw ExitCode(Refusal.Kind.refused.rawValue) }
    }
}

private let nodeHelp: ArgumentHelp = "cluster/node, or the node alone where that is unambiguous."
private let runHelp: ArgumentHelp = "A run's id, or its policy's name where one run of it is active."

/// `nagi hold`
struct HoldVerb: LeverVerb {
    static let action = LeverOrder.Action.hold
    static let configuration = described(
        "Hands off a node: it stays as it is, and no run takes it further.",
        """
        Without --mode for four hours, if nothing else is said. With --mode the node is kept at least at that mode, within \
        the budget of its cluster; --mode normal opens it and keeps it open. A command that runs there goes on. nagi \
        resume NODE ends it.

          nagi hold node-01 --reason "disk swap"
          nagi hold node-01 --mode block_new_session --for 2h --reason "disk swap"
        """)
    @Argument(help: nodeHelp) var node: String
    @Option(help: "normal, block_new_session or block_new_connection; needs --for or --until.") var mode: String?
    @Option(name: .customLong("for"), parsing: .unconditional, help: "How long: 90m, 4h, or ever.") var length: String?
    @Option(
        help: "Until when, instead of --for: 05:00 for the next time, local time of the policies' zone, or RFC 3339.")
    var until: String?
    @Flag(help: "Also where the cluster's budget has no room.") var force = false
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) {
        (order.node, order.mode, order.for, order.until, order.force) = (node, mode, length, until, force)
    }
}

/// `nagi release`
struct ReleaseVerb: LeverVerb {
    static let action = LeverOrder.Action.release
    static let configuration = described(
        "Open a node: end holds, claims and what a failure left behind.",
        """
        It is opened as soon as that is safe. What somebody else blocked stays blocked. With --all everything is \
        released and everything is paused; a node on which a command runs is left as it is, and told (exit code 4).

          nagi release node-01 --reason "need capacity"
          nagi release --all --reason "calls drop in Osaka"
        """)
    @Argument(help: nodeHelp) var node: String?
    @Flag(help: "Every node, and pause everything.") var all = false
    @Flag(help: "End the command that runs there first. Of a node that nagi only has yet to open: write that off.")
    var force = false
    @OptionGroup var options: LeverOptions

    func validate() throws {
        guard all == (node == nil) else { throw ValidationError("Name a node, or --all.") }
    }

    func fill(_ order: inout ActionDocument) { (order.node, order.all, order.force) = (node, all, force) }
}

/// `nagi pause`
struct PauseVerb: LeverVerb {
    static let action = LeverOrder.Action.pause
    static let configuration = described(
        "Stop a run, or everything: no further node, no command.",
        """
        Blocks that stand are kept up; verifying and restoring go on. Without RUN it holds the whole daemon, also runs \
        that begin later.

          nagi pause --reason "calls drop in Osaka"
          nagi pause sora-upgrade --restore --reason "wrong package"
        """)
    @Argument(help: runHelp) var run: String?
    @Flag(help: "Also give back every node on which no disruptive step has begun.") var restore = false
    @Option(name: .customLong("for"), parsing: .unconditional, help: "How long: 90m, 4h. Default: until nagi resume.")
    var length: String?
    @Option(
        help: "Until when, instead of --for: 05:00 for the next time, local time of the policies' zone, or RFC 3339.")
    var until: String?
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) {
        (order.run, order.for, order.until, order.restore) = (run, length, until, restore)
    }
}

/// `nagi resume`
struct ResumeVerb: LeverVerb {
    static let action = LeverOrder.Action.resume
    static let configuration = described(
        "Let a run go on, a node that is held, or everything.",
        """
        Without a name it lifts the pause of everything, and that of no run. A run that failures paused goes on to one \
        failure more. Of a node it ends the hold or the reservation and nothing else: its run goes on with it where it \
        stopped, while nagi release takes it out of the run and opens it.

          nagi resume
          nagi resume sora-upgrade
          nagi resume node-01
        """)
    @Argument(
        help: ArgumentHelp(
            "A run, by its id or its policy's name where one run of it is active; or a node that is held.",
            valueName: "run-or-node"))
    var target: String?
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { order.target = target }
}

/// `nagi abort`
struct AbortVerb: LeverVerb {
    static let action = LeverOrder.Action.abort
    static let configuration = described(
        "End a run: give back what can be given back, finish what cannot.",
        """
          nagi abort sora-upgrade --reason "wrong package"
        """)
    @Argument(help: runHelp) var run: String
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { order.run = run }
}

/// `nagi approve`
struct ApproveVerb: LeverVerb {
    static let action = LeverOrder.Action.approve
    static let configuration = described(
        "Say the word that a run waits for.",
        """
        Its start, the promotion of its canary, an approval step. Without NODE all that wait in the run now: the answer lists \
        them. A word is about the text that the run pinned: where the policy is edited before the run has begun, another run \
        begins, and asks anew.

          nagi approve sora-upgrade
          nagi approve sora-upgrade node-02
        """)
    @Argument(help: runHelp) var run: String
    @Argument(help: nodeHelp) var node: String?
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { (order.run, order.node) = (run, node) }
}

/// `nagi skip`
struct SkipVerb: LeverVerb {
    static let action = LeverOrder.Action.skip
    static let configuration = described(
        "Let a run go on without a node.",
        """
        A node that failed after a disruptive step stays shut until nagi release.

          nagi skip sora-upgrade node-02 --reason "bad disk"
        """)
    @Argument(help: runHelp) var run: String
    @Argument(help: nodeHelp) var node: String
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { (order.run, order.node) = (run, node) }
}

/// `nagi retry`
struct RetryVerb: LeverVerb {
    static let action = LeverOrder.Action.retry
    static let configuration = described(
        "Let a failed node go on from its failed step.",
        """
        Also after its run has ended, as long as the node is kept shut. What was given back or skipped is queued once \
        more, while its run is active.

          nagi retry sora-upgrade node-02
        """)
    @Argument(help: "The run in which it failed, or its policy.") var run: String
    @Argument(help: nodeHelp) var node: String
    @Flag(help: "Also where somebody holds the node: that hold ends.") var force = false
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { (order.run, order.node, order.force) = (run, node, force) }
}

/// `nagi force`
struct ForceVerb: LeverVerb {
    static let action = LeverOrder.Action.force
    static let configuration = described(
        "Let the next node of a run start in spite of a window, a freeze or a gate.",
        """
        Through its whole sequence; then the word is used up. Quorum and budget always count.

          nagi force sora-upgrade --ignore exclusion --reason "security fix"
        """)
    @Argument(help: runHelp) var run: String
    @Option(help: "window, exclusion or gate.") var ignore: String
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { (order.run, order.ignore) = (run, ignore) }
}

/// `nagi start`
struct StartVerb: LeverVerb {
    static let action = LeverOrder.Action.start
    static let configuration = described(
        "Run a rollout's revision once more.",
        """
        It takes the nodes that are not at the revision yet. While a run of the rollout is active there is no other.

          nagi start sora-upgrade
        """)
    @Argument(help: "The rollout's name.") var policy: String
    @OptionGroup var options: LeverOptions

    func fill(_ order: inout ActionDocument) { order.policy = policy }
}
