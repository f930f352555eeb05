import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What a step sees, and what it makes of it, in the words of the tables.
extension StepContext {
    /// What is not said is as it is on a good day: the node shows the claimed mode and was read since, nobody is on it.
    init(words: [String]) throws {
        self.init(now: .start)
        claim = .blockNewConnection
        mode = .known(.blockNewConnection)
        isObservedSinceStep = true
        isDrained = true
        isDrainedSinceStep = true
        sessions = 0
        connections = 0
        version = "1"
        revision = "2"
        ready = true
        for word in words { try note(word) }
    }

    private mutating func note(_ word: String) throws {
        let halves = word.split(separator: "=", maxSplits: 1).map(String.init)
        let value = halves.count > 1 ? halves[1] : ""
        switch halves[0] {
        case "mode": mode = value == "-" ? nil : Word.observed(value)
        case "claim": claim = Word.mode(value)
        case "late": isLate = true
        case "attempt": attempt = try #require(Int(value))
        case "running": command = .running
        case "ended": command = .ended(try #require(CommandOutcome(word: value)))
        case "drops": mayDropSessions = true
        case "committed": isCommitted = true
        case "redrains": redrains = try #require(Int(value))
        case "revision": revision = value == "-" ? nil : value
        case "left":
            (isDrained, isDrainedSinceStep) = (false, false)
            sessions = Int(value)
            connections = sessions
        case "relays": (relays, sessions) = (true, nil)
        case "refilled": (isDrained, isDrainedSinceStep, isRefilled) = (false, false, true)
        case "old": isDrainedSinceStep = false
        case "unread": isObservedSinceStep = false
        case "version": version = value == "-" ? nil : NodeText(exactly: value)
        case "before": versionBefore = value == "-" ? nil : NodeText(exactly: value)
        case "another": isAnotherIncarnation = true
        case "ready": ready = value == "-" ? nil : value == "yes"
        case "unlisted": isConnectedSinceStep = false
        case "serves": serviceFor = Word.duration(value)
        case "identity":
            let words: [String: Identity] = [
                "shown": .shown, "pending": .pending, "refuted": .refuted, "unshowable": .notShowable,
            ]
            identity = try #require(words[value])
        case "waits": mayStartCommands = false
        case "quorumless": hasQuorum = false
        case "lacks": lack = "n has no label \(value)"
        case "closed": isWindowOpen = false
        case "approved": isApproved = true
        case "forced": ignoresGates = true
        default: throw Row.Unreadable(description: "no word of a context: \(word)")
        }
    }
}

extension CommandOutcome {
    init?(word: String) {
        switch word {
        case "timeout": self = .timedOut
        case "unstarted": self = .notStarted("no such file")
        case "never": self = .neverBegan
        case "interrupted": self = .interrupted
        case "killed": self = .signalled(9)
        case "answered200": self = .answered(status: 200, fault: nil)
        case "answered503": self = .answered(status: 503, fault: "not wanted")
        case "silence": self = .noAnswer("timeout")
        case _ where word.contains("/"):
            let counts = word.split(separator: "/").compactMap { Int($0) }
            self = .terminated(sessions: counts[0], left: counts[1])
        default:
            guard let status = Int(word) else { return nil }
            self = .exited(status: status)
        }
    }
}

extension StepMove {
    var word: String {
        switch self {
        case .wait(let wait): "wait: \(wait.word)"
        case .done: "done"
        case .proceed: "proceed"
        case .start(let command): "start \(command.name)"
        case .tell(let notice): "tell \(notice.notification)"
        case .again(let attempt): "again after \(attempt)"
        case .drainAgain: "drain again"
        case .leaveOut(let why, let abortsRun): "leave out\(abortsRun ? ", end the run" : ""): \(why)"
        case .fail(let error): "fail: \(error)"
        }
    }
}

extension StepWait {
    var word: String {
        switch self {
        case .drain(let sessions, let connections):
            "drain \(sessions.map { "\($0)" } ?? "?") \(connections.map { "\($0)" } ?? "?")"
        case .termination(let sessions, let connections):
            "end \(sessions.map { "\($0)" } ?? "?") \(connections.map { "\($0)" } ?? "?")"
        case .block: "block"
        case .command(let name, let attempt): "\(name), attempt \(attempt)"
        case .clearance(let name): "clearance for \(name)"
        case .evidence(let name): "evidence for \(name)"
        case .identity(let name): "identity for \(name)"
        case .quorum(let name): "quorum for \(name)"
        case .verify(let missing): "verify: \(missing)"
        case .approval: "approval"
        case .gate(let name, let why): "gate \(name): \(why)"
        case .time: "time"
        case .windowEnd: "the window's end"
        case .service(let isInService): isInService ? "service" : "no service"
        }
    }
}

/// Every row of a table of a step: what it sees, and its move.
func check(_ row: Row, _ step: Step) throws {
    let move = step.move(in: try StepContext(words: try row.words("sees")))
    #expect(move.word == (try row.text("move")))
}
