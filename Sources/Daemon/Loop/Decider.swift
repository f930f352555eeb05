import Primitives
import Scheduling

/// What the control loop drives: the controller, or a script in tests of the loop.
package protocol Decider: Sendable {
    /// What all records so far add up to.
    var ledger: Ledger { get }
    mutating func handle(_ event: Event, at now: Moment) -> [Effect]
    var nextWake: Uptime? { get }
    /// Why that set cannot take the place of the one in force; empty: it can.
    func objections(to set: PolicySet) -> [String]
    func status(at now: Moment) -> StatusReport
    func answer(_ question: Question, at now: Moment) throws(LeverRefusal) -> QuestionAnswer
}

extension Controller: Decider {}
