import ArgumentParser
import Daemon
import Foundation

/// `nagi status`
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show every node: its mode, what is wanted of it, and what it waits for.",
        discussion: """
            On a terminal it is coloured and fits the width; NO_COLOR and COLUMNS are heeded. Queued nodes and runs that \
            are over are summed up, with --all each is listed. Long names are shortened: nagi explain takes what is shown \
            of one and tells the whole. In a pipe nothing is shortened or folded.

              nagi status
              nagi status --watch
              nagi status --format json | jq '.clusters[].nodes[].verdict'

            --check shows only what needs a person, and what to type: a failed node that is kept shut, a rollout that has \
            failed, an alarm, more nodes out of service than the budget allows, a run that paused itself, a pause that \
            somebody forgot for four hours, a word that is waited for, a reload that was refused, notices that nobody took. \
            Exit code 1 where there is something, 0 where there is not, 3 where no daemon answers.

              nagi status --check || page-somebody
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Option(help: "table for people, json for programs.") var format = Format.table
    @Flag(help: "Show it again every second, until Ctrl-C.") var watch = false
    @Flag(help: "Show only what needs a person; exit code 1 where something does.") var check = false
    @Flag(help: "List every queued node and every run that is remembered.") var all = false
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if watch, check { throw ValidationError("--watch and --check do not go together") }
        if watch, format == .json { throw ValidationError("--watch is for people: it has no json") }
        if watch, !TerminalWindow.isThere {
            throw ValidationError("--watch needs a terminal, and this output is none: nagi status shows it once")
        }
    }

    func run() async throws {
        if watch { return await StatusWatch(daemon: daemon, showsAll: all).run() }
        let connection = try daemon.connection()
        let answer: DaemonConnection.StatusAnswer
        do throws(DaemonConnection.Failure) {
            answer = try await connection.status()
        } catch {
            throw Refusal(error, of: connection, daemon, format)
        }
        let document = answer.document
        guard check else {
            switch format {
            case .table: print(StatusTable(document, on: TerminalWindow.terminal, showsAll: all).text)
            case .json: print(answer.json)
            }
            return
        }
        let needed = Attention.needed(by: document)
        switch format {
        case .table: print(AttentionTable(needed, at: document.at, on: TerminalWindow.terminal).text)
        case .json: print(jsonText(CheckAnswer(ok: needed.isEmpty, needed: needed)))
        }
        guard needed.isEmpty else { throw ExitCode(1) }
    }

    private struct CheckAnswer: Encodable {
        var ok: Bool
        var needed: [Attention]
    }
}

/// How a verb finds the daemon that it talks to.
struct DaemonOptions: ParsableArguments {
    @Option(help: "Where the daemon listens. Default: $NAGI_ADDRESS, what the state directory says, or 127.0.0.1:8787.")
    var address: String?
    @Option(help: "The daemon's state directory, for its token.") var state: String?

    /// `http://127.0.0.1:8787/`, as the daemon's log says it, is an address too.
    private static func withoutScheme(_ text: String) -> String {
        guard text.hasPrefix("http://") else { return text }
        let rest = text.dropFirst("http://".count)
        return String(rest.hasSuffix("/") ? rest.dropLast() : rest)
    }

    func connection() throws -> DaemonConnection {
        let environment = ProcessInfo.processInfo.environment
        let directory = StateDirectory(path: state ?? StateDirectory.standardPath(environment: environment))
        do {
            let written = try address ?? environment["NAGI_ADDRESS"] ?? directory.address()
            let address = try written.map { text in try ListenAddress(Self.withoutScheme(text)) } ?? .standard
            // The token is for a daemon, not for whoever listens where one used to.
            let token = directory.isInUse ? try directory.existingToken() : nil
            return DaemonConnection(address: address, token: token)
        } catch let fault as ListenAddress.Fault {
            throw Refusal(.usage, "--address: \(fault)")
        } catch let error as StateError {
            throw Refusal(.refused, "\(error)")
        }
    }
}

extension DaemonOptions {
    /// Where address and token were looked for.
    var directory: String { state ?? StateDirectory.standardPath(environment: ProcessInfo.processInfo.environment) }
}

extension Refusal {
    /// - Parameter format: for programs it is an object as the API writes it.
    init(
        _ failure: DaemonConnection.Failure, of connection: DaemonConnection, _ daemon: DaemonOptions,
        _ format: Status.Format = .table
    ) {
        let address = connection.address
        let code: String
        var plain: String?
        switch failure {
        case .unreachable(let reason):
            code = "unreachable"
            let isThere = reason.hasPrefix("no answer in time")
            self.init(
                .unreachable, "no daemon answers on \(address): \(reason)",
                hint: isThere
                    ? "something listens there and hangs: look at the daemon's log, or start it again"
                    : "start one: nagi daemon PATH · one with its own state directory: --state or NAGI_STATE (looked in "
                        + "\(daemon.directory.plain)) · another address: --address or NAGI_ADDRESS")
        case .refused(let word, let message, let hint):
            code = word
            plain = message.plain
            let isUsage = ["incomplete", "invalid-value"].contains(word)
            let flag = word == "invalid-value" ? Self.flag(message) : nil
            self.init(
                isUsage ? .usage : .refused, flag.map { "\($0.plain)" } ?? "refused: \(message.plain)",
                hint: hint?.plain)
        case .noToken:
            code = "token-missing"
            self.init(
                .refused, "no daemon uses this state directory: there is no token for the one that answers",
                hint: "give the daemon's with --state or NAGI_STATE (looked in \(daemon.directory.plain))")
        case .badAnswer(let reason):
            code = "not-nagi"
            self.init(
                .unreachable, "what answers on \(address) is not a nagi daemon: \(reason.plain)",
                hint: "another address: --address or NAGI_ADDRESS")
        }
        if format == .json { json = jsonText(ErrorAnswer(code, plain ?? message, hint: hint)) }
    }

    /// `for: "yesterday" is not …` as the shell knows it: `--for: …`; nil where it is about no value.
    private static func flag(_ message: String) -> String? {
        guard let colon = message.firstIndex(of: ":"), message[colon...].hasPrefix(": \""),
            message[..<colon].allSatisfy({ $0.isLetter && $0.isASCII })
        else { return nil }
        return "--" + message
    }
}
