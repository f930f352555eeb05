import Primitives

/// How many clients come, when, to which channels, and how long they stay.
package struct TrafficSettings: Hashable, Sendable {
    package static let maxChannels = 1_000_000

    /// Clients per second on average over a day, over the whole cluster; arrivals are a Poisson process.
    package var arrivalsPerSecond: Double
    /// Mean of the hold times.
    package var meanHold: Duration
    /// How much hold times differ: the standard deviation of their logarithm. They are log-normal, as those of calls
    /// are: many short ones, a few very long ones. 0 makes all the same.
    package var holdSpread: Double
    /// No client stays longer than this; nil is no limit.
    package var maxHold: Duration?
    /// Channels that the clients choose from.
    package var channels: Int
    /// The exponent of Zipf's law for the popularity of channels: 0 makes them equal, with 1 the second one gets half
    /// as many clients as the first.
    package var popularity: Double
    /// How much the arrivals swing from night to day: 0 not at all, 1 from none to twice the average.
    package var dayNight: Double
    /// The time of day, since midnight in UTC, at which most clients come.
    package var peakTime: Duration
    /// A day is this long; shorter in rehearsals.
    package var dayLength: Duration
    /// Index of the node that all clients contact; nil: any of them.
    package var contacts: Int?
    package var seed: UInt64

    package init(
        arrivalsPerSecond: Double, meanHold: Duration, holdSpread: Double = 1, maxHold: Duration? = nil,
        channels: Int, popularity: Double = 0, dayNight: Double = 0, peakTime: Duration = .hours(12),
        dayLength: Duration = .days(1), contacts: Int? = nil, seed: UInt64 = 1
    ) {
        self.arrivalsPerSecond = arrivalsPerSecond
        self.meanHold = meanHold
        self.holdSpread = holdSpread
        self.maxHold = maxHold
        self.channels = channels
        self.popularity = popularity
        self.dayNight = dayNight
        self.peakTime = peakTime
        self.dayLength = dayLength
        self.contacts = contacts
        self.seed = seed
    }

    func check(nodeCount: Int) throws(ModeServerError) {
        guard (0...100_000).contains(arrivalsPerSecond) else {
            throw .invalid("arrivals per second must be 0 to 100000")
        }
        guard (1...Self.maxChannels).contains(channels) else {
            throw .invalid("traffic needs 1 to \(Self.maxChannels) channels")
        }
        guard maxHold.map({ $0 >= .zero }) ?? true else { throw .invalid("the longest hold time is negative") }
        guard meanHold > .zero else { throw .invalid("the mean hold time must be more than zero") }
        guard (0...5).contains(holdSpread) else { throw .invalid("the spread of hold times must be 0 to 5") }
        guard (0...5).contains(popularity) else { throw .invalid("the popularity exponent must be 0 to 5") }
        guard (0...1).contains(dayNight) else { throw .invalid("the swing from night to day must be 0 to 1") }
        guard dayLength > .zero, (.zero...dayLength).contains(peakTime) else {
            throw .invalid("a day must have a length, and the peak must lie within it")
        }
        if let contacts, !(0..<nodeCount).contains(contacts) { throw .invalid("there is no node \(contacts)") }
    }
}
