import ModeCore
import Primitives

/// A server of chat rooms that can be drained: it asks the gate before it lets anybody in, and tells it who has left.
/// The rooms, and what is said in them, would be this server's own business.
struct Rooms {
    private let gate = AdmissionGate(
        NodeSettings(name: "rooms", isClustered: false, gracePeriod: .seconds(5), maxConnections: 5))
    /// Who is in, by the number that they were told.
    private var guests: [Int: ConnectionID] = [:]
    private var lastNumber = 0

    /// Answers one line with the lines to print.
    mutating func answer(_ line: String, at time: Timestamp) -> [String] {
        let words = line.split(separator: " ").map(String.init)
        let argument = words.count == 2 ? words[1] : nil
        // Sessions end some time after their last guest, without anybody calling.
        gate.advance(to: time)
        var answers: [String]
        switch (words.first, argument) {
        case ("connect", let room?): answers = [connect(room, at: time)]
        case ("leave", let text?): answers = [leave(text, at: time)]
        case ("mode", let text?): answers = [change(text, at: time)]
        case ("mode", nil): answers = ["mode \(gate.mode.rawValue)"]
        case ("close", let room?): answers = [close(room, at: time)]
        case ("sessions", nil): answers = listing
        case ("wait", .some): answers = []
        default: answers = ["unknown: \(line)"]
        }
        for event in gate.takeEvents() where event.kind == .sessionVanished {
            answers.append("session.vanished: the last room is empty, this server can go")
        }
        return answers
    }

    private mutating func connect(_ room: String, at time: Timestamp) -> String {
        switch gate.connect(ChannelID(room), at: time) {
        case .admitted(let connection, _):
            lastNumber += 1
            guests[lastNumber] = connection
            return "admitted to \(room) as \(lastNumber)"
        case .rejected(let rejection):
            return "refused: \(reason(for: rejection, room: room))"
        }
    }

    private func reason(for rejection: Rejection, room: String) -> String {
        switch rejection {
        case .blockNewSession: "no new rooms, and nobody is in \(room)"
        case .blockNewConnection: "nobody is let in any more"
        case .full: "\(gate.settings.maxConnections) guests are here already"
        case .initial, .notRunning, .noNode: "not open"
        }
    }

    private mutating func leave(_ text: String, at time: Timestamp) -> String {
        guard let number = Int(text), let connection = guests.removeValue(forKey: number) else {
            return "nobody is called \(text)"
        }
        return gate.disconnect(connection, at: time) ? "\(number) left" : "\(number) was gone already"
    }

    private func change(_ text: String, at time: Timestamp) -> String {
        guard let mode = RequestableMode(rawValue: text) else {
            return "a mode is one of \(RequestableMode.allCases.map(\.rawValue).joined(separator: ", "))"
        }
        gate.changeMode(mode, at: time)
        return "mode \(gate.mode.rawValue)"
    }

    private func close(_ room: String, at time: Timestamp) -> String {
        let before = gate.connectionCount
        guard gate.terminateSession(of: ChannelID(room), at: time) != nil else { return "there is no \(room)" }
        return "closed \(room), \(before - gate.connectionCount) thrown out"
    }

    private var listing: [String] {
        let sessions = gate.sessions
        guard !sessions.isEmpty else { return ["no rooms"] }
        return sessions.map { "\($0.channel.name): \($0.connections) now, \($0.totalConnections) ever" }
    }
}
