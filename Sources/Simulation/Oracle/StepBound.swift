import Primitives
import Scheduling

extension Step {
    /// For how long a part may be in the step while nothing is wrong and nothing stands still; nil: for as long as what
    /// it waits for, which has a name.
    func bound(hasCommand: Bool) -> Duration? {
        switch self {
        case .drain(let drain):
            hasCommand ? TerminateStep.timeout + .minutes(2) : max(drain.deadline, DrainStep.terminationGrace)
        case .block: .minutes(10)
        case .run, .http, .terminate:
            command.flatMap { hasCommand ? $0.timeout + .minutes(2) : $0.isDisruptive ? .hours(1) : nil }
        case .gate(let gate): gate.timeout
        case .verify(let verify): verify.timeout
        case .wait(.duration(let duration)): duration
        case .soak(let length): length * 3
        case .wait(.windowEnd), .restore, .approval, .notify: nil
        }
    }

    /// At the most, with every attempt of a command.
    private var longest: Duration {
        if case .drain(let drain) = self { return drain.longest + .minutes(2) }
        guard let command else { return bound(hasCommand: false) ?? .zero }
        return (command.timeout + .minutes(2)) * (command.retries + 2)
    }

    static func longestCourse(of sequence: StepSequence) -> Duration {
        sequence.steps.reduce(.zero) { $0 + $1.longest }
    }

    /// As the policy writes it: every deadline, timeout and wait to its end. What is answered at once takes nothing.
    private var written: Duration {
        switch self {
        case .drain(let drain):
            let ending = TerminateStep.timeout + DrainStep.terminationGrace
            return drain.onDeadline == .terminate ? drain.deadline + ending : drain.deadline
        case .run(let run): return run.timeout * (run.retries + 1)
        case .http(let call): return call.timeout * (call.retries + 1)
        case .terminate: return TerminateStep.timeout * 2
        case .verify(let verify): return verify.timeout
        case .gate(let gate): return gate.timeout
        case .wait(.duration(let length)), .soak(let length): return length
        case .block, .restore, .approval, .notify, .wait(.windowEnd): return .zero
        }
    }

    /// How much of its open time one node may need. What waits for the end of a window does not have to be through before it.
    static func courseInWindow(of sequence: StepSequence) -> Duration {
        sequence.steps.prefix { $0 != .wait(.windowEnd) }.reduce(.zero) { $0 + $1.written }
    }
}
