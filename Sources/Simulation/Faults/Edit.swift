import Primitives

/// What somebody changes in the policies before they are loaded again. Policies and nodes by their places in the
/// scenario's first set; what is not there any more is left alone.
package enum Edit: Hashable, Sendable {
    /// Every window of the policy starts so much later.
    case windowMoved(policy: Int, by: Duration)
    case windowRemoved(policy: Int)
    /// A freeze from now on, of one policy or of the whole cluster.
    case freeze(policy: Int?, lasting: Duration)
    case nodeRemoved(node: Int)
    /// One that was removed, or that was never listed.
    case nodeAdded(node: Int)
    /// Of every rollout.
    case revision(String)
    case suspended(policy: Int, Bool)
    case renamed(policy: Int)
    case policyRemoved(policy: Int)
    case policyRestored(policy: Int)
    case budget(Int)
    /// The files are gone.
    case everythingRemoved
    case everythingRestored

    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case windowMoved, windowRemoved, freeze, nodeRemoved, nodeAdded, revision, suspended, renamed, policyRemoved
        case policyRestored, budget, everythingRemoved, everythingRestored
    }
}
