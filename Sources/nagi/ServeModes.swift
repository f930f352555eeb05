import ArgumentParser
import ModeCore
import ModeServer

/// `nagi serve-modes`: mode servers alone, without a daemon.
struct ServeModes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve-modes",
        abstract: "Serve the mode API of one or more nodes, with made-up clients.",
        discussion: """
            Listens on loopback only and runs until SIGTERM or SIGINT. Each node has its mode API, and on the signaling \
            port /.ok and the WebSocket /signaling. What happens to the nodes is logged, one line for each fact; the \
            last lines sum up how many calls were cut and how many nodes were out of normal at once.

            A cluster of three nodes with calls that come and go, which an upgrade command can restart:

              nagi serve-modes --nodes 3 --cluster --admin --api-port 3000 \\
                --arrivals-per-second 5 --mean-hold 4 --max-hold 10

            Drain the first node, then restart it with another version:

              http POST 127.0.0.1:3000 \\
                x-sora-target:Sora_20211215.ChangeMode mode=block_new_session
              http POST 127.0.0.1:ADMIN/nodes/node-01@127.0.0.1/restart \\
                version=2025.2.0

            The admin API, for tests and rehearsals:

            \(AdminActions.help)
            """)

    enum Profile: String, ExpressibleByArgument, CaseIterable {
        case current
        case firstRelease = "2021"
        case release2023 = "2023"
        case relay

        var profile: ModeProfile {
            switch self {
            case .current: .current
            case .firstRelease: .firstRelease
            case .release2023: .release2023
            case .relay: .relay
            }
        }

        var version: String {
            switch self {
            case .current, .relay: "2025.1.0"
            case .firstRelease: "2021.1.0"
            case .release2023: "2023.2.0"
            }
        }
    }

    @Option(help: "How many nodes.") var nodes = 1
    @Flag(help: "The nodes form a cluster; without it each stands alone.") var cluster = false
    @Option(help: "How many of the nodes, the last ones, are temporary: they don't count for the majority.")
    var temporary = 0
    @Option(help: "Loopback address to listen on.") var host = "127.0.0.1"
    @Option(help: "API port of the first node, the others take the next ones. 0 takes free ones.") var apiPort = 0
    @Option(help: "Signaling port of the first node, likewise.") var signalingPort = 0
    @Flag(help: "Serve the admin API.") var admin = false
    @Option(help: "Port of the admin API; implies --admin.") var adminPort: Int?
    @Option(help: "Version that the nodes run; without it one of the profile's age.") var nodeVersion: String?
    @Option(
        help:
            "Behaviour: current; 2021, the first release; 2023, whose lists leave out who is not connected unless asked; or relay, likewise, where the sessions of a cluster span nodes."
    )
    var profile = Profile.current
    @Option(help: "Seconds that a session outlives its last connection.") var grace = 1.0
    @Option(help: "Connections that a node is licensed for.") var maxConnections = 10_000
    @Option(help: "Seconds that a restart keeps a node down.") var downFor = 1.0
    @Option(help: "Seconds from the start of a node until it joins.") var joinDelay = 0.5
    @Option(help: "Seed of everything that is random.") var seed: UInt64 = 1

    @OptionGroup(title: "Made-up clients") var clients: ClientOptions
    @OptionGroup(title: "Webhooks") var hooks: WebhookOptions

    @Option(help: "How to print the addresses: table or json.") var format = ServeModesFormat.table
    @Option(help: "File to append the log to, instead of standard output.") var log: String?

    func validate() throws {
        try Self.checkSeconds([("grace", grace), ("down-for", downFor), ("join-delay", joinDelay)])
        guard (0...max(0, nodes)).contains(temporary) else {
            throw ValidationError("--temporary must be 0 to the number of nodes, not \(temporary)")
        }
        guard temporary == 0 || cluster else { throw ValidationError("--temporary needs --cluster") }
    }

    func run() async throws {
        let settings = ModeServerSettings(
            host: host, nodeCount: nodes, temporaryCount: temporary, isClustered: cluster,
            version: nodeVersion ?? profile.version,
            apiPort: apiPort, signalingPort: signalingPort, adminPort: adminPort ?? (admin ? 0 : nil),
            profile: profile.profile, gracePeriod: .seconds(grace), maxConnections: maxConnections,
            webhooks: hooks.settings, downFor: .seconds(downFor), joinDelay: .seconds(joinDelay),
            traffic: clients.settings(seed: seed).map { [$0] } ?? [], seed: seed)
        try await serveModes(settings, format: format, logPath: log)
    }

    static func checkSeconds(_ options: [(String, Double)]) throws {
        for (name, seconds) in options where !(0...1_000_000).contains(seconds) {
            throw ValidationError("--\(name) must be 0 to 1000000, not \(seconds)")
        }
    }
}

