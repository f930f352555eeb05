import Scheduling

/// The last words of a command that failed, for the daemon's log.
enum CommandLog {
    static let lines = 5
    static let lineLength = 200

    /// - Parameter output: what the command printed, if it could be read. Control characters in it are replaced.
    static func write(_ output: String?, of start: CommandStart, to log: @Sendable (String) -> Void) {
        let printed = (output ?? "").split(whereSeparator: \.isNewline)
        for line in printed.suffix(lines) {
            let clean = line.prefix(lineLength).unicodeScalars.map { scalar in
                scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                    ? "?" : Character(scalar)
            }
            log("         \(start.node.name)  \(start.step) printed: \(String(clean))")
        }
    }
}
