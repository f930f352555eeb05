import Primitives

extension Step {
    /// How long it takes at the longest, every attempt included. What waits for the window's end has no length of its
    /// own; block and restore are answered at once, a soak is not broken.
    public var longest: Duration {
        switch self {
        case .drain(let drain): drain.deadline
        case .run(let run): run.timeout * (run.retries + 1)
        case .verify(let verify): verify.timeout
        case .soak(let duration), .wait(.duration(let duration)): duration
        case .http(let call): call.timeout * (call.retries + 1)
        case .gate(let gate): gate.timeout
        // A person's word comes when it comes; it is taken to come at once.
        case .approval: .zero
        case .block, .restore, .wait(.windowEnd), .terminate, .notify: .zero
        }
    }

    /// How long it is assumed to take on an ordinary day: half of a deadline or timeout and no second attempt, but
    /// soaks and waits in full.
    var usual: Duration {
        switch self {
        case .drain(let drain): drain.deadline / 2
        case .run(let run): run.timeout / 2
        case .verify(let verify): verify.timeout / 2
        case .http(let call): call.timeout / 2
        case .gate(let gate): gate.timeout / 2
        case .soak, .wait, .block, .restore, .approval, .terminate, .notify: longest
        }
    }
}

extension StepSequence {
    /// How long one node takes if every step takes as long as it may, and the sum in words.
    public var worstCase: (total: Duration, sum: String) {
        var total = Duration.zero
        var parts: [String] = []
        for step in steps {
            let length = step.longest
            total += length
            let word: String
            switch step {
            case .run(let run): word = run.name
            case .gate(let gate): word = gate.name
            case .restore, .wait(.windowEnd): continue
            default: word = step.word
            }
            parts.append(length == .zero ? word : "\(word) \(length.spoken)")
        }
        return (total, parts.joined(separator: " + "))
    }

    /// Some step waits until the window is over.
    public var waitsForWindowEnd: Bool { steps.contains(.wait(.windowEnd)) }
}

/// When one node of a run is where, counted from its start.
struct NodeCourse: Hashable {
    var total = Duration.zero
    /// When the first disruptive step starts: the window's end changes nothing from then on.
    var commitment: Duration?
    /// When it is given back.
    var restore: Duration?
    /// When it begins to wait for the window's end.
    var windowEnd: Duration?

    init(_ sequence: StepSequence, length: (Step) -> Duration) {
        for step in sequence.steps {
            if step.isDisruptive { commitment = commitment ?? total }
            if step == .restore { restore = restore ?? total }
            if step == .wait(.windowEnd) { windowEnd = windowEnd ?? total }
            total += length(step)
        }
    }

    /// Whether the node goes on, whatever `onWindowEnd` says, so long after its start.
    func isBound(after elapsed: Duration) -> Bool {
        if let commitment, commitment <= elapsed { return true }
        if let restore, restore <= elapsed { return true }
        return false
    }
}
