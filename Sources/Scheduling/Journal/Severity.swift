import ModeCore

/// Who has to do something about a line of the log.
package enum Severity: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    /// Nobody.
    case info
    /// Nobody yet: nagi goes on, and it is not as it should be.
    case warn
    /// A person.
    case error

    private var rank: Int {
        switch self {
        case .info: 0
        case .warn: 1
        case .error: 2
        }
    }

    package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
}

extension Fact {
    package var severity: Severity {
        switch self {
        case .alarmRaised, .stayPlaced, .runWaits(_, .waitingApproval?): .error
        case .runStarted(let run): !run.clearance.isOpen && run.approval.isAwaited ? .warn : .info
        case .paused(_, let pause): pause.cause == .person ? .info : .error
        case .runEnded(_, let outcome): outcome.severity
        case .partChanged(_, _, let part, "approval"?, _) where part.awaitsWord: .error
        case .partChanged(_, _, let part, _, _): part.severity
        // It ends live calls, on purpose.
        case .commandIntended(let start) where start.isTermination || start.live != nil: .warn
        case .nodeObserved(_, let facts, _, _): facts.mode == nil || facts.isConnected == false ? .warn : .info
        case .nodeRestarted, .nodeLoosened, .modeAdopted: .warn
        case .floorChanged(_, let floor): floor == nil ? .info : .warn
        case .modeAnswered(_, _, let answer): answer.isAgreement ? .info : .warn
        case .modeSettled(_, _, let isReached): isReached ? .info : .warn
        case .ownershipDropped(_, let reason): reason == .foreign ? .warn : .info
        case .commandEnded(_, _, let outcome, _, _, _): outcome.isSuccess ? .info : .warn
        case .runChanged(_, .ending(.aborted)), .forced, .forceUsed: .warn
        case .gateMeasured(_, _, let state): if case .pass? = state.latest { .info } else { .warn }
        case .budgetKept(_, let since): since == nil ? .warn : .info
        case .daemonStarted, .heartbeat, .policiesLoaded, .membershipChanged, .nodesFound, .nodeShown, .addressMoved,
            .leaversForgotten, .runChanged, .resumed, .clearanceChanged, .runPromoted, .progressChanged,
            .stayEnded, .runWaits, .drainSampled, .holdPlaced, .holdEnded, .releaseOwed, .releaseClaimed, .modeIntended,
            .modeSeenAgain, .approvalChanged, .noticed, .would, .commandIntended, .leverPulled, .alarmEnded:
            .info
        }
    }
}

extension RunOutcome {
    /// What a window's end left for the next one is as the policy wants it.
    fileprivate var severity: Severity {
        switch self {
        case .completed, .observed, .partial(nil), .partial(.windowEnded), .partial(.superseded), .partial(.edited):
            .info
        case .partial: .warn
        case .failed: .error
        }
    }
}

extension CommandStart {
    fileprivate var isTermination: Bool { if case .termination = work { true } else { false } }
}

extension PartPhase.Work {
    /// Its gate has just measured something that is not good.
    fileprivate var isBadGate: Bool {
        guard let gate, gate.isNews, let latest = gate.latest else { return false }
        if case .pass = latest { return false }
        return true
    }
}

extension Part {
    /// Nobody has approved its step yet, which is called `approval`: so may a command be, or a gate.
    var awaitsWord: Bool {
        guard case .out(let work) = phase else { return false }
        return work.approval == nil && work.attempt == 0 && work.gate == nil
    }

    fileprivate var severity: Severity {
        switch phase {
        // Given back for others' sake, or for a freeze.
        case .queued, .returning: error == nil ? .info : .warn
        case .finished(let result):
            switch result {
            case .done, .alreadyThere, .released, .held, .notReached, .notCovered, .ended, .would: .info
            case .failed, .skipped, .yielded, .foreign: .warn
            }
        case .out(let work), .committed(let work, _), .soaking(let work): work.isBadGate ? .warn : .info
        }
    }
}

extension ModeChangeAnswer {
    /// The node has the mode, as far as its answer goes.
    var isAgreement: Bool { outcome == .accepted || outcome == .alreadyThere }
}
