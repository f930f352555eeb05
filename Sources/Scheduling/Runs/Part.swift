import ModeCore
import Primitives

/// One node's part in a run.
package struct Part: Hashable, Sendable, Codable {
    package var node: NodeID
    package var phase: PartPhase
    /// When the phase was entered.
    package var since: Timestamp
    /// Index into the groups of the run's strategy, as the labels were when the run started; nil: in none.
    package var group: Int?
    /// One of those that go first and must be good before the others follow.
    package var isCanary = false
    /// The run before kept the node shut after a failure: it goes first, from where it stands.
    package var isTakenOver = false
    /// How often it was given back for budget or quorum.
    package var givenBackForOthers = 0
    package var error: String?
    /// What an operator ordered while its command ran: carried out when that has ended.
    package var order: Order?
    /// What it need not wait for, nor be given back for: an operator said so.
    package var exempt: [Ignorable] = []
    package var milestones = Milestones()
    /// When its slot became free.
    package var slotFreedAt: Timestamp?

    package init(node: NodeID, group: Int? = nil, isTakenOver: Bool = false, since: Timestamp) {
        self.node = node
        phase = .queued(PartPhase.Queued())
        self.since = since
        self.group = group
        self.isTakenOver = isTakenOver
    }

    /// `release` or `skip`, and whose word it is.
    package struct Order: Hashable, Sendable, Codable {
        package var happening: Table.Happening
        package var reason: String

        package init(happening: Table.Happening, reason: String) {
            self.happening = happening
            self.reason = reason
        }
    }

    /// Given back for others' failures so often, it ends.
    static let forOthersLimit = 3
    /// How long the cluster must have been within budget before it starts again: 10 minutes, then 20, then 40.
    static let firstBackOff = Duration.minutes(10)

    package var isFailed: Bool {
        if case .finished(.failed) = phase { return true }
        if case .returning(let returning) = phase, returning.after == .end(.finish(.failed)) { return true }
        return false
    }

    /// What the policy's gates say of it decides whether it is granted its slots.
    package var needsGates: Bool { phase.isUngranted && !exempt.contains(.gate) }

    /// Its version is proven on it: upgraded by this run, or before it.
    package var isProven: Bool {
        // Where nothing is done, nothing fails.
        [.finished(.done), .finished(.alreadyThere), .finished(.would)].contains(phase)
    }

    /// It came through its steps and was taken out of the run before it was back in service, or was proven there: its node has
    /// got what it came for.
    package var isThrough: Bool {
        guard case .finished(let result) = phase else { return false }
        return result.mayFollowSteps && milestones.throughAt != nil
    }

    /// Its phase or its result in words: `through its steps and then held`.
    package var told: String {
        guard isThrough, case .finished(let result) = phase else { return phase.word }
        return result.afterSteps
    }

    /// Of a part that waits at an approval step for a person's word: for how much longer before the run pauses.
    func awaitedApproval(in sequence: StepSequence) -> Countdown? {
        guard let work = phase.work, work.approval == nil, case .approval = sequence.steps[work.step] else {
            return nil
        }
        return work.timer
    }

    /// Why a canary node proves nothing, if it does not: failed, left out, or taken from the run.
    package var setback: String? {
        let why = error.map { " (\($0))" } ?? ""
        if isFailed { return "\(node.name) failed\(why)" }
        guard case .finished(let result) = phase, !isProven else { return nil }
        return result == .skipped
            ? "\(node.name) was skipped and proves nothing\(why)"
            : "\(node.name) is \(result.rawValue) and proves nothing\(why)"
    }

    /// Whether a step of the node was finished since then.
    func hasProgressed(since former: Part) -> Bool {
        if phase.isFinished { return !former.phase.isFinished }
        switch (former.phase, phase) {
        case (.queued, _), (_, .queued): return false
        case (_, .returning), (_, .soaking): return former.phase.kind != phase.kind
        default: return (phase.work?.step ?? 0) > (former.phase.work?.step ?? 0)
        }
    }
}

/// When each stage was reached, for summaries.
package struct Milestones: Hashable, Sendable, Codable {
    /// The first claim.
    package var claimedAt: Timestamp?
    package var drainedAt: Timestamp?
    package var blockedAt: Timestamp?
    /// All its steps before `restore` were done.
    package var throughAt: Timestamp?
    package var restoredAt: Timestamp?
    /// Sessions that the node let in between its restart and the block's return.
    package var leaked: Int?
    /// Connections that its commands cut on purpose, as the policy allows: the most that one of them found. Later attempts may
    /// find the same ones.
    package var cut: Int?

    package init() {}
}
