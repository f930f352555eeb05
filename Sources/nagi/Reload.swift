import ArgumentParser
import Daemon
import Glibc

/// `nagi reload`
struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Have the daemon read its policies again, and show what that changes.",
        discussion: """
            Wrong policies change nothing: exit code 4, with every reason. What the new ones change over the next two weeks \
            is shown first; on a terminal you are asked then, unless --confirm is given. A set without any policy is taken only with --confirm. Certificates and secrets are read \
            again too: what cannot be used is named (exit code 1), and certificates that were read before stay in use.

              nagi reload --dry-run
              nagi reload
            """)

    @Flag(help: "Ask nothing, and take also what leaves no policy.") var confirm = false
    @Flag(help: "Say what it would change, and change nothing.") var dryRun = false
    @Option(help: "table for people, json for programs.") var format = Status.Format.table
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        let connection = try daemon.connection()
        var shown: String?
        // What is refused is asked for once more below, so that the daemon tells of it.
        if !dryRun, format == .table, let trial = try? await ask(connection, dryRun: true).document,
            trial.outcome == "would-be-taken"
        {
            show(trial)
            shown = trial.after
            try askToTake()
        }
        let answer = try await ask(connection, dryRun: dryRun)
        switch format {
        case .json: print(answer.json)
        case .table: show(answer.document, isKnown: shown == answer.document.after)
        }
        let faults = answer.document.faults ?? []
        guard faults.isEmpty else { throw Refusal(.no, faults.map { "not used: \($0)".plain }.joined(separator: "\n")) }
    }

    /// Asks whoever sits at a terminal; throws where the answer is not yes.
    private func askToTake() throws {
        guard !confirm, isatty(STDIN_FILENO) == 1, TerminalWindow.isThere else { return }
        print("take them? [y/N] ", terminator: "")
        fflush(nil)
        guard ["y", "yes"].contains((readLine() ?? "").lowercased()) else {
            throw Refusal(.no, "not taken: the policies in force stay")
        }
    }

    private func ask(
        _ connection: DaemonConnection, dryRun: Bool
    ) async throws -> DaemonConnection.Answer<ReloadDocument> {
        do throws(DaemonConnection.Failure) {
            return try await connection.reload(ReloadRequest(confirm: confirm, dryRun: dryRun))
        } catch {
            // Each reason has its own lines.
            if case .refused("policies-refused", let message, let hint) = error {
                let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(\.plain)
                var refusal = Refusal(error, of: connection, daemon, format)
                refusal.message = "refused: " + lines.joined(separator: "\n")
                refusal.hint = hint?.plain
                throw refusal
            }
            throw Refusal(error, of: connection, daemon, format)
        }
    }

    /// - Parameter isKnown: the difference was shown before.
    private func show(_ document: ReloadDocument, isKnown: Bool = false) {
        let change = [document.before, document.after].compactMap(\.self).joined(separator: " → ")
        switch document.outcome {
        case "unchanged":
            let isAll = document.text.isEmpty && (document.faults ?? []).isEmpty
            print("\(isAll ? "nothing has" : "the policies have not") changed: \(document.after)".plain)
        case "taken": print("taken: \(change)".plain)
        default: print("would be taken: \(change)".plain)
        }
        guard !isKnown else { return }
        let width = TerminalWindow.terminal.width
        for line in document.text {
            let shown = line.isEmpty ? "" : "  " + line.plain
            for part in width.map({ TextFold.hanging(shown, width: $0) }) ?? [shown] { print(part) }
        }
    }
}
