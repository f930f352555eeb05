import Foundation
import ModeCore
import Primitives

/// Clients that come, are admitted by the real rules, stay and leave. A value: the same seed, start and changes of the
/// cluster give the same calls, no matter in how many steps time advances, as long as none of them is beyond the limit.
package struct TrafficGenerator: Sendable {
    /// Arrivals worked off by one `advance`; the rest of that span has none. A stopped clock must not stop the server.
    package static let maxArrivalsPerAdvance = 200_000

    package let settings: TrafficSettings
    /// Clients that a node admitted, at the first or a later try.
    package private(set) var admitted = 0
    /// Clients that every node turned away.
    package private(set) var refused = 0
    /// Clients that hung up by themselves.
    package private(set) var hungUp = 0
    /// Clients whose connection had been cut when they wanted to hang up.
    package private(set) var cut = 0

    private let channels: ChannelPopularity
    private var generator: RandomStream
    private var departures = Heap<Departure>()
    private var nextArrival: Timestamp

    package init(_ settings: TrafficSettings, startingAt start: Timestamp) {
        self.settings = settings
        self.channels = ChannelPopularity(count: settings.channels, exponent: settings.popularity)
        self.generator = RandomStream(seed: settings.seed)
        self.nextArrival = start
        scheduleArrival(after: start)
    }

    /// Lets everybody arrive and leave who does until then, in the order of time.
    package mutating func advance(to time: Timestamp, in cluster: inout Cluster) {
        var budget = Self.maxArrivalsPerAdvance
        while true {
            if let departure = departures.first, departure.at <= time, departure.at <= nextArrival {
                _ = departures.popFirst()
                let left = cluster.disconnect(departure.connection, at: departure.at)
                if left { hungUp += 1 } else { cut += 1 }
            } else if nextArrival <= time {
                guard budget > 0 else {
                    scheduleArrival(after: time)
                    continue
                }
                budget -= 1
                if generator.unit() * (1 + settings.dayNight) < settings.intensity(at: nextArrival) {
                    arrive(at: nextArrival, in: &cluster)
                }
                scheduleArrival(after: nextArrival)
            } else {
                return
            }
        }
    }

    private mutating func arrive(at time: Timestamp, in cluster: inout Cluster) {
        let (position, channel) = channels.draw(&generator)
        let hold = drawHold()
        let first =
            settings.contacts ?? (cluster.isClustered ? generator.below(cluster.count) : position % cluster.count)
        // A client that is turned away tries the next node, as its balancer does; of nodes that stand alone only where
        // it has not been told which to contact.
        let tries = settings.contacts == nil || cluster.isClustered ? cluster.count : 1
        for step in 0..<tries {
            let answer = cluster.connect(channel, contacting: (first + step) % cluster.count, at: time)
            guard case .admitted(_, let connection, _) = answer else { continue }
            admitted += 1
            departures.insert(Departure(at: time + hold, connection: connection))
            return
        }
        refused += 1
    }

    /// Candidates come at the rate of the busiest hour; those that the hour does not have are dropped one by one.
    private mutating func scheduleArrival(after time: Timestamp) {
        guard settings.arrivalsPerSecond > 0 else {
            nextArrival = .distantFuture
            return
        }
        let rate = settings.arrivalsPerSecond * (1 + settings.dayNight)
        nextArrival = time + .seconds(-log(1 - generator.unit()) / rate)
    }

    private mutating func drawHold() -> Duration {
        let spread = settings.holdSpread
        let mean = settings.meanHold.inSeconds
        // The mean of a log-normal variable is exp(mu + sigma²/2); ten years are for ever.
        let hold = Duration.seconds(min(315_360_000, mean * exp(spread * normal() - spread * spread / 2)))
        return settings.maxHold.map { min($0, hold) } ?? hold
    }

    /// Standard normal, by Box and Muller.
    private mutating func normal() -> Double {
        (-2 * log(1 - generator.unit())).squareRoot() * cos(2 * .pi * generator.unit())
    }
}

extension TrafficSettings {
    /// Arrivals at that time, as a share of the average: between `1 - dayNight` and `1 + dayNight`.
    func intensity(at time: Timestamp) -> Double {
        guard dayNight > 0 else { return 1 }
        let length = dayLength.nanoseconds
        let phase = Double((time.nanoseconds % length) - peakTime.nanoseconds) / Double(length)
        return 1 + dayNight * cos(2 * .pi * phase)
    }
}
