import Primitives

/// Why a run may go no further.
extension Run {
    /// Why it may go no further for that cause, where the run alone says so.
    package func reasonToPause(_ cause: Pause.Cause, at now: Moment) -> String? {
        guard !isOver else { return nil }
        switch cause {
        case .person, .progress: return nil
        case .gate: return failedGate
        case .approval: return lateApproval(at: now)
        case .failures: return tally.failed >= failureLimit ? "\(tally.failed) failed (limit \(failureLimit))" : nil
        case .canary:
            return isPromoted ? nil : canaries.lazy.compactMap(\.setback).first.map { "canary \($0)" }
        }
    }

    private var failedGate: String? {
        guard !isForced(.gate) else { return nil }
        for (gate, state) in zip(pinned.gates, gates) {
            guard let state else { continue }
            let isLate = state.at.uptime - state.first.uptime >= gate.timeout
            switch gate.standing(of: state) {
            case .fail(let why): return "\(why), before \(state.node.name)"
            case .wait(let why) where isLate:
                return "gate \(gate.name) did not pass in \(gate.timeout.spoken): \(why), before \(state.node.name)"
            case .pass, .wait: continue
            }
        }
        return nil
    }

    /// Its next node need not wait for that.
    package func isForced(_ ignored: Ignorable) -> Bool { force?.ignored.contains(ignored) ?? false }

    /// The places of the parts whose approval step waits for a person's word.
    package var awaitingApproval: [Int] {
        tally.awaiting ?? parts.indices.filter { parts[$0].awaitedApproval(in: pinned.sequence) != nil }
    }

    private func lateApproval(at now: Moment) -> String? {
        if let clock = approval.clock, clock.hasPassed(at: now) { return "nobody approved its start in time" }
        let late = awaitingApproval.first {
            parts[$0].awaitedApproval(in: pinned.sequence)?.hasPassed(at: now) ?? false
        }
        return late.map { "nobody approved \(parts[$0].node.name) in time" }
    }
}
