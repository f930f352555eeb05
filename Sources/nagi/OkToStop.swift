import ArgumentParser
import Daemon
import PolicyFile
import Primitives
import Scheduling

/// `nagi ok-to-stop`
struct OkToStopVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ok-to-stop", abstract: "Ask whether nodes may be stopped now, and reserve them.",
        discussion: """
            For whoever does the work without a policy. It changes no mode: the calls of the nodes are theirs who stop them. \
            Exit code 0: yes; 1: no, with all that stands in the way. With --reserve they count as out of service for so \
            long and are left alone (4: refused); nagi resume NODE gives one back before.

              nagi ok-to-stop node-01 --max 3
              nagi ok-to-stop node-01 node-02 --reserve 2h --reason "disk swap"
            """)
    @Argument(help: "cluster/node, or the node alone where that is unambiguous.") var nodes: [String]
    @Option(help: "Also look for further nodes that may go with them, up to so many in all.") var max: Int?
    @Option(help: "For how long they are taken: 90m, 4h.") var reserve: String?
    @OptionGroup var options: LeverOptions

    func validate() throws {
        // A script whose variable is empty asks about nothing.
        if nodes.contains(where: { $0.allSatisfy(\.isWhitespace) }) { throw ValidationError("A node's name is empty.") }
        if reserve != nil, max != nil { throw ValidationError("--max and --reserve do not go together.") }
        if let reserve, Duration(reserve) == nil {
            throw ValidationError("--reserve: \"\(reserve)\" is no length like 90m or 4h")
        }
    }

    func run() async throws {
        if let reserve {
            var document = ActionDocument(.reserve)
            (document.nodes, document.for) = (nodes, reserve)
            return try await options.pull(document)
        }
        let connection = try options.daemon.connection()
        let answer: (document: StopDocument, json: String)
        do throws(DaemonConnection.Failure) {
            answer = try await connection.okToStop(nodes, most: max)
        } catch {
            throw Refusal(error, of: connection, options.daemon, options.format)
        }
        switch options.format {
        case .json: print(answer.json)
        case .table:
            let text = ExplainText.text(answer.document, at: HostClock.now().wall)
            print(ExplainText.folded(text, width: TerminalWindow.terminal.width))
        }
        if !answer.document.ok { throw ExitCode(Refusal.Kind.no.rawValue) }
    }
}
