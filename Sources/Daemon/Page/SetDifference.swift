import PolicyFile
import Primitives
import Scheduling

/// Two sets of policies, compared: what is written otherwise, and what that means in time.
package struct SetDifference: Sendable {
    /// As far ahead the times at which policies may act are compared: a freeze of next summer counts.
    package static let reach = Duration.days(400)

    /// Nil where the former text is not at hand.
    package var documents: [DocumentChange]?
    package var plan: PlanDifference

    /// - Parameters:
    ///   - from: begins with its minute: nobody wants to read the seconds of now.
    ///   - reachesTo: up to when open times are compared.
    package init(
        old: PolicySet, new: PolicySet, written: (old: WrittenPolicies, new: WrittenPolicies)?, from: Timestamp,
        to: Timestamp, reachesTo: Timestamp
    ) {
        let from = Timestamp(seconds: from.seconds - from.seconds % 60)
        documents = written.map { documentChanges(from: $0.old, to: $0.new) }
        var renamed: [String: String] = [:]
        for change in documents ?? [] where change.kind == .maintenanceWindow || change.kind == .rollout {
            if let former = change.formerName { renamed[change.name] = former }
        }
        plan = difference(old: old, new: new, from: from, to: to, reachesTo: reachesTo, renamed: renamed)
    }

    /// Nothing differs, but for comments and the like.
    package var isEmpty: Bool { (documents ?? []).isEmpty && plan.isEmpty }
}
