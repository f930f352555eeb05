import ArgumentParser
import Daemon

/// `nagi runs`
struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List runs; with RUN, its nodes and where its time went.",
        discussion: """
            Without RUN those that are at work and the latest that ended. RUN also finds one that ended long ago, by its \
            id, as long as the journal keeps its records.

              nagi runs
              nagi runs sora-upgrade@2025.2.0#1
              nagi runs sora-upgrade --format json | jq .time
            """)

    @Argument(
        help: ArgumentHelp("A run's id, or a policy's name: its run at work, or else its latest.", valueName: "run"))
    var wanted: String?
    @Option(help: "table for people, json for programs.") var format = Status.Format.table
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        let connection = try daemon.connection()
        do throws(DaemonConnection.Failure) {
            if let wanted {
                let answer = try await connection.run(wanted)
                print(format == .json ? answer.json : RunsTable.text(answer.document, on: TerminalWindow.terminal))
            } else {
                let answer = try await connection.runs()
                print(format == .json ? answer.json : RunsTable.text(answer.document, on: TerminalWindow.terminal))
            }
        } catch {
            throw Refusal(error, of: connection, daemon, format)
        }
    }
}
