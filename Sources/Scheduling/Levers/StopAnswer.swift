/// May these nodes be stopped now, by somebody who does the work without a policy?
package struct StopAnswer: Hashable, Sendable {
    package var nodes: [NodeID]
    /// All that stands in the way; empty: they may go.
    package var blockers: [Blocker]
    /// Nodes of the same clusters that may go with them, after those that were asked about.
    package var more: [NodeID] = []

    package var isOK: Bool { blockers.isEmpty }
}

extension Blocker {
    /// Why a lever is refused for it.
    var refusalCode: LeverRefusal.Code {
        switch reason {
        case .held, .keptOpen, .reserved, .nodeBusy: .nodeTaken
        case .budget, .quorum: .overBudget
        default: .notNow
        }
    }
}
