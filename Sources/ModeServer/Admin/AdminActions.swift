/// What the admin API does to a node, by the last part of the path.
package enum AdminActions: String, CaseIterable, Sendable {
    case restart
    case stop
    case crash
    case start
    case isolate
    case rejoin
    case purge
    case fileFault
    case faults

    /// The admin API on one page: each action and each fault switch, in lines of at most 80 columns.
    package static var help: String {
        let actions = allCases.map { ($0.rawValue, $0.explanation) }
        let switches = NodeFaults.switches.map { ($0.name, "\($0.values): \($0.explanation)") }
        return """
              GET  /nodes               state, addresses and figures of all nodes
              POST /nodes/NAME/ACTION   NAME is a node's; the actions are:
            \(columns(actions))

            The body of faults is a JSON object; what is left out is off:
            \(columns(switches))
            """
    }

    private static func columns(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { word, text in
            "    \(word)\(String(repeating: " ", count: width - word.count))  \(text)"
        }.joined(separator: "\n")
    }

    private var explanation: String {
        switch self {
        case .restart: "end it and start it again, {\"version\": \"...\"} if given"
        case .stop: "end the process: clients are told, their calls are cut"
        case .crash: "end the process without a word to anybody"
        case .start: "start a stopped one, {\"version\": \"...\"} if given"
        case .isolate: "cut it off from all but those in {\"with\": [\"NAME\", ...]}"
        case .rejoin: "bring it back to them"
        case .purge: "take a disconnected node off the membership list"
        case .fileFault: "a file operation fails: a clustered node blocks itself"
        case .faults: "let its API misbehave"
        }
    }
}
