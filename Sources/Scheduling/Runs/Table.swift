/// The table of what happens to a node's part in a run when something happens: one total function of phase and happening.
/// The documentation of the target shows it printed, and a test keeps the two equal.
package enum Table {
    /// The phases that something can happen to.
    package enum Phase: String, Hashable, Sendable, CaseIterable {
        case queued, out, committed, returning, soaking
    }

    package enum Happening: String, Hashable, Sendable, Codable, CaseIterable {
        case release = "release by an operator"
        case skip
        case abort = "abort, suspend, policy or node removed"
        case newRevision = "new revision"
        case exclusion = "exclusion starts, pause with restore"
        case windowPauses = "window ends, and the run goes on in a later one"
        case windowEnds = "window of a MaintenanceWindow ends"
        case yield = "opened by hand under onDrift: yield"
        case overBudget = "over budget by others' failures, for longer than staleAfter"
        case quorumMissing = "quorum missing for a disruptive step, for longer than staleAfter"
        case stepFails = "step fails for good"
        case hold = "hold placed"
        case pause = "pause (run or all)"
        case clock = "the clock is not trusted"
        case unreachable = "unreachable or stale, for longer than staleAfter"
        case isolated = "isolated, initial"
        case foreign = "foreign stricter mode"
        case looser = "looser than claim, restart"
        case daemonRestart = "daemon restart"
    }

    package enum Response: Hashable, Sendable {
        /// It cannot happen.
        case impossible
        /// No move; a deadline stands.
        case waits
        /// No move forward; the deadline runs, and what follows it follows.
        case waitsUntilDeadline
        /// The claim stands, no further step; the deadline stands.
        case stays
        /// As if nothing had happened; the deadline runs.
        case on
        /// Everything but the start of a command; that wait's deadline stands.
        case onWithoutCommands
        /// Everything but commands and `restore`, where the part ends `held`.
        case onUntilRestore
        case finish(PartResult)
        case giveBack(GivingBack)
        /// Failed after commitment: the claim stays behind.
        case failAndStay
        /// Refused while its command runs; else that.
        case unlessCommandRuns(Refusable)
        /// The time in service is counted anew.
        case restartsSoak
        /// The node is left as somebody else wants it, and the part ends.
        case stopAtFloor
    }

    package enum Refusable: Hashable, Sendable {
        case giveBack(PartResult)
        /// The claim stays behind.
        case stay(PartResult)
    }

    /// What a policy says that the table depends on.
    package struct Traits: Hashable, Sendable {
        package var onWindowEnd: OnWindowEnd
        package var onFailure: OnFailure
    }

    package static func response(of phase: Phase, to happening: Happening, _ traits: Traits) -> Response {
        switch happening {
        case .windowPauses:
            switch phase {
            case .queued: .waits
            case .out: traits.onWindowEnd == .restore ? .giveBack(.again(.whenClear)) : .on
            case .committed, .returning, .soaking: .on
            }
        case .windowEnds:
            switch phase {
            case .queued: .finish(.notReached)
            case .out: traits.onWindowEnd == .restore ? .giveBack(.finish(.ended)) : .on
            case .committed, .returning, .soaking: .on
            }
        case .exclusion:
            switch phase {
            case .queued: .waits
            case .out: .giveBack(.again(.whenClear))
            case .committed, .returning, .soaking: .on
            }
        case .abort:
            switch phase {
            case .queued, .soaking: .finish(.ended)
            case .out: .giveBack(.finish(.ended))
            case .committed, .returning: .on
            }
        case .newRevision:
            switch phase {
            case .queued: .finish(.ended)
            case .out: .giveBack(.finish(.ended))
            case .committed, .returning, .soaking: .on
            }
        case .pause, .clock:
            switch phase {
            case .queued: .waits
            case .out: .stays
            case .committed: .onWithoutCommands
            case .returning, .soaking: .on
            }
        case .hold:
            switch phase {
            case .queued: .waits
            case .out: .stays
            case .committed: .onUntilRestore
            case .returning, .soaking: .finish(.held)
            }
        case .release:
            switch phase {
            case .queued, .soaking: .finish(.released)
            case .out: .giveBack(.finish(.released))
            case .committed: .unlessCommandRuns(.giveBack(.released))
            case .returning: .on
            }
        case .skip:
            switch phase {
            case .queued: .finish(.skipped)
            case .out: .giveBack(.finish(.skipped))
            case .committed: .unlessCommandRuns(.stay(.skipped))
            case .returning, .soaking: .on
            }
        case .yield:
            switch phase {
            case .out: .giveBack(.finish(.yielded))
            case .queued, .returning: .impossible
            case .committed, .soaking: .on
            }
        case .overBudget:
            switch phase {
            case .queued: .waits
            case .out: .giveBack(.again(.forOthers))
            case .committed, .returning, .soaking: .on
            }
        case .quorumMissing:
            switch phase {
            case .queued: .waits
            case .out: .giveBack(.again(.forOthers))
            case .committed: .waitsUntilDeadline
            case .returning, .soaking: .on
            }
        case .foreign:
            switch phase {
            case .queued: .waits
            case .out, .committed: .on
            case .returning: .stopAtFloor
            case .soaking: .restartsSoak
            }
        case .looser:
            switch phase {
            case .queued, .returning: .impossible
            case .out, .committed: .on
            case .soaking: .restartsSoak
            }
        case .isolated, .unreachable:
            switch phase {
            case .queued, .returning: .waits
            case .out, .committed: .waitsUntilDeadline
            case .soaking: .restartsSoak
            }
        case .stepFails:
            switch phase {
            case .queued, .returning: .impossible
            case .out: .giveBack(.finish(.failed))
            case .committed: traits.onFailure == .stay ? .failAndStay : .giveBack(.finish(.failed))
            case .soaking: .finish(.failed)
            }
        case .daemonRestart: phase == .soaking ? .restartsSoak : .on
        }
    }
}
