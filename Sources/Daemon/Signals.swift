import CHost
import Foundation
import NIOCore
import NIOPosix

/// Signals of the operating system as calls of a closure, for as long as the value lives.
package final class Signals {
    private let sources: [any DispatchSourceSignal]

    /// The signals lose their own effect for good.
    package init(_ numbers: [Int32], _ handle: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "signals")
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handle(number) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}

/// What a long-running process asks of its host before it begins.
package enum ProcessSetup {
    /// Little is done at the same time: one heap and one thread for sockets keep less than one for each processor would.
    /// Before anything that needs them.
    package static func stayLean() {
        mallopt(M_ARENA_MAX, 1)
        // Else this grows with the largest block that was ever freed, and large blocks stay in the heap.
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
        NIOSingletons.groupLoopCountSuggestion = 1
    }

    /// What large answers and large records have left behind goes back to the system.
    static func giveBackMemory() { malloc_trim(0) }

    /// A closed pipe is an error of that write, not the end of the process; and every node may have a connection.
    package static func apply() {
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            limit.rlim_cur = limit.rlim_max
            // A refusal leaves the limit as it was: fewer nodes at once, nothing worse.
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }
}
