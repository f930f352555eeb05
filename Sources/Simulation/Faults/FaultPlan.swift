import Primitives

/// What goes wrong, and when: drawn before the run starts, as data, so that a failing plan can be read and made
/// smaller.
package struct FaultPlan: Hashable, Sendable {
    package var faults: [PlannedFault] = []
    /// What commands come to, by their numbers; those that are not in it succeed.
    package var commands: [Int: CommandFault] = [:]
    /// The daemon dies at this append to the journal, counted from 1.
    package var crashAtAppend: CrashPoint?
}

package struct CrashPoint: Hashable, Sendable {
    package enum Stage: String, Hashable, Sendable, CaseIterable {
        /// Before the records are durable.
        case before
        /// After that, and before any effect.
        case after
        /// After the first effect.
        case amidEffects
    }

    package var append: Int
    package var stage: Stage
}

package struct PlannedFault: Hashable, Sendable {
    /// Since the start of the run.
    package var after: Duration
    /// It waits for that, for half an hour at most, and happens to a node of which it is true.
    package var occasion = Occasion.now
    /// After the occasion has come.
    package var delay = Duration.zero
    package var fault: Fault
}

/// Something that happens is worth most at an awkward moment.
package enum Occasion: String, Hashable, Sendable, CaseIterable {
    case now
    /// A node is out of service by nagi's doing, and can still be given back.
    case whileOut
    case whileCommitted
    /// A command that disrupts nothing runs.
    case whilePreludeRuns
    case whileCommandRuns
    /// A node has failed and stays shut.
    case whileFailed
    /// Nobody claims what nagi wrote any more.
    case whileOwed
    case whileSoaking
}

/// What becomes of one command.
package enum CommandFault: Hashable, Sendable {
    /// It does its work, and then fails.
    case exits(Int)
    /// It fails before it did anything.
    case exitsAtOnce(Int)
    case signalled(Int)
    /// It hangs until it is killed.
    case hangs
    case cannotStart
    /// Killed with whoever watches it: nobody ever writes how it ended.
    case interrupted
    /// Nothing is ever heard of it.
    case vanishes
    /// It says that all is well, and has done nothing.
    case doesNothing

    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case exits, exitsAtOnce, signalled, hangs, cannotStart, interrupted, vanishes, doesNothing
    }
}
