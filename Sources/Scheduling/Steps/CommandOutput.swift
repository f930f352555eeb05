/// The last of what a command printed, for whoever has to find out why a node failed. It goes into the journal, so its size
/// is bounded by its type: at most `lineLimit` lines of `lineLength` characters, `byteLimit` bytes in all.
package struct CommandOutput: Hashable, Sendable, Codable {
    package static let lineLimit = 10
    package static let lineLength = 200
    package static let byteLimit = 2 << 10

    /// Oldest first, without empty ones; with `?` for control characters.
    package let lines: [String]
    /// Where all of it is, on the daemon's host.
    package let path: String
    /// Only the start of what it printed is there: it printed more than is kept.
    package let isCut: Bool

    package init(lastOf text: some StringProtocol, path: String, isCut: Bool = false) {
        var lines: [String] = []
        var bytes = 0
        for line in text.split(whereSeparator: \.isNewline).reversed() where lines.count < CommandOutput.lineLimit {
            let kept = String(
                String.UnicodeScalarView(
                    line.prefix(CommandOutput.lineLength).unicodeScalars.map { scalar in
                        switch scalar.properties.generalCategory {
                        case _ where scalar == "\t": " "
                        case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                        default: scalar
                        }
                    }))
            guard kept.contains(where: { $0 != " " }) else { continue }
            bytes += kept.utf8.count
            guard bytes <= CommandOutput.byteLimit else { break }
            lines.append(kept)
        }
        self.lines = lines.reversed()
        self.path = path
        self.isCut = isCut
    }
}

/// The latest command on a node, as long as the part that it belonged to has not done what it was for.
package struct LatestCommand: Hashable, Sendable, Codable {
    package var run: RunID
    /// The step's name.
    package var step: String
    package var outcome: CommandOutcome
    package var output: CommandOutput?
}
