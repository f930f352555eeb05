import Primitives

/// What the controller keeps about one run that is not over, beside the ledger: gone with a crash and made again after it.
struct RunWatch: Sendable {
    /// Nil: its cluster is gone.
    var cluster: ClusterIndex?
    /// Of its parts; nil: it is gone.
    var nodes: [NodeIndex?] = []
    /// When it wished for a read of all nodes before its next start.
    var wish: Uptime?
    /// Since when all canary nodes have been seen finished.
    var canariesFinishedAt: Uptime?
    /// What it waits for, as the journal was told.
    var waits = Burst()
    /// Nodes of queued parts left the policies.
    var hasLeavers = false
    /// Nothing could start lately: which nodes have the wanted version already is to be looked at anew.
    var mustCheckVersions = true
    /// Places of the parts that are at work, in order.
    private(set) var working: [Int] = []
    /// How many of those wait because the policy wants them to.
    private(set) var orderedWaits = 0
    /// Some part was given back for others, and waits until the cluster has been within budget for a while.
    private(set) var awaitsBudget = false

    /// Takes in how one part has changed.
    mutating func note(_ part: Part, former: Part?, at place: Int, in sequence: StepSequence) {
        if case .queued(let queued) = part.phase, queued.backOff != nil { awaitsBudget = true }
        let isInWork = part.phase.isInWork
        if isInWork != former?.phase.isInWork ?? false {
            let index = working.partitioningIndex { $0 >= place }
            if isInWork { working.insert(place, at: index) } else { working.remove(at: index) }
        }
        func waits(_ part: Part?) -> Bool { part?.phase.work.map { sequence.steps[$0.step].isOrderedWait } ?? false }
        orderedWaits += (waits(part) ? 1 : 0) - (waits(former) ? 1 : 0)
    }
}
