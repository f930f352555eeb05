/// A release of the media server, by the text that it shows: `YEAR.NUMBER.PATCH`, sometimes with a suffix
/// (`2024.1.0-canary.4`). A suffix does not count: what a canary does not take yet, it refuses.
package struct Release: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let year: Int
    package let number: Int
    package let patch: Int

    package init(_ year: Int, _ number: Int, _ patch: Int) {
        (self.year, self.number, self.patch) = (year, number, patch)
    }

    /// Nil where the text names no release: nothing is expected of such a node but what every release has.
    package init?(_ text: some StringProtocol) {
        let numbers = text.prefix { $0 != "-" && $0 != "+" }.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 3 else { return nil }
        let parsed = numbers.compactMap { part -> Int? in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
        }
        guard parsed.count == 3, (2000..<10_000).contains(parsed[0]) else { return nil }
        self.init(parsed[0], parsed[1], parsed[2])
    }

    package static func < (a: Release, b: Release) -> Bool {
        (a.year, a.number, a.patch) < (b.year, b.number, b.patch)
    }

    package var description: String { "\(year).\(number).\(patch)" }

    /// ListClusterNodes leaves out members that are not connected, unless the body asks for them
    /// (`include_all_known_nodes`; sora_exporter CHANGES 2024.1.0). Before it the call takes no body.
    package var leavesOutDisconnected: Bool { self >= Release(2023, 2, 0) }

    /// It has `Sora_20230628.TerminateSession`, by the date in its name.
    package var endsSessions: Bool { self >= Release(2023, 1, 0) }

    /// It sends `session.vanished` by itself. Later releases do so if they are configured to, the newest not at all.
    package var sendsVanished: Bool { year <= 2023 }
}
