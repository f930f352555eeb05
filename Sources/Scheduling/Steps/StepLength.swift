import Primitives

extension Step {
    /// How long it takes at the longest, every attempt included. What waits for the window's end has no length of its
    /// own; block and restore are answered at once, a soak is not broken.
    package var longest: Duration {
        switch self {
        case .drain(let drain): drain.longest
        case .run, .http, .terminate: command?.longest ?? .zero
        case .verify(let verify): verify.longest
        case .soak(let duration), .wait(.duration(let duration)): duration
        case .gate(let gate): gate.timeout
        // A person's word comes when it comes; it is taken to come at once.
        case .approval: .zero
        case .block, .restore, .wait(.windowEnd), .notify: .zero
        }
    }

    /// How long it is assumed to take on an ordinary day: half of a deadline or timeout and no second attempt, but
    /// soaks and waits in full.
    var usual: Duration {
        switch self {
        case .drain(let drain): drain.usual
        case .run, .http, .terminate: command?.usual ?? .zero
        case .verify(let verify): verify.usual
        // It is good when it is first measured.
        case .gate: .zero
        case .soak, .wait, .block, .restore, .approval, .notify: longest
        }
    }
}

extension StepSequence {
    /// How much of a window one node needs at the longest. What follows a wait for the window's end is after it.
    package var longestInWindow: Duration {
        steps.prefix { $0 != .wait(.windowEnd) }.reduce(.zero) { $0 + $1.longest }
    }

    /// How long one node takes if every step takes as long as it may, and the sum in words.
    package var worstCase: (total: Duration, sum: String) {
        var total = Duration.zero
        var parts: [String] = []
        for step in steps {
            let length = step.longest
            total += length
            let word: String
            switch step {
            case .restore, .wait(.windowEnd): continue
            default: word = step.label
            }
            parts.append(length == .zero ? word : "\(word) \(length.spoken)")
        }
        return (total, parts.joined(separator: " + "))
    }
}
