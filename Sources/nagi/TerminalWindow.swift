import Daemon
import Foundation
import Glibc

/// The terminal on standard output, if it is one.
enum TerminalWindow {
    static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Columns and rows as they are now; nil: standard output is no terminal.
    static var size: (columns: Int, rows: Int)? {
        guard isThere else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return (0, 0) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    static var terminal: Terminal {
        Terminal(columns: size?.columns, environment: ProcessInfo.processInfo.environment)
    }
}
