import Calendars
import ModeCore
import Primitives

/// One execution of a policy. It pins what the policy said when it started; exclusions, suspension, budgets and addresses
/// are always the current ones.
package struct Run: Hashable, Sendable, Codable {
    package enum Origin: Hashable, Sendable, Codable {
        /// One occurrence of a maintenance window, with the span in which it runs.
        case window(OccurrenceID, Span)
        /// One revision of a rollout.
        case rollout(revision: String, ordinal: Int)
        /// One node of an earlier run that failed after commitment, alone. It is not the policy's run: its windows, revision
        /// and history are no business of it.
        case retry(of: RunID)
    }

    package let id: RunID
    /// As it was, without its exclusions.
    package let pinned: Shared<Policy>
    package let origin: Origin
    package let startedAt: Timestamp
    /// In the order in which they are taken.
    package private(set) var parts: [Part]
    package var phase: RunPhase
    /// Began in a process that only observes: nothing of it is done.
    package var isObserved = false
    /// In the order of their causes.
    package private(set) var pauses: [Pause] = []
    /// How many failures more than the strategy allows an operator has put up with.
    package private(set) var forgivenFailures = 0
    /// By its windows and exclusions, as it was last decided.
    package var clearance: Clearance
    /// The code of what its next node waits for, as it was last decided; nil: nothing. While it is paused nothing is decided.
    package var waitsFor: VerdictCode?
    /// When the canary nodes had been good for long enough and the others might follow.
    package var promotedAt: Timestamp?
    package var approval: RunApproval
    /// What the policy's gates, in their order, have measured about the node that is next; nil: nothing yet.
    package var gates: [GateState?]
    /// The next node that starts is exempt from something.
    package var force: Force?
    /// How much longer it may make no progress; nil: for ever.
    package var progress: Countdown?
    package private(set) var tally: Tally

    /// What is counted of the parts, kept with every change instead of scanned.
    package struct Tally: Hashable, Sendable, Codable {
        /// By `PartPhase.Kind`, in the order of its cases.
        fileprivate(set) var byKind = Array(repeating: 0, count: PartPhase.Kind.allCases.count)
        package fileprivate(set) var holdingSlots = 0
        package fileprivate(set) var failed = 0
        package fileprivate(set) var proven = 0
        package fileprivate(set) var canaries: [Int] = []
        /// Of each group, and after them of the nodes in none: parts that are not finished, and when the last was.
        fileprivate(set) var groups: [Group] = []
        /// No part before it is queued.
        fileprivate(set) var firstQueued = 0
        /// Parts at work that have no slot yet, by their places.
        package fileprivate(set) var ungranted: [Int] = []
        /// Parts whose approval step waits for a person's word, by their places; nil: not counted yet.
        fileprivate(set) var awaiting: [Int]?
        /// When slots became free, latest last; nil where the strategy does not pause between nodes.
        fileprivate(set) var freed: [Moment]?

        struct Group: Hashable, Sendable, Codable {
            var left = 0
            var hasBegun = false
            var lastFinished: Moment?
        }
    }

    package init(
        id: RunID, pinned: Policy, origin: Origin, startedAt: Timestamp, parts: [Part], clearance: Clearance,
        progress: Countdown?
    ) {
        self.id = id
        self.pinned = Shared(pinned)
        self.origin = origin
        self.startedAt = startedAt
        self.parts = parts
        phase = .active
        self.clearance = clearance
        self.progress = progress
        approval = .notNeeded
        // One that goes on alone has been approved, and is out of service already.
        if case .rollout(_, let wanted?) = pinned.kind, case .rollout = origin {
            approval = .awaited(Countdown(standing: wanted.timeout))
        }
        gates = Array(repeating: nil, count: pinned.gates.count)
        tally = Tally()
        tally.awaiting = []
        tally.groups = Array(repeating: Tally.Group(), count: pinned.strategy.groups.count + 1)
        for part in parts { count(part, by: 1) }
    }

    package var policy: String { pinned.name }
    package var cluster: String { pinned.cluster }
    package var revision: String? { pinned.revision }
    package var isRetry: Bool { if case .retry = origin { true } else { false } }
    package var isOver: Bool { count(of: .finished) == parts.count }
    package var isEnding: Bool { if case .ending = phase { true } else { false } }
    /// A node has not got what it came for.
    package var isLeft: Bool { parts.contains { !$0.isProven && !$0.isThrough } }
    /// `active`, `paused` or `ending`.
    package var word: String { isEnding ? "ending" : pauses.isEmpty ? "active" : "paused" }
    /// As many failed nodes pause it.
    package var failureLimit: Int { pinned.strategy.maxFailures + forgivenFailures }

    package func count(of kind: PartPhase.Kind) -> Int { tally.byKind[kind.place] }

    /// Parts that are at work, slot or not.
    package var inWork: Int { parts.count - count(of: .queued) - count(of: .finished) }

    /// Changes one part, and what is counted.
    package mutating func set(_ part: Part, at index: Int, _ now: Moment) {
        let former = parts[index]
        count(former, by: -1)
        parts[index] = part
        count(part, by: 1)
        if part.phase.isQueued { tally.firstQueued = min(tally.firstQueued, index) }
        noteAwaiting(part, former, at: index)
        tally.ungranted.removeAll { $0 == index }
        if case .out(let work) = part.phase, !work.isGranted {
            tally.ungranted.append(index)
            tally.ungranted.sort()
        }
        if former.isCanary, !part.isCanary { tally.canaries.removeAll { $0 == index } }
        if part.isCanary, !former.isCanary { tally.canaries.append(index) }
        let group = groupPlace(part)
        if former.needsGates, !part.needsGates { forgetGates(of: part.node) }
        // One that is taken over goes before its group's turn.
        if part.phase.isInWork, !part.isTakenOver { tally.groups[group].hasBegun = true }
        if part.phase.isFinished, !former.phase.isFinished { tally.groups[group].lastFinished = now }
        if pinned.strategy.pauseBetweenNodes > .zero, part.slotFreedAt != nil, former.slotFreedAt != part.slotFreedAt {
            tally.freed = ((tally.freed ?? []) + [now]).suffix(Run.freedSlotLimit)
        }
        while tally.firstQueued < parts.count, !parts[tally.firstQueued].phase.isQueued { tally.firstQueued += 1 }
    }

    private static let freedSlotLimit = 1_000

    private mutating func noteAwaiting(_ part: Part, _ former: Part, at index: Int) {
        let isAwaiting = part.awaitedApproval(in: pinned.sequence) != nil
        guard isAwaiting != (former.awaitedApproval(in: pinned.sequence) != nil) || tally.awaiting == nil else {
            return
        }
        var awaiting = awaitingApproval.filter { $0 != index }
        if isAwaiting { awaiting.insert(index, at: awaiting.firstIndex { $0 > index } ?? awaiting.count) }
        tally.awaiting = awaiting
    }

    private mutating func count(_ part: Part, by change: Int) {
        tally.byKind[part.phase.kind.place] += change
        if part.phase.holdsSlot { tally.holdingSlots += change }
        if part.isFailed { tally.failed += change }
        if part.isProven { tally.proven += change }
        if !part.phase.isFinished { tally.groups[groupPlace(part)].left += change }
    }

    func groupPlace(_ part: Part) -> Int { part.group ?? pinned.strategy.groups.count }

    mutating func note(_ state: GateState, ofGate place: Int) {
        guard gates.indices.contains(place) else { return }
        gates[place] = state
    }

    /// What was measured before that node starts is of no use any more.
    mutating func forgetGates(of node: NodeID) {
        for place in gates.indices where gates[place]?.node == node { gates[place] = nil }
    }

    mutating func place(_ pause: Pause) {
        pauses.removeAll { $0.cause == pause.cause }
        pauses.append(pause)
        pauses.sort { $0.cause.place < $1.cause.place }
    }

    /// Whoever lets a run go on gives it its time again, puts up with one failure more, and has other nodes prove what a
    /// canary did not. Where the cause was gone already, none of that changes anything.
    mutating func lift(_ cause: Pause.Cause, at now: Moment) {
        pauses.removeAll { $0.cause == cause }
        if let length = pinned.strategy.progressDeadline { progress?.reset(to: length, at: now) }
        switch cause {
        case .person, .progress: break
        case .gate: gates = gates.map { _ in nil }
        case .approval: askAgain(at: now)
        case .failures: forgivenFailures = max(0, tally.failed + 1 - pinned.strategy.maxFailures)
        case .canary:
            for index in tally.canaries where parts[index].setback != nil {
                var part = parts[index]
                part.isCanary = false
                set(part, at: index, now)
            }
        }
    }

    /// Whoever lets it go on has the word waited for as long again.
    private mutating func askAgain(at now: Moment) {
        if case .rollout(_, let wanted?) = pinned.kind, approval.isAwaited {
            approval = .awaited(Countdown(standing: wanted.timeout))
        }
        for index in awaitingApproval
        where parts[index].awaitedApproval(in: pinned.sequence)?.hasPassed(at: now) == true {
            guard let length = parts[index].phase.work.flatMap({ pinned.sequence.steps[$0.step].deadline() }) else {
                continue
            }
            parts[index].phase.timer = Countdown(standing: length)
        }
    }

    /// Moves it over to another boot of the host.
    mutating func carry(over boot: BootChange) {
        progress = progress?.carried(over: boot)
        if let clock = approval.clock { approval = .awaited(clock.carried(over: boot)) }
        for index in gates.indices { gates[index]?.carry(over: boot) }
        tally.freed = tally.freed?.map(boot.carried)
        for group in tally.groups.indices {
            tally.groups[group].lastFinished = tally.groups[group].lastFinished.map(boot.carried)
        }
        for index in parts.indices { parts[index].phase.carry(over: boot) }
    }

    /// Nobody watched: a soak begins anew, and whoever comes back late has a quarter of the time to show progress.
    mutating func resumeAfterRestart(at now: Moment) {
        for index in parts.indices {
            // What became of its command is heard only now.
            if parts[index].phase.command != nil, let timer = parts[index].phase.timer,
                timer.timeLeft(at: now) < Command.killGrace
            {
                parts[index].phase.timer = Countdown(Command.killGrace, from: now)
            }
            guard case .soaking(let work) = parts[index].phase, pinned.sequence.steps[work.step].alwaysRuns,
                let length = pinned.sequence.steps[work.step].deadline()
            else { continue }
            parts[index].phase.timer = Countdown(length, from: now)
        }
        guard let length = pinned.strategy.progressDeadline, let left = progress?.timeLeft(at: now) else { return }
        if left < length / 4 { progress?.reset(to: length / 4, at: now) }
    }
}

extension Pause.Cause {
    fileprivate var place: Int {
        switch self {
        case .person: 0
        case .failures: 1
        case .canary: 2
        case .gate: 3
        case .approval: 4
        case .progress: 5
        }
    }
}

extension PartPhase.Kind {
    fileprivate var place: Int {
        switch self {
        case .queued: 0
        case .out: 1
        case .committed: 2
        case .returning: 3
        case .soaking: 4
        case .finished: 5
        }
    }
}
