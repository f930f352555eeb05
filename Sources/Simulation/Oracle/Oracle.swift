import Calendars
import ModeCore
import Primitives
import Scheduling

/// Watches the true state of the nodes and what they receive, and knows nothing of how the controller decides.
///
/// It keeps three things apart: what is (the machines, by their places), what the daemon was told (its reads, by the
/// names that the policies give), and what the daemon says that it does (its journal).
struct Oracle: Sendable {
    /// A machine as it is.
    struct Truth: Sendable {
        var ownership = Ownership()
        var isTemporary: Bool
        /// Since when it has been out of service, whatever the cause; nil: it is in service.
        var outSince: Int64? = 0
        /// Since when it has been in service.
        var servingSince: Int64?
        /// Since when it has not been in touch with its cluster.
        var apartSince: Int64? = 0
        /// Since when it has been running and in reach.
        var inReachSince: Int64? = 0
        /// By a command, which has not brought it back.
        var isStoppedByCommand = false
        /// When nagi last raised it from `normal`.
        var raises: [Int64] = []
        var foreignChanges: [Int64] = []
    }

    let machines: [Scenario.Machine]
    let isClustered: Bool
    /// Addresses that may be called where others' lists show them.
    let isAllowed: @Sendable (String) -> Bool
    var truths: [Truth]
    var told: [NodeID: ToldOfNode] = [:]
    var mirror = RunMirror()
    var stages: StageOracle
    var calendar: NaiveCalendar
    var rates: RateOracle

    private(set) var violations: [Violation] = []
    private var violated: Set<String> = []
    var changesReceived = 0
    var durableIntents: Set<Int> = []
    /// When operators pulled levers: a cause for much.
    var levers: [Int64] = []
    var runsStarted: Set<RunID> = []
    var spans: [String: [Span]] = [:]
    /// Targets of intents that may still arrive, by node, and until when.
    var mayArrive: [NodeID: [(mode: RequestableMode, until: Int64)]] = [:]
    /// When each node was last measured.
    var measuredAt: [NodeID: Int64] = [:]
    /// Commands that run, or have run.
    var commands: [CommandView] = []
    /// When the daemon may trust its clock.
    private var untrusted: Range<Int64>?
    private var lastMoment: Moment?
    private var lastRecord: Moment?

    struct CommandView: Sendable {
        let start: CommandStart
        let step: Command?
        let intendedAt: Int64
        var isRunning = false
        var outcome: CommandOutcome?
        /// Live calls may be cut by it: its drain's deadline passed, and the policy says `proceed`.
        var mayCut = false
        var sessions = 0
        var connections = 0
    }

    init(_ scenario: Scenario) {
        machines = scenario.nodes
        isClustered = scenario.isClustered
        isAllowed = scenario.isAllowed
        truths = scenario.nodes.map { Truth(isTemporary: $0.isTemporary) }
        let observe = scenario.policies.clusters[0].observe
        stages = StageOracle(
            nodes: scenario.nodes.count,
            freshness: (observe.staleAfter + scenario.policies.clusters[0].api.timeout * 2).nanoseconds)
        calendar = NaiveCalendar(scenario.policies)
        rates = RateOracle()
    }

    /// One of a kind, node and text is enough.
    mutating func violate(_ invariant: Violation.Invariant, at: Int64, _ text: String) {
        guard violations.count < 40, violated.insert("\(invariant) \(text)").inserted else { return }
        violations.append(Violation(invariant: invariant, after: .nanoseconds(at), text: text))
    }

    var cluster: ClusterPolicy? { mirror.set?.clusters.first }
    var staleAfter: Int64 { (cluster?.observe.staleAfter ?? .seconds(20)).nanoseconds }
    var timeout: Int64 { (cluster?.api.timeout ?? .seconds(3)).nanoseconds }

    func id(_ place: Int) -> NodeID { NodeID(cluster: Scenario.clusterName, name: machines[place].name) }

    func place(_ node: NodeID) -> Int? { machines.firstIndex { $0.name == node.name } }

    func labels(_ node: NodeID) -> [String: String] {
        cluster?.nodes.first { $0.name == node.name }?.labels ?? [:]
    }

    /// A process of the daemon begins: it was told nothing yet.
    mutating func noteDaemon(at: Int64, moment: Moment) {
        stages.watchedSince = at
        told = [:]
        lastMoment = moment
        untrusted = nil
        if let lastRecord, moment.wall < lastRecord.wall { distrust(from: at) }
    }

    /// The daemon looks at its clocks, and handles an event.
    mutating func noteMoment(_ moment: Moment, at: Int64) {
        defer { lastMoment = moment }
        guard let lastMoment else { return }
        let wall = (moment.wall - lastMoment.wall).nanoseconds
        let uptime = (moment.uptime - lastMoment.uptime).nanoseconds
        if abs(wall - uptime) > 60_000_000_000 { distrust(from: at) }
    }

    private mutating func distrust(from at: Int64) {
        let since = untrusted.map { $0.contains(at) ? $0.lowerBound : at } ?? at
        untrusted = since..<(at + 30 * RateOracle.second)
    }

    func isClockTrusted(at: Int64) -> Bool { !(untrusted?.contains(at) ?? false) }

    /// The same for what may have been decided right before the clock jumped.
    func wasClockTrusted(at: Int64) -> Bool { isClockTrusted(at: at) || untrusted?.lowerBound == at }

    mutating func noteRecord(_ moment: Moment) { lastRecord = moment }
}
