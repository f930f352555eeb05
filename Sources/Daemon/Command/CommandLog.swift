import Scheduling

/// The last words of a command that failed, for the daemon's log.
enum CommandLog {
    static let lines = 5
    static let lineLength = 200

    /// - Parameter output: what the command printed, if it could be read. Control characters in it are replaced.
    static func write(_ output: String?, of start: CommandStart, to log: @Sendable (String) -> Void) {
        let printed = (output ?? "").split(whereSeparator: \.isNewline)
        for line in printed.suffix(lines) {
            log("         \(start.node.name)  \(start.step) printed: \(line.prefix(lineLength).plain)")
        }
    }
}
