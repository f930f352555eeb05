import Foundation

/// How often the body ran per second on all threads together. Each thread gets its number and runs `count` of them by
/// itself; the clock runs from the first start to the last end.
public func rate(of count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) -> Double {
    rate(of: count * threads) {
        let group = DispatchGroup()
        for number in 0..<threads {
            group.enter()
            Thread.detachNewThread {
                body(number)
                group.leave()
            }
        }
        group.wait()
    }
}

/// Bytes of memory that the process has in use, as the system sees it; zero where it does not say.
public func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = text.split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
}

/// Seconds of processor that the process has had so far.
public func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How often the body ran per second of processor: what others do on the machine meanwhile does not count.
public func processorRate(of count: Int, _ body: () -> Void) -> Double {
    let before = processorSeconds()
    body()
    return Double(count) / (processorSeconds() - before)
}
