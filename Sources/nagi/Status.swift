import ArgumentParser
import Daemon
import Foundation

/// `nagi status`
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show every node: its mode, what is wanted of it, and what it waits for.",
        discussion: """
            Exit code 3 where no daemon answers.

              nagi status
              nagi status --format json | jq '.clusters[].nodes[].verdict'
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Option(help: "table for people, json for programs.") var format = Format.table
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        let connection = try daemon.connection()
        let answer: DaemonConnection.StatusAnswer
        do throws(DaemonConnection.Failure) {
            answer = try await connection.status()
        } catch {
            throw Refusal(error, address: connection.address)
        }
        switch format {
        case .table: print(StatusTable(answer.document).text)
        case .json: print(answer.json)
        }
    }
}

/// How a verb finds the daemon that it talks to.
struct DaemonOptions: ParsableArguments {
    @Option(help: "Where the daemon listens. Default: $NAGI_ADDRESS, what the state directory says, or 127.0.0.1:8787.")
    var address: String?
    @Option(help: "The daemon's state directory, for its token.") var state: String?

    func connection() throws -> DaemonConnection {
        let environment = ProcessInfo.processInfo.environment
        let directory = StateDirectory(path: state ?? StateDirectory.standardPath(environment: environment))
        do {
            let written = try address ?? environment["NAGI_ADDRESS"] ?? directory.address()
            let address = try written.map { text in try ListenAddress(text) } ?? .standard
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

extension Refusal {
    init(_ failure: DaemonConnection.Failure, address: ListenAddress) {
        switch failure {
        case .unreachable(let reason):
            self.init(
                .unreachable, "no daemon answers on \(address): \(reason)",
                hint: "start one: nagi daemon PATH · another address: --address or NAGI_ADDRESS")
        case .refused(let code, let message, let hint):
            let isUsage = ["incomplete", "invalid-value"].contains(code)
            self.init(isUsage ? .usage : .refused, "refused: \(message.plain)", hint: hint?.plain)
        case .noToken:
            self.init(
                .refused, "no daemon uses this state directory: there is no token for the one that answers",
                hint: "give the daemon's with --state or NAGI_STATE")
        case .badAnswer(let reason):
            self.init(.unreachable, "what answers on \(address) is not a nagi daemon: \(reason.plain)")
        }
    }
}
