import ArgumentParser
import Daemon

/// `nagi explain`
struct ExplainVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why a node or a run is as it is, what it waits for, and what can be typed.",
        discussion: """
            With --at it answers out of the journal, folded up to that instant: what decides is in there. What does not, \
            such as whether a node that is blocked was ready, is not said of the past.

              nagi explain node-03
              nagi explain sora-upgrade
              nagi explain node-02 --at 02:20
            """)
    @Argument(
        help: """
            A node (cluster/node, or the node alone where that is unambiguous; a part of its name will do), a run, or a \
            policy.
            """)
    var name: String
    @Option(help: "An instant of the past: RFC 3339, local time of the policies' zone, or 02:20 for the last time.")
    var at: String?
    @Option(help: "table for people, json for programs.") var format = Status.Format.table
    @OptionGroup var daemon: DaemonOptions

    private func show(_ text: String) {
        print(ExplainText.folded(text, width: TerminalWindow.terminal.width))
    }

    func run() async throws {
        let connection = try daemon.connection()
        let explained: DaemonConnection.Explained
        do throws(DaemonConnection.Failure) {
            explained = try await connection.explain(name, at: at)
        } catch {
            throw Refusal(error, of: connection, daemon, format)
        }
        /// Of the past the instant is said.
        func asked(_ instant: String) -> String {
            at == nil ? "" : "As the journal knew it, \(ShownInstant.whole(instant).plain):\n"
        }
        switch (explained, format) {
        case (.node(_, let json), .json), (.run(_, let json), .json), (.policy(_, let json), .json): print(json)
        case (.node(let document, _), .table): show(asked(document.at) + ExplainText.text(document))
        case (.run(let document, _), .table): show(asked(document.at) + ExplainText.text(document))
        case (.policy(let document, _), .table): show(asked(document.at) + ExplainText.text(document))
        }
    }
}
