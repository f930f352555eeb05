import ArgumentParser
import Daemon
import Foundation
import ModeServer

/// The answer of a verb that did not do what it was asked, and how the process ends by it.
struct Refusal: Error, CustomStringConvertible {
    enum Kind: Int32 {
        /// The answer is no: a policy is wrong, a run failed.
        case no = 1
        case usage = 2
        /// No daemon answers.
        case unreachable = 3
        /// Not allowed, in conflict with something, or over the budget.
        case refused = 4
    }

    var kind: Kind
    var message: String
    /// What to do about it.
    var hint: String?
    /// For programs: printed instead of the text, where they asked.
    var json: String?

    init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    var description: String { message + (hint.map { "\n  " + $0 } ?? "") }
}

/// `{"error":{"code","message","hint"}}`, as the API writes it.
struct ErrorAnswer: Encodable {
    struct Body: Encodable {
        var code: String
        var message: String
        @Nullable var hint: String?
    }

    var error: Body

    init(_ code: String, _ message: String, hint: String? = nil) {
        error = Body(code: code, message: message, hint: hint)
    }
}

/// The one way out of the program after an error.
enum Exit {
    static func end(with error: any Error) -> Never {
        if let refusal = error as? Refusal {
            if let json = refusal.json { print(json) } else { complain(refusal.description) }
            exit(refusal.kind.rawValue)
        }
        switch error as? ModeServerError {
        case .notLoopback?, .invalid?:
            complain("\(error)")
            exit(Refusal.Kind.usage.rawValue)
        case .cannotListen?, .listenerClosed?, .cannotWriteLog?, nil: break
        }
        let code = Nagi.exitCode(for: error)
        let text = Nagi.fullMessage(for: error)
        if code == .success {
            print(shown(text))
            exit(0)
        }
        if !text.isEmpty { complain(text) }
        exit(code == .validationFailure ? Refusal.Kind.usage.rawValue : code.rawValue)
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data((shown(text) + "\n").utf8))
    }

    /// Arguments stand in it as they were typed: they neither steer the terminal nor make lines of their own.
    private static func shown(_ text: String) -> String {
        let odd = CommandLine.arguments.filter { $0 != $0.plain && !$0.allSatisfy(\.isWhitespace) }
        let text = odd.reduce(text) { $0.replacing($1, with: $1.plain) }
        let environment = ProcessInfo.processInfo.environment
        let width = Terminal(columns: TerminalWindow.size?.columns ?? 0, environment: environment).width
        return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
            UsageLine(String(line.plain))?.folded(width: width ?? 80) ?? [line.plain]
        }.joined(separator: "\n")
    }
}
