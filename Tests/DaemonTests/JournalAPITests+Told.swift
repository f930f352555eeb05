import Daemon
import Foundation
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What the API tells people of records, and what hostile texts in them come to.
extension JournalAPITests {
    private static let change = [
        record(
            .modeIntended(
                ModeChange(
                    id: 1, node: node01, target: .blockNewSession, cause: .claim, written: nil,
                    notAfter: Moment(wall: .distantPast, uptime: Uptime(nanoseconds: 0))))),
        record(.modeAnswered(node01, id: 1, ModeChangeAnswer(.accepted))),
        record(.modeSettled(node01, id: 1, isReached: true)),
    ]

    private static let told = "node-01  is block_new_session (asked and confirmed in 0 ms)"

    private static func told(_ answer: [String: Any]) -> [[String]] {
        (answer["records"] as? [[String: Any]] ?? []).compactMap { $0["told"] as? [String] }
    }

    @Test func `history tells what belongs together once, if it is asked to tell, and leaves nothing out`() async throws
    {
        try journal.append(Self.change)
        try await serving { address in
            let whole = try await Self.get("/v1/history?told=true", address)
            #expect(Self.told(whole.json) == [[], [], [Self.told]])
            let plain = try await Self.get("/v1/history", address)
            #expect((plain.json["records"] as? [[String: Any]])?.count == 3 && Self.told(plain.json).isEmpty)
            // What is still under way where the page ends is told there, and its end on the next page.
            let first = try await Self.get("/v1/history?told=true&after=0&limit=1", address)
            #expect(Self.told(first.json) == [["node-01  ChangeMode block_new_session (claim)"]])
            let second = try await Self.get("/v1/history?told=true&after=1", address)
            #expect(Self.told(second.json) == [["node-01  ChangeMode accepted"], ["node-01  mode confirmed"]])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `events tell it so too`() async throws {
        try await serving { [journal] address in
            var told: [[String]] = []
            try await Self.blocks("/v1/events?told=true", address) { block in
                if block == "retry: 1000" {
                    try journal.append(Self.change)
                    return true
                }
                let data = try #require(block.components(separatedBy: "\n").last?.dropFirst("data: ".count))
                told.append(try JSONDecoder().decode(HistoryDocument.Record.self, from: Data(data.utf8)).told ?? [])
                return told.count < 3
            }
            #expect(told == [[], [], [Self.told]])
        }
    }

    /// Escape sequences of seven and of eight bits, a mark that turns the direction of writing, separators of lines.
    static let hostile =
        "<img src=x onerror=alert(1)> \u{1B}[2J \u{9B}2J \u{202E}gpj \u{2028}data: {} \r\ndata: {}\n\nid: 7 "

    @Test(.timeLimit(.minutes(1))) func `hostile texts make no lines of their own in a stream of events`() async throws
    {
        let reason = Self.hostile + String(repeating: "x", count: 10_000)
        let hold = Hold(wish: .handsOff, actor: Self.hostile, reason: reason, since: .distantPast, until: nil)
        let node = NodeID(cluster: "tokyo", name: Self.hostile)
        try await serving { [journal] address in
            try await Self.blocks("/v1/events", address) { block in
                if block == "retry: 1000" {
                    try journal.append([Self.record(.holdPlaced(node, hold))])
                    return true
                }
                let lines = block.components(separatedBy: "\n")
                #expect(lines.count == 3 && lines[0] == "id: 1" && lines[1] == "event: hold-placed")
                #expect(block.utf8.count < 8_000)
                let steering = block.unicodeScalars.filter { scalar in
                    switch scalar.properties.generalCategory {
                    case .control: scalar != "\n"
                    case .format, .lineSeparator, .paragraphSeparator: true
                    default: false
                    }
                }
                #expect(steering.isEmpty, "curl shows it on a terminal")
                let data = try #require(lines.last?.dropFirst("data: ".count))
                let record = try JSONDecoder().decode(HistoryDocument.Record.self, from: Data(data.utf8))
                #expect(
                    record.actor == Self.hostile && record.text?.contains(Self.hostile) == true,
                    "a program gets it whole")
                return false
            }
        }
    }
}
