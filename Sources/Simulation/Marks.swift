import Scheduling

/// What really happened in a run: a fault that was drawn and never came to pass proves nothing.
package struct Marks: Hashable, Sendable {
    package private(set) var counts: [String: Int] = [:]

    mutating func note(_ mark: String) { counts[mark, default: 0] += 1 }

    mutating func note(_ fact: Fact) {
        switch fact {
        case .nodeRestarted: note("node-restarted")
        case .nodeLoosened: note("loosened")
        case .addressMoved: note("address-moved")
        case .nodeShown: note("identity-shown")
        case .runEnded(_, let outcome): note("run-\(outcome.word)")
        case .paused(_?, let pause): note("run-paused-\(pause.cause.rawValue)")
        case .paused(nil, _): note("all-paused")
        case .resumed(_?, let cause): note("run-resumed-\(cause.rawValue)")
        case .resumed(nil, _): note("all-resumed")
        case .runChanged(_, .ending(let reason)): note("run-ending-\(reason.word)")
        case .runPromoted: note("promoted")
        case .approvalChanged(_, .given): note("run-approved")
        case .gateMeasured: note("gate-before-start")
        case .noticed: note("noticed")
        case .clearanceChanged(_, .closed(let closure)): note(closure.isExclusion ? "frozen" : "window-closed")
        case .partChanged(_, _, let part, _, _): note(part)
        case .stayPlaced: note("stay-placed")
        case .stayEnded: note("stay-ended")
        case .releaseOwed: note("release-owed")
        case .releaseClaimed: note("release-claimed")
        case .nodesFound(_, let found):
            if !found.came.isEmpty { note("node-found") }
            if !found.gone.isEmpty { note("found-node-gone") }
        case .leaversForgotten: note("leavers-forgotten")
        case .modeIntended(let change): note("intent-\(change.cause.rawValue)")
        case .modeAnswered(_, _, let answer): note("answer-\(caseName(of: answer.outcome).hyphenated)")
        case .modeSettled(_, _, let isReached): note(isReached ? "settled-reached" : "settled-lost")
        case .modeSeenAgain: note("mode-seen-again")
        case .modeAdopted: note("mode-adopted")
        case .ownershipDropped(_, let reason): note("dropped-\(reason.rawValue)")
        case .floorChanged(_, let floor): note(floor == nil ? "floor-gone" : "floor-set")
        case .commandEnded(_, _, let outcome, _, _, _): note("command-\(outcome.word)")
        case .alarmRaised(let alarm):
            note("alarm-\(alarm.key.code.rawValue)")
            if alarm.text.contains("discovery.allow") { note("member-left-out") }
        default: break
        }
    }

    private mutating func note(_ part: Part) {
        switch part.phase {
        case .queued(let queued): note(queued.backOff == nil ? "part-queued-again" : "part-given-back-for-others")
        case .finished(let result): note("part-\(result.rawValue)")
        default: note("part-\(part.phase.word)")
        }
        if part.isTakenOver { note("part-taken-over") }
        if part.phase.work?.approval != nil { note("part-approved") }
        if part.phase.work?.gate != nil { note("part-measured") }
        if let work = part.phase.work, work.redrains > 0 { note("part-drained-again") }
        if let work = part.phase.work, work.attempt > 1 { note("part-another-attempt") }
        if part.phase.work?.mayDropSessions == true { note("part-proceeds") }
    }
}

extension EndReason {
    fileprivate var word: String {
        switch self {
        case .windowEnded: "window-ended"
        case .suspended: "suspended"
        case .policyRemoved: "policy-removed"
        case .nodeRemoved: "node-removed"
        case .superseded: "superseded"
        case .edited: "edited"
        case .aborted: "aborted"
        }
    }
}

extension CommandOutcome {
    fileprivate var word: String {
        switch self {
        case .exited(let status): status == 0 ? "succeeded" : "failed"
        case .signalled: "signalled"
        case .timedOut: "timed-out"
        case .stopped: "stopped"
        case .answered(_, let fault): fault == nil ? "answered-well" : "answered-badly"
        case .noAnswer: "no-answer"
        case .terminated(_, let left, _): left == 0 ? "terminated" : "terminated-by-half"
        case .notStarted: "not-started"
        case .neverBegan: "never-began"
        case .interrupted: "interrupted"
        }
    }
}

extension String {
    fileprivate var hyphenated: String { reduce(into: "") { $0 += $1.isUppercase ? "-\($1.lowercased())" : "\($1)" } }
}
