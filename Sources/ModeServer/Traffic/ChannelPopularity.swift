import Foundation
import ModeCore
import Primitives

/// The channels that made-up clients choose from, and how often each is chosen: Zipf's law.
struct ChannelPopularity: Sendable {
    private let channels: [ChannelID]
    /// Share of the clients that choose this channel or one before it; empty where all are equal.
    private let cumulative: [Double]

    init(count: Int, exponent: Double) {
        channels = (0..<max(1, count)).map { ChannelID("channel-\($0)") }
        guard exponent > 0 else {
            cumulative = []
            return
        }
        var sum = 0.0
        let sums = channels.indices.map { position in
            sum += pow(Double(position + 1), -exponent)
            return sum
        }
        cumulative = sums.map { $0 / sum }
    }

    /// A channel and its position.
    func draw(_ generator: inout RandomStream) -> (position: Int, channel: ChannelID) {
        guard !cumulative.isEmpty else {
            let position = generator.below(channels.count)
            return (position, channels[position])
        }
        let share = generator.unit()
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= share { low = middle + 1 } else { high = middle }
        }
        return (low, channels[low])
    }
}
