import Glibc
import Primitives

/// The two clocks of this host. The only place that reads them for decisions.
package enum HostClock {
    /// The wall clock, and the clock since boot that also counts suspend.
    package static func now() -> Moment {
        Moment(
            wall: Timestamp(nanoseconds: read(CLOCK_REALTIME)), uptime: Uptime(nanoseconds: read(CLOCK_BOOTTIME)))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Both clocks exist on every Linux that Swift runs on: the call cannot fail.
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
