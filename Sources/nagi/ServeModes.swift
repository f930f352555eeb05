import ArgumentParser
import ModeCore
import ModeServer

/// `nagi serve-modes`: mode servers alone, without a daemon.
struct ServeModes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-modes",
        abstract: "Serve the mode API of one or more nodes, with made-up clients.",
        discussion: """
            Listens on loopback only and runs until SIGTERM or SIGINT. What happens to the nodes is logged, one line \
            for each fact; the last lines sum up how many calls were cut and how many nodes were out of normal at once.

            A cluster of three nodes with calls that come and go, which an upgrade command can restart:

              nagi serve-modes --nodes 3 --cluster --admin --api-port 3000 \\
                --arrivals-per-second 5 --mean-hold 4 --max-hold 10

            Drain the first node, then restart it with another version:

              http POST 127.0.0.1:3000 \\
                x-sora-target:Sora_20211215.ChangeMode mode=block_new_session
              http POST 127.0.0.1:ADMIN/nodes/node-01@127.0.0.1/restart \\
                version=2025.2.0
            """)

    enum Profile: String, ExpressibleByArgument, CaseIterable {
        case current
        case firstRelease = "2021"
    }

    @Option(help: "How many nodes.") var nodes = 1
    @Flag(help: "The nodes form a cluster; without it each stands alone.") var cluster = false
    @Option(help: "Loopback address to listen on.") var host = "127.0.0.1"
    @Option(help: "API port of the first node, the others take the next ones. 0 takes free ones.") var apiPort = 0
    @Option(help: "Signaling port of the first node, likewise.") var signalingPort = 0
    @Flag(help: "Serve the admin API: restart, stop, start nodes and switch faults on.") var admin = false
    @Option(help: "Port of the admin API; implies --admin.") var adminPort: Int?
    @Option(help: "Version that the nodes run.") var nodeVersion = "2025.1.0"
    @Option(help: "Behaviour of modes: current, or 2021 for the first release.") var profile = Profile.current

    @Option(help: "Clients that arrive each second, over all nodes. 0 makes no clients.") var arrivalsPerSecond = 0.0
    @Option(help: "Seconds that a client stays, on average.") var meanHold = 60.0
    @Option(help: "Seconds that no client stays longer than.") var maxHold: Double?
    @Option(help: "Channels that the clients choose from.") var channels = 20
    @Option(help: "Seed of everything that is random.") var seed: UInt64 = 1

    @Option(help: "Seconds that a session outlives its last connection.") var grace = 1.0
    @Option(help: "Connections that a node is licensed for.") var maxConnections = 10_000
    @Option(help: "Seconds that a restart keeps a node down.") var downFor = 1.0
    @Option(help: "Seconds from the start of a node until it joins.") var joinDelay = 0.5

    @Option(help: "How to print the addresses: table or json.") var format = ServeModesFormat.table
    @Option(help: "File to append the log to, instead of standard output.") var log: String?

    func validate() throws {
        for (name, seconds) in [
            ("mean-hold", meanHold), ("max-hold", maxHold ?? 0), ("grace", grace), ("down-for", downFor),
            ("join-delay", joinDelay), ("arrivals-per-second", arrivalsPerSecond),
        ] where !(0...1_000_000).contains(seconds) {
            throw ValidationError("--\(name) must be 0 to 1000000, not \(seconds)")
        }
    }

    func run() async throws {
        var settings = ModeServerSettings(
            host: host, nodeCount: nodes, isClustered: cluster, version: nodeVersion, apiPort: apiPort,
            signalingPort: signalingPort, adminPort: adminPort ?? (admin ? 0 : nil),
            profile: profile == .current ? .current : .firstRelease, gracePeriod: .seconds(grace),
            maxConnections: maxConnections, downFor: .seconds(downFor), joinDelay: .seconds(joinDelay), seed: seed)
        if arrivalsPerSecond != 0 {
            settings.traffic = [
                TrafficSettings(
                    arrivalsPerSecond: arrivalsPerSecond, meanHold: .seconds(meanHold),
                    maxHold: maxHold.map { .seconds($0) }, channels: channels, seed: seed)
            ]
        }
        try await serveModes(settings, format: format, logPath: log)
    }
}

extension ServeModesFormat: ExpressibleByArgument {}
