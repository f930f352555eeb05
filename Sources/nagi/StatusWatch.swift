import Daemon
import Foundation
import Primitives
import Synchronization

/// `nagi status --watch`: the table again and again, in place, until somebody ends it.
struct StatusWatch: Sendable {
    private static let pause = Duration.seconds(1)

    /// Asked each time: a daemon that starts again may listen elsewhere.
    let daemon: DaemonOptions
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
        var silent: (since: Timestamp, reason: String)?
        while !Task.isCancelled {
            switch await status() {
            case .success(let document): (last, silent) = (document, nil)
            case .failure(let refusal): silent = (silent?.since ?? HostClock.now().wall, refusal.message)
            }
            guard !Task.isCancelled else { return }
            let terminal = TerminalWindow.terminal
            var lines: [String] = []
            if let silent {
                let since = ShownInstant.time(of: silent.since, inZoneOf: last?.at)
                let text = "\(silent.reason.plain), since \(since)"
                lines += TextFold.hanging(text, width: terminal.width ?? 80).map { terminal.painted($0, .alarm) }
                if last != nil { lines.append(terminal.painted("what it said last:", .faint)) }
            }
            let (columns, rows) = TerminalWindow.size ?? (0, 0)
            if let last {
                lines += StatusTable(last, on: terminal, showsAll: showsAll).lines(rows: rows - lines.count)
            }
            Self.write(Repaint.frame(lines, columns: columns, rows: rows))
            try? await Task.sleep(for: Self.pause)
        }
    }

    private func status() async -> Result<StatusDocument, Refusal> {
        let connection: DaemonConnection
        do {
            connection = try daemon.connection()
        } catch {
            return .failure(error as? Refusal ?? Refusal(.unreachable, "\(error)"))
        }
        do throws(DaemonConnection.Failure) {
            return .success(try await connection.status().document)
        } catch {
            return .failure(Refusal(error, of: connection, daemon))
        }
    }

    private static func write(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}
