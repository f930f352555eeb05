import ModeCore
import Scheduling

extension PolicyValidator {
    /// How far ahead the windows of a set are looked at.
    static let aheadDays = 400

    /// What will go wrong with the windows of the set from that instant on. Warnings only.
    func lookAhead(_ set: PolicySet, from now: Timestamp) {}
}
