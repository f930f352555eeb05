import CHost
import Glibc
import Primitives

/// The two clocks of this host. The only place that reads them for decisions.
package enum HostClock {
    /// The wall clock, and the clock since boot that also counts suspend.
    package static func now() -> Moment {
        Moment(
            wall: Timestamp(nanoseconds: host_nanoseconds(CLOCK_REALTIME)),
            uptime: Uptime(nanoseconds: host_nanoseconds(CLOCK_BOOTTIME)))
    }
}
