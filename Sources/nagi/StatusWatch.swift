import Daemon
import Foundation
import Primitives
import Synchronization

/// `nagi status --watch`: the table again and again, in place, until somebody ends it.
struct StatusWatch: Sendable {
    private static let pause = Duration.seconds(1)

    let connection: DaemonConnection
    let showsAll: Bool

    func run() async {
        let isEnding = Mutex(false)
        let watcher = Task { await paint() }
        let signals = Signals([SIGINT, SIGTERM, SIGHUP]) { _ in
            isEnding.withLock { $0 = true }
            watcher.cancel()
        }
        defer { withExtendedLifetime(signals) {} }
        Self.write(Repaint.begin)
        await watcher.value
        Self.write(Repaint.end)
    }

    private func paint() async {
        var last: StatusDocument?
        /// Since when nobody answers, and why.
        var silent: (since: Date, reason: String)?
        while !Task.isCancelled {
            do throws(DaemonConnection.Failure) {
                last = try await connection.status().document
                silent = nil
            } catch {
                silent = (silent?.since ?? Date(), Refusal(error, address: connection.address).message)
            }
            guard !Task.isCancelled else { return }
            let terminal = TerminalWindow.terminal
            var lines: [String] = []
            if let silent {
                let since = silent.since.formatted(date: .omitted, time: .standard)
                lines.append(terminal.painted("\(silent.reason.plain) (since \(since))", .alarm))
                if last != nil { lines.append(terminal.painted("what it said last:", .faint)) }
            }
            if let last { lines += StatusTable(last, on: terminal, showsAll: showsAll).lines }
            Self.write(Repaint.frame(lines, rows: TerminalWindow.size?.rows ?? 0))
            try? await Task.sleep(for: Self.pause)
        }
    }

    private static func write(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}
