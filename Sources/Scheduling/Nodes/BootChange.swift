import Primitives

/// From one boot of the daemon's host to the next, whose uptimes mean nothing to each other: whatever is durable and compared by
/// uptime is carried over by this, and by nothing else.
package struct BootChange: Hashable, Sendable {
    /// The latest moment of the boot before that the journal knows.
    package var last: Moment
    /// How much time went by since then, by the wall clock; never less than zero.
    package var passed: Duration
    package var now: Moment

    package init(from last: Moment, to now: Moment) {
        self.last = last
        passed = max(.zero, now.wall - last.wall)
        self.now = now
    }

    /// As long ago as it was, and the time that went by.
    package func carried(_ former: Moment) -> Moment {
        Moment(wall: former.wall, uptime: now.uptime + (.zero - passed - (last.uptime - former.uptime)))
    }
}
