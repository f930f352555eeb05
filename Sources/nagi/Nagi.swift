import ArgumentParser

@main
struct Nagi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Schedules the mode of the nodes of an SFU cluster by policies.",
        discussion: """
            Start with policies in a directory, check them, and let a daemon act on them:

              nagi daemon policies
              nagi status
            """,
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
}
