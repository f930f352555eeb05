import Glibc
import Primitives

/// One process and no other: ids are used again, so the start time and the boot are compared as well.
struct ProcessIdentity: Hashable, Sendable, Codable {
    var pid: Int32
    /// In clock ticks since boot, from `/proc/PID/stat`.
    var startTicks: UInt64
    var boot: String

    /// Nil where no such process runs.
    init?(of pid: Int32) {
        guard let stat = ProcessStat(of: pid) else { return nil }
        self.pid = pid
        startTicks = stat.startTicks
        boot = HostBoot.id() ?? ""
    }

    /// When it started, to a tick of the clock, by the clock of its boot that `HostClock` reads too.
    var startedAt: Uptime {
        let perTick = 1_000_000_000 / UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        let (nanoseconds, overflow) = startTicks.multipliedReportingOverflow(by: perTick)
        return Uptime(nanoseconds: overflow ? .max : Int64(clamping: nanoseconds))
    }

    /// Whether that very process still runs; a zombie does not.
    var isAlive: Bool {
        guard boot == HostBoot.id() ?? "", let stat = ProcessStat(of: pid) else { return false }
        return stat.startTicks == startTicks && !stat.hasEnded
    }
}

/// What `/proc/PID/stat` says, as far as it is used here.
struct ProcessStat {
    var hasEnded: Bool
    var group: Int32
    var session: Int32
    var startTicks: UInt64

    init?(of pid: Int32) {
        guard let bytes = (try? DurableFile.read("/proc/\(pid)/stat", limit: 8192)) ?? nil else { return nil }
        // The second field is the program's name in brackets, which may hold spaces and brackets itself.
        guard let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = String(decoding: bytes[(end + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 19, let group = Int32(fields[2]), let session = Int32(fields[3]),
            let start = UInt64(fields[19])
        else { return nil }
        hasEnded = fields[0] == "Z" || fields[0] == "X"
        self.group = group
        self.session = session
        startTicks = start
    }

    /// Every process of the host, in ascending order.
    static func allProcesses() -> [Int32] {
        directoryEntries("/proc").compactMap { Int32($0) }.sorted()
    }
}
