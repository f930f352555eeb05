import ArgumentParser
import Daemon
import Foundation
import Scheduling

/// What every lever takes.
struct LeverOptions: ParsableArguments {
    @Option(help: "Why: it stands in the journal, and wherever the lever shows. Needed for what can do harm.")
    var reason: String?
    @Option(help: "table for people, json for programs.") var format = Status.Format.table
    @OptionGroup var daemon: DaemonOptions
}

/// A verb that pulls one lever.
protocol LeverVerb: AsyncParsableCommand {
    var options: LeverOptions { get }
    var document: ActionDocument { get }
}

extension LeverVerb {
    func run() async throws { try await options.pull(document) }
}

extension LeverOptions {
    /// Pulls the lever, and prints what it came to.
    func pull(_ order: ActionDocument) async throws {
        let connection = try daemon.connection()
        var document = order
        document.reason = reason
        let answer: DaemonConnection.ActionAnswer
        do throws(DaemonConnection.Failure) {
            answer = try await connection.act(document, key: UUID().uuidString)
        } catch {
            throw Refusal(error, address: connection.address)
        }
        switch format {
        case .json: print(answer.json)
        case .table:
            let until = answer.document.until.map { ", until \($0)" } ?? ""
            let undo = answer.document.undo.map { "\n  undo: \($0.plain)" } ?? ""
            print(answer.document.text.plain + until.plain + undo)
        }
        // Something of it was refused.
        if !answer.document.left.isEmpty { throw ExitCode(Refusal.Kind.refused.rawValue) }
    }
}

private let nodeHelp: ArgumentHelp = "cluster/node, or the node alone where that is unambiguous."
private let runHelp: ArgumentHelp = "A run's id, or its policy's name where one run of it is active."

/// `nagi hold`
struct HoldVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Hands off a node: it stays as it is, and no run takes it further.",
        discussion: """
            Without --mode for four hours. With --mode the node is kept at least at that mode, within the budget of its
            cluster; --mode normal opens it and keeps it open.

              nagi hold node-01 --reason "disk swap"
              nagi hold node-01 --mode block_new_session --for 2h --reason "disk swap"
            """)
    @Argument(help: nodeHelp) var node: String
    @Option(help: "normal, block_new_session or block_new_connection.") var mode: String?
    @Option(name: .customLong("for"), help: "How long: 90m, 4h, or ever.") var length: String?
    @Option(help: "Until when, instead of --for: RFC 3339, or local time of the policies' zone.") var until: String?
    @Flag(help: "Also where the cluster's budget has no room.") var force = false
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.hold)
        (document.node, document.mode, document.for, document.until) = (node, mode, length, until)
        document.force = force ? true : nil
        return document
    }
}

/// `nagi release`
struct ReleaseVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Open a node: end holds, claims and what a failure left behind.",
        discussion: """
            It is opened as soon as that is safe. What somebody else blocked stays blocked. With --all everything is
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

    var document: ActionDocument {
        var document = ActionDocument(.release)
        document.node = node
        document.all = all ? true : nil
        document.force = force ? true : nil
        return document
    }
}

/// `nagi pause`
struct PauseVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop a run, or everything: no further node, no command.",
        discussion: """
            Blocks that stand are kept up; verifying and restoring go on. Without RUN it holds the whole daemon, also runs
            that begin later.

              nagi pause --reason "calls drop in Osaka"
              nagi pause sora-upgrade --restore --reason "wrong package"
            """)
    @Argument(help: runHelp) var run: String?
    @Flag(help: "Also give back every node on which no disruptive step has begun.") var restore = false
    @Option(name: .customLong("for"), help: "How long: 90m, 4h. Default: until nagi resume.") var length: String?
    @Option(help: "Until when, instead of --for: RFC 3339, or local time of the policies' zone.") var until: String?
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.pause)
        (document.run, document.for, document.until) = (run, length, until)
        document.restore = restore ? true : nil
        return document
    }
}

/// `nagi resume`
struct ResumeVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a run go on, or everything.",
        discussion: """
            Without RUN it lifts the pause of everything, and that of no run. A run that failures paused goes on to one
            failure more.

              nagi resume
              nagi resume sora-upgrade
            """)
    @Argument(help: runHelp) var run: String?
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.resume)
        document.run = run
        return document
    }
}

/// `nagi abort`
struct AbortVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "End a run: give back what can be given back, finish what cannot.",
        discussion: """
              nagi abort sora-upgrade --reason "wrong package"
            """)
    @Argument(help: runHelp) var run: String
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.abort)
        document.run = run
        return document
    }
}

/// `nagi approve`
struct ApproveVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Say the word that a run waits for: its canary is good.",
        discussion: """
              nagi approve sora-upgrade
            """)
    @Argument(help: runHelp) var run: String
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.approve)
        document.run = run
        return document
    }
}

/// `nagi skip`
struct SkipVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Let a run go on without a node.",
        discussion: """
            A node that failed after a disruptive step stays shut until nagi release.

              nagi skip sora-upgrade node-02 --reason "bad disk"
            """)
    @Argument(help: runHelp) var run: String
    @Argument(help: nodeHelp) var node: String
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.skip)
        (document.run, document.node) = (run, node)
        return document
    }
}

/// `nagi retry`
struct RetryVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Let a failed node go on from its failed step.",
        discussion: """
            Also after its run has ended, as long as the node is kept shut. What was given back or skipped is queued once
            more, while its run is active.

              nagi retry sora-upgrade node-02
            """)
    @Argument(help: "The run in which it failed, or its policy.") var run: String
    @Argument(help: nodeHelp) var node: String
    @Flag(help: "Also where somebody holds the node: that hold ends.") var force = false
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.retry)
        (document.run, document.node) = (run, node)
        document.force = force ? true : nil
        return document
    }
}

/// `nagi force`
struct ForceVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "force", abstract: "Let the next node of a run start in spite of a window, a freeze or a gate.",
        discussion: """
            Through its whole sequence; then the word is used up. Quorum and budget always count.

              nagi force sora-upgrade --ignore exclusion --reason "security fix"
            """)
    @Argument(help: runHelp) var run: String
    @Option(help: "window, exclusion or gate.") var ignore: String
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.force)
        (document.run, document.ignore) = (run, ignore)
        return document
    }
}

/// `nagi start`
struct StartVerb: LeverVerb {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Run a rollout's revision once more.",
        discussion: """
              nagi start sora-upgrade
            """)
    @Argument(help: "The rollout's name.") var policy: String
    @OptionGroup var options: LeverOptions

    var document: ActionDocument {
        var document = ActionDocument(.start)
        document.policy = policy
        return document
    }
}
