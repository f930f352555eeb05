import Primitives

/// How long is waited between attempts, and how often windows are looked for.
package struct NoticePace: Hashable, Sendable {
    /// After the first attempt; twice as long after each further one.
    package var first = Duration.seconds(2)
    package var longest = Duration.minutes(5)
    /// However long a receiver asks to be left alone.
    package var longestAsked = Duration.minutes(10)
    /// How often it is looked whether a window opens soon.
    package var tick = Duration.seconds(15)
    /// When a journal that could not be read is asked again.
    package var patience = Duration.seconds(10)

    package init() {}

    /// - Parameters:
    ///   - attempt: counted from 0.
    ///   - asked: what the receiver has asked for.
    ///   - share: from 0 to 1: attempts of several senders do not come together.
    package func wait(after attempt: Int, asked: Duration?, share: Double) -> Duration {
        let grown = attempt < 20 ? min(longest, first * (1 << attempt)) : longest
        let own = grown * (0.5 + share / 2)
        return asked.map { max(own, min($0, longestAsked)) } ?? own
    }
}
