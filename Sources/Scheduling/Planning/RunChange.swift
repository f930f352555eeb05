import Calendars
import Primitives

/// A run that both plans have, and that goes otherwise.
package struct RunChange: Hashable, Sendable {
    package var old: RunEstimate
    package var new: RunEstimate

    package var policy: String { new.policy }
}

extension RunChange {
    /// Runs are matched by policy and the date of their occurrence; rollouts by policy.
    static func changes(from old: [RunEstimate], to new: [RunEstimate], renamed: [String: String]) -> [RunChange] {
        struct Key: Hashable {
            var policy: String
            var date: LocalDate?
        }
        func key(_ run: RunEstimate, _ policy: String) -> Key {
            Key(policy: policy, date: run.span == nil ? nil : run.occurrence?.nominal.date)
        }
        let before = Dictionary(old.map { (key($0, $0.policy), $0) }, uniquingKeysWith: { first, _ in first })
        return new.compactMap { run in
            guard let former = before[key(run, renamed[run.policy] ?? run.policy)], run.differs(from: former) else {
                return nil
            }
            return RunChange(old: former, new: run)
        }
    }
}

extension RunEstimate {
    fileprivate func differs(from other: RunEstimate) -> Bool {
        fits != other.fits || atOnce != other.atOnce || nodes != other.nodes
            || worst.end != other.worst.end || expected.end != other.expected.end
            || worst.notReached != other.worst.notReached || worst.givenBack != other.worst.givenBack
            || worst.pause != other.worst.pause || worst.windows != other.worst.windows
    }
}
