import ArgumentParser
import Daemon
import PolicyFile

@main
struct Nagi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Schedules the mode of the nodes of an SFU cluster by policies.",
        discussion: """
            Start with policies in a directory, check them, and let a daemon act on them:

              nagi check policies
              nagi daemon policies
              nagi status
            """,
        version: Version.text,
        subcommands: [
            Check.self, PreflightVerb.self, PlanVerb.self, Diff.self, SchemaVerb.self, StartDaemon.self, Status.self,
            Runs.self, History.self, Reload.self,
            HoldVerb.self, ReleaseVerb.self, PauseVerb.self, ResumeVerb.self, AbortVerb.self, ApproveVerb.self,
            SkipVerb.self, RetryVerb.self, ForceVerb.self, StartVerb.self, OkToStopVerb.self, ExplainVerb.self,
            ServeModes.self,
            Version.self, ExecStepVerb.self,
        ])

    static func main() async {
        do {
            let arguments = Array(CommandLine.arguments.dropFirst())
            try checkVerb(arguments)
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Exit.end(with: error)
        }
    }

    /// A first word that is no verb would only be called unexpected.
    private static func checkVerb(_ arguments: [String]) throws {
        let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        guard let word = words.first, !word.hasPrefix("-"), word != "help" else { return }
        let verbs = configuration.subcommands
        guard !verbs.contains(where: { $0._commandName == word }) else { return }
        let shown = verbs.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
        let meant = wordsOfOthers[word.lowercased()] ?? nearest(to: word, among: shown)
        throw Refusal(
            .usage, "nagi has no verb \"\(word)\"".plain,
            hint: meant.map { "did you mean nagi \($0)?" } ?? "nagi --help lists them")
    }

    /// What other tools call it.
    private static let wordsOfOthers = [
        "apply": "reload", "cordon": "hold", "drain": "hold", "get": "status", "lint": "check", "log": "history",
        "logs": "history", "promote": "approve", "ps": "status", "uncordon": "release", "undrain": "release",
        "unpause": "resume", "validate": "check", "why": "explain",
    ]
}
