import Foundation
import ModeCore

/// How many clients come and how long they stay.
public struct TrafficSettings: Hashable, Sendable {
    /// Clients per second, over the whole cluster; arrivals are a Poisson process.
    public var arrivalsPerSecond: Double
    /// Mean of the exponentially distributed hold time.
    public var meanHold: Duration
    /// No client stays longer than this; nil is no limit.
    public var maxHold: Duration?
    /// Channels that the clients choose from, uniformly.
    public var channels: Int
    /// Index of the node that all clients contact; nil: any of them.
    public var contacts: Int?
    public var seed: UInt64

    public init(
        arrivalsPerSecond: Double, meanHold: Duration, maxHold: Duration? = nil, channels: Int, contacts: Int? = nil,
        seed: UInt64 = 1
    ) {
        self.arrivalsPerSecond = arrivalsPerSecond
        self.meanHold = meanHold
        self.maxHold = maxHold
        self.channels = channels
        self.contacts = contacts
        self.seed = seed
    }

    func check(nodeCount: Int) throws(ModeServerError) {
        guard arrivalsPerSecond >= 0, arrivalsPerSecond <= 100_000 else {
            throw .invalid("arrivals per second must be 0 to 100000")
        }
        guard channels > 0 else { throw .invalid("traffic needs at least one channel") }
        guard maxHold.map({ $0 >= .zero }) ?? true else { throw .invalid("the longest hold time is negative") }
        guard meanHold > .zero else { throw .invalid("the mean hold time must be more than zero") }
        if let contacts, !(0..<nodeCount).contains(contacts) { throw .invalid("there is no node \(contacts)") }
    }
}

/// Clients that come, are admitted by the real rules, stay and leave. A value: the same seed, start and changes of the
/// cluster give the same calls, no matter in how many steps time advances.
public struct TrafficGenerator: Sendable {
    /// Arrivals worked off by one `advance`; the rest of that span has none. A stopped clock must not stop the server.
    public static let maxArrivalsPerAdvance = 200_000

    public let settings: TrafficSettings
    /// Clients that a node admitted, at the first or a later try.
    public private(set) var admitted = 0
    /// Clients that every node turned away.
    public private(set) var refused = 0
    /// Clients that hung up by themselves.
    public private(set) var hungUp = 0
    /// Clients whose connection had been cut when they wanted to hang up.
    public private(set) var cut = 0

    private var generator: SplitMix64
    private var departures = DepartureQueue()
    private var nextArrival: Timestamp

    public init(_ settings: TrafficSettings, startingAt start: Timestamp) {
        self.settings = settings
        self.generator = SplitMix64(seed: settings.seed)
        self.nextArrival = start
        scheduleArrival(after: start)
    }

    /// Lets everybody arrive and leave who does until then, in the order of time.
    public mutating func advance(to time: Timestamp, in cluster: inout Cluster) {
        var budget = Self.maxArrivalsPerAdvance
        while true {
            if let departure = departures.first, departure.at <= time, departure.at <= nextArrival {
                _ = departures.removeFirst()
                let left = cluster.disconnect(departure.connection, at: departure.at)
                if left { hungUp += 1 } else { cut += 1 }
            } else if nextArrival <= time {
                guard budget > 0 else {
                    scheduleArrival(after: time)
                    continue
                }
                budget -= 1
                arrive(at: nextArrival, in: &cluster)
                scheduleArrival(after: nextArrival)
            } else {
                return
            }
        }
    }

    private mutating func arrive(at time: Timestamp, in cluster: inout Cluster) {
        let channel = generator.below(settings.channels)
        let first = cluster.isClustered ? generator.below(cluster.count) : channel % max(1, cluster.count)
        let hold = drawHold()
        for step in 0..<cluster.count {
            let contacted = (first + step) % cluster.count
            let answer = cluster.connect(ChannelID("channel-\(channel)"), contacting: contacted, at: time)
            guard case .admitted(_, let connection, _) = answer else { continue }
            admitted += 1
            departures.insert(.init(at: time + hold, connection: connection))
            return
        }
        refused += 1
    }

    private mutating func scheduleArrival(after time: Timestamp) {
        guard settings.arrivalsPerSecond > 0 else {
            nextArrival = .distantFuture
            return
        }
        nextArrival = time + .seconds(exponential(mean: 1 / settings.arrivalsPerSecond))
    }

    private mutating func drawHold() -> Duration {
        let hold = Duration.seconds(exponential(mean: settings.meanHold.inSeconds))
        return settings.maxHold.map { min($0, hold) } ?? hold
    }

    private mutating func exponential(mean: Double) -> Double { -mean * log(1 - generator.unit()) }
}