/// Clients that `serve-modes` makes up.
struct ClientOptions: ParsableArguments {
    @Option(help: "Clients that arrive each second, over all nodes. 0 makes no clients.") var arrivalsPerSecond = 0.0
    @Option(help: "Seconds that a client stays, on average; the times are log-normal.") var meanHold = 60.0
    @Option(help: "How much these times differ: standard deviation of their logarithm. 0 makes all the same.")
    var holdSpread = 1.0
    @Option(help: "Seconds that no client stays longer than.") var maxHold: Double?
    @Option(help: "Channels that the clients choose from.") var channels = 20
    @Option(help: "How unequal the channels are: exponent of Zipf's law. 0 makes all the same.") var popularity = 0.0
    @Option(help: "Swing of the arrivals from night to day: 0 not at all, 1 from none to twice the average.")
    var dayNight = 0.0
    @Option(help: "Seconds since midnight, in UTC, at which most clients come.") var peakTime = 43_200.0
    @Option(help: "Seconds that a day is long.") var dayLength = 86_400.0

    func validate() throws {
        try ServeModes.checkSeconds([
            ("arrivals-per-second", arrivalsPerSecond), ("mean-hold", meanHold), ("max-hold", maxHold ?? 0),
            ("hold-spread", holdSpread), ("popularity", popularity), ("day-night", dayNight), ("peak-time", peakTime),
            ("day-length", dayLength),
        ])
        guard maxHold.map({ $0 > 0 }) ?? true else { throw ValidationError("--max-hold must be more than 0") }
        guard dayNight <= 1 else { throw ValidationError("--day-night must be 0 to 1, not \(dayNight)") }
    }

    /// Nil where no clients are wanted.
    func settings(seed: UInt64) -> TrafficSettings? {
        guard arrivalsPerSecond != 0 else { return nil }
        return TrafficSettings(
            arrivalsPerSecond: arrivalsPerSecond, meanHold: .seconds(meanHold), holdSpread: holdSpread,
            maxHold: maxHold.map { .seconds($0) }, channels: channels, popularity: popularity, dayNight: dayNight,
            peakTime: .seconds(peakTime), dayLength: .seconds(dayLength), seed: seed)
    }
}

/// Where the nodes of `serve-modes` tell what happens.
struct WebhookOptions: ParsableArguments {
    @Option(help: "Asked before a client is admitted; it answers {\"allowed\":true}.") var authWebhook: String?
    @Option(help: "Told of sessions that are created, destroyed, and of session.vanished.") var sessionWebhook: String?
    @Option(help: "Told of connections that are created, destroyed, and that failed.") var eventWebhook: String?
    @Option(help: "Seconds after which a call of a webhook is given up.") var webhookTimeout = 3.0
    @Option(help: "Seconds between two connection.updated of a connection. 0 sends none.") var webhookUpdateInterval =
        0.0
    @Flag(inversion: .prefixedNo, help: "Send session.vanished, as earlier releases do.") var sessionVanished = true

    func validate() throws {
        try ServeModes.checkSeconds([
            ("webhook-timeout", webhookTimeout), ("webhook-update-interval", webhookUpdateInterval),
        ])
    }

    var settings: WebhookSettings {
        WebhookSettings(
            auth: authWebhook, session: sessionWebhook, event: eventWebhook, timeout: .seconds(webhookTimeout),
            tellsVanished: sessionVanished,
            updateInterval: webhookUpdateInterval > 0 ? .seconds(webhookUpdateInterval) : nil)
    }
}

extension ServeModesFormat: ExpressibleByArgument {}
