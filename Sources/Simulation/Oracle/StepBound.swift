import Primitives
import Scheduling

extension Step {
    /// For how long a part may be in the step while nothing is wrong and nothing stands still; nil: for as long as what
    /// it waits for, which has a name.
    func bound(hasCommand: Bool) -> Duration? {
        switch self {
        case .drain(let drain): drain.deadline
        case .block: .minutes(10)
        case .run(let run): hasCommand ? run.timeout + .minutes(2) : run.isDisruptive ? .hours(1) : nil
        case .verify(let verify): verify.timeout
        case .wait(.duration(let duration)): duration
        case .soak(let length): length * 3
        case .wait(.windowEnd), .restore, .http, .approval, .terminate, .gate, .notify: nil
        }
    }

    /// At the most, with every attempt of a command.
    private var longest: Duration {
        guard case .run(let run) = self else { return bound(hasCommand: false) ?? .zero }
        return (run.timeout + .minutes(2)) * (run.retries + 2)
    }

    static func longestCourse(of sequence: StepSequence) -> Duration {
        sequence.steps.reduce(.zero) { $0 + $1.longest }
    }
}
