import Primitives

/// A part of a run's nodes that is through before the next begins: the canary nodes of the first group, then the rest of
/// that group, then each further group. Waves never mix stages.
public struct RunStage: Hashable, Sendable, Comparable {
    /// Index into the strategy's groups; nil: the node is in none, and goes last.
    public var group: Int?
    public var isCanary: Bool

    public init(group: Int?, isCanary: Bool) {
        self.group = group
        self.isCanary = isCanary
    }

    public static func < (a: RunStage, b: RunStage) -> Bool {
        let (left, right) = (a.group ?? .max, b.group ?? .max)
        return left == right ? a.isCanary && !b.isCanary : left < right
    }
}

extension NodeRun {
    public var stage: RunStage { RunStage(group: group, isCanary: isCanary ?? false) }

    /// Its version is proven on it: upgraded by this run, or before it.
    var isProven: Bool { phase == .finished(.done) || phase == .finished(.alreadyThere) }

    /// Why a canary node proves nothing, if it does not: failed, left out, or taken from the run.
    var setback: String? {
        let why = error.map { " (\($0))" } ?? ""
        switch (phase, afterRestore) {
        case (.finished(.failed), _), (_, .finish(.failed)?): return "\(node.name) failed\(why)"
        case (.finished(.skipped), _), (_, .finish(.skipped)?):
            return "\(node.name) was skipped and proves nothing\(why)"
        case (.finished(let result), _) where !isProven:
            return "\(node.name) is \(result.word) and proves nothing\(why)"
        default: return nil
        }
    }
}

extension Run {
    /// The stage that is at work or comes next: the first with a node that is not finished. Nil: every node is.
    public var stage: RunStage? { nodes.lazy.filter { !$0.phase.isFinished }.map(\.stage).min() }

    public var canaries: [NodeRun] { nodes.filter { $0.isCanary == true } }

    /// No canary nodes, or they were good for long enough and the others may follow.
    public var isPromoted: Bool { promotedAt != nil || !nodes.contains { $0.isCanary == true } }

    public func group(_ index: Int?) -> NodeGroup? {
        guard let index, let groups = strategy.groups, groups.indices.contains(index) else { return nil }
        return groups[index]
    }

    /// Before that no node of the group starts: its `waitAfterPrevious`, since the last node of the group before was
    /// finished. By the stored wall instants, so that a restart changes nothing and a clock that jumps back never makes it
    /// shorter. Nil: it waits for nothing, or has begun.
    func groupOpens(_ stage: RunStage) -> Timestamp? {
        guard let group = group(stage.group), group.waitAfterPrevious > .zero,
            !nodes.contains(where: { $0.group == stage.group && $0.milestones.claimedAt != nil }),
            let last = previousGroup(of: stage)?.map(\.since).max()
        else { return nil }
        return last + group.waitAfterPrevious
    }

    /// The nodes of the last group before that one that has any.
    func previousGroup(of stage: RunStage) -> [NodeRun]? {
        let place = stage.group ?? .max
        guard let previous = nodes.compactMap(\.group).filter({ $0 < place }).max() else { return nil }
        return nodes.filter { $0.group == previous }
    }

    /// Before that no new wave begins; nil: no pause is due.
    var nextWaveOpens: Timestamp? {
        let current = nodes.compactMap(\.wave).max() ?? 0
        let members = nodes.filter { $0.wave == current }
        guard members.allSatisfy(\.phase.isFinished), let last = members.map(\.since).max() else { return nil }
        return last + strategy.pauseBetweenWaves
    }
}

extension Step {
    /// Time that passes in it passes because the policy wants it to.
    var isOrderedWait: Bool {
        switch self {
        case .wait, .soak: true
        default: false
        }
    }
}
