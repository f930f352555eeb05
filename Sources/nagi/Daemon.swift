import ArgumentParser
import Daemon
import Foundation
import PolicyFile
import Synchronization

/// `nagi daemon PATH`
struct StartDaemon: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "Act on policies until stopped.",
        discussion: """
            Reads the policies, drives the nodes, and answers nagi status. SIGHUP reads the policies again, SIGTERM \
            stops in order and names the nodes that stay shut meanwhile; a new start goes on where the last one was.

              nagi daemon policies --state /var/lib/nagi

            A line of its log has the instant in the policies' zone and a word for who has to act: info nobody, warn \
            nobody yet, error a person.

              nagi daemon policies | tee nagi.log | grep ' error '

            To see first what it would do with a cluster: each node ends with the decision to start it.

              nagi daemon policies --observe-only

            Nodes with `embedded: {}` live inside the daemon and as long as it does; their mode API and signaling \
            listen when every claim on them is in force.

              nagi daemon examples/standalone
            """)

    @Argument(help: ArgumentHelp("File or directory of policies.", valueName: "path")) var path: String
    @Option(help: "Directory for journal and token. Default: $NAGI_STATE, $XDG_STATE_HOME/nagi or ~/.local/state/nagi.")
    var state: String?
    @Flag(help: "Decide, and send nothing and run no command: the journal says what would be done, nothing is used up.")
    var observeOnly = false
    @Flag(
        help: "With --observe-only: also where a daemon that acted has left something undone, which is left as it is.")
    var force = false
    @Option(help: "Loopback address and port of the HTTP API; port 0 takes a free one.") var listen = "127.0.0.1:8787"

    func validate() throws {
        if force, !observeOnly { throw ValidationError("--force goes with --observe-only") }
    }

    func run() async throws {
        ProcessSetup.stayLean()
        ProcessSetup.apply()
        let environment = ProcessInfo.processInfo.environment
        let address: ListenAddress
        do throws(ListenAddress.Fault) {
            address = try ListenAddress(listen)
        } catch {
            throw Refusal(.usage, "--listen: \(error)")
        }
        let files = PolicyFiles(path: path)
        let service = DaemonService(
            settings: DaemonSettings(
                state: StateDirectory(path: state ?? StateDirectory.standardPath(environment: environment)),
                listen: address, policyDirectory: files.directory, policyPath: files.absolutePath,
                environment: environment,
                mode: observeOnly ? force ? .observesAnyway : .observes : .acts),
            readPolicies: { files.readToAct() }, log: { LogLine.write($0) })
        let isStopping = Mutex(false)
        let signals = Signals([SIGHUP, SIGTERM, SIGINT]) { number in
            if number == SIGHUP { return service.reload() }
            // Whoever asks twice does not want to wait for a disk or a node that hangs: the next start goes on from here.
            if isStopping.withLock({ wasStopping in
                defer { wasStopping = true }
                return wasStopping
            }) {
                _exit(1)
            }
            service.stop()
        }
        defer { withExtendedLifetime(signals) {} }
        do throws(DaemonError) {
            try await service.run()
        } catch {
            throw Refusal(error.kind, "\(error)", hint: error.hint)
        }
    }
}

extension DaemonError {
    fileprivate var kind: Refusal.Kind {
        switch self {
        case .state(.inUse), .leavesUndone: .refused
        default: .no
        }
    }
}
