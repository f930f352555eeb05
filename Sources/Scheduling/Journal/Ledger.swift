import Calendars
import ModeCore
import Primitives

/// What the journal adds up to: everything that must survive a crash. It changes only by `apply`, so that the fold of a
/// journal after a restart is the very value that the process before had.
public struct Ledger: Hashable, Sendable {
    /// The latest set that was accepted.
    public private(set) var policies: PolicySet?
    /// Runs that are not over, in the order of their starts.
    public private(set) var runs: [Run] = []
    /// The latest runs that are over, oldest first; at most `endedRunLimit`.
    public private(set) var endedRuns: [EndedRun] = []
    public private(set) var nodes: [NodeID: NodeLedger] = [:]
    /// Commands whose outcome still matters.
    public private(set) var commands: [CommandID: CommandEntry] = [:]
    public private(set) var lastChange = 0
    public private(set) var lastCommand = 0
    /// What each policy has used up: no occurrence opens twice, no span runs twice.
    public private(set) var history: [String: PolicyHistory] = [:]
    /// The moment of the latest record.
    public private(set) var last: Moment?

    public static let endedRunLimit = 20
    /// How many occurrences of a policy are remembered. A daily window is remembered for the better part of a year.
    public static let occurrenceLimit = 256
    /// Drift older than this no longer counts towards `contested`.
    static let driftMemory = Duration.minutes(10)

    public init() {}

    public init(folding records: [Record]) {
        for record in records { apply(record) }
    }

    public mutating func apply(_ record: Record) {
        let at = record.at
        switch record.fact {
        case .daemonStarted:
            if let last { reanchor(from: last, to: at) }
        case .policiesLoaded(let set):
            policies = set
        case .nodeObserved(let node, let facts):
            nodes[node, default: NodeLedger()].facts = facts
        case .runStarted(let run):
            runs.append(run)
            history[run.policy, default: PolicyHistory()].note(run)
        case .runChanged(let id, let phase):
            change(id, phase, at: at)
        case .runEnded(let id, let outcome):
            end(id, outcome, at: at.wall)
        case .runPromoted(let id):
            if let index = runs.firstIndex(where: { $0.id == id }) { runs[index].promotedAt = at.wall }
        case .progressChanged(let id, let clock):
            if let index = runs.firstIndex(where: { $0.id == id }) { runs[index].progress = clock }
        case .nodeRunChanged(let id, let nodeRun):
            change(id, nodeRun, at: at)
        case .holdPlaced(let node, let hold):
            nodes[node, default: NodeLedger()].holds.append(hold)
        case .holdEnded(let node, let owner):
            nodes[node]?.holds.removeAll { $0.owner == owner }
        case .modeIntended(let change):
            lastChange = max(lastChange, change.id)
            nodes[change.node, default: NodeLedger()].intend(change, at: at)
        case .modeAnswered(let node, let id, let answer):
            nodes[node]?.note(answer, of: id, at: at)
        case .modeSettled(let node, let id, let isReached):
            nodes[node]?.settle(id, isReached: isReached, at: at.wall)
        case .modeAdopted(let node, let mode):
            nodes[node]?.written = mode
        case .ownershipDropped(let node, _):
            nodes[node]?.written = nil
        case .floorChanged(let node, let floor):
            nodes[node, default: NodeLedger()].floor = floor
        case .commandIntended(let start):
            lastCommand = max(lastCommand, start.id.number)
            commands[start.id] = CommandEntry(start: start, outcome: nil)
        case .commandEnded(let id, _, let outcome):
            commands[id]?.outcome = outcome
        }
        last = at
    }

    public func run(_ id: RunID) -> Run? { runs.first { $0.id == id } }

    private mutating func change(_ id: RunID, _ phase: RunPhase, at now: Moment) {
        guard let index = runs.firstIndex(where: { $0.id == id }) else { return }
        runs[index].phase = phase
        // Whoever lets a run go on gives it its time again.
        guard phase == .active, let length = runs[index].strategy.progressDeadline else { return }
        runs[index].progress?.reset(to: length, at: now)
    }

    private mutating func change(_ id: RunID, _ nodeRun: NodeRun, at now: Moment) {
        guard let index = runs.firstIndex(where: { $0.id == id }),
            let place = runs[index].nodes.firstIndex(where: { $0.node == nodeRun.node })
        else { return }
        if let former = runs[index].nodes[place].command, former != nodeRun.command { commands[former] = nil }
        if let length = runs[index].strategy.progressDeadline,
            nodeRun.hasProgressed(since: runs[index].nodes[place])
        {
            runs[index].progress?.reset(to: length, at: now)
        }
        runs[index].nodes[place] = nodeRun
        if nodeRun.phase == .finished(.done) {
            history[runs[index].policy, default: PolicyHistory()].completions[nodeRun.node] = now.wall
        }
    }

    private mutating func end(_ id: RunID, _ outcome: RunOutcome, at wall: Timestamp) {
        guard let index = runs.firstIndex(where: { $0.id == id }) else { return }
        let run = runs.remove(at: index)
        for node in run.nodes {
            if let command = node.command { commands[command] = nil }
        }
        if case .ending(let reason) = run.phase { history[run.policy, default: PolicyHistory()].endReason = reason }
        endedRuns.append(EndedRun(run: run, outcome: outcome, endedAt: wall))
        if endedRuns.count > Ledger.endedRunLimit { endedRuns.removeFirst() }
    }

    /// The uptimes of a process that is gone mean nothing in this one.
    private mutating func reanchor(from last: Moment, to now: Moment) {
        for run in runs.indices {
            if let length = runs[run].strategy.progressDeadline {
                runs[run].progress?.reanchor(from: last, to: now, length: length)
            }
            for node in runs[run].nodes.indices {
                let part = runs[run].nodes[node]
                if part.phase == .soaking, case .soak(let length) = runs[run].sequence.steps[part.step] {
                    runs[run].nodes[node].deadline = Deadline(length * NodeRun.soakFactor, from: now)
                } else {
                    runs[run].nodes[node].deadline = part.deadline?.reanchored(from: last, to: now)
                }
                runs[run].nodes[node].stepSince.uptime = now.uptime
            }
        }
        for node in nodes.keys { nodes[node]?.reanchor(to: now) }
    }
}

/// What is durable about one node.
public struct NodeLedger: Hashable, Sendable {
    /// The mode that nagi last wrote and saw there; nil: nothing that nagi would have to take back.
    public var written: RequestableMode?
    /// A stricter mode that somebody else set.
    public var floor: RequestableMode?
    public var open: OpenChange?
    /// Writes whose outcome nobody learned: they may yet arrive, also after later ones.
    public var doubts: [Doubt] = []
    public var holds: [Hold] = []
    public var facts: NodeFacts?
    /// When somebody else loosened a claimed mode, within the last ten minutes.
    public var drifts: [Timestamp] = []

    public init() {}

    mutating func intend(_ change: ModeChange, at now: Moment) {
        open = OpenChange(change: change, intendedAt: now)
        drifts.removeAll { $0 + Ledger.driftMemory < now.wall }
        if change.cause == .drift { drifts.append(now.wall) }
    }

    mutating func note(_ answer: ModeChangeAnswer, of id: Int, at now: Moment) {
        guard let change = open?.change, change.id == id else { return }
        open?.answer = answer
        open?.answeredAt = now
        if case .unknown = answer { doubt(change.target, at: now.wall) }
    }

    /// The write of that mode may arrive at any time from now.
    private mutating func doubt(_ mode: RequestableMode, at wall: Timestamp) {
        doubts.removeAll { $0.mode == mode || wall - $0.since > Doubt.memory }
        doubts.append(Doubt(mode: mode, since: wall))
    }

    mutating func settle(_ id: Int, isReached: Bool, at wall: Timestamp) {
        guard let change = open?.change, change.id == id else { return }
        switch (isReached, open?.answer) {
        case (true, .accepted?), (true, .unknown?), (true, nil):
            written = change.cause == .release ? nil : change.target
        case (true, .alreadyThere?):
            // There by an earlier write of nagi's own that was given up, or by somebody else's.
            if change.cause == .release {
                written = nil
            } else if doubts.contains(where: { $0.mode == change.target }) {
                written = change.target
            }
        case (false, .accepted?), (false, .rejected?):
            // A proxy may answer before the node does.
            doubt(change.target, at: wall)
        case (true, .declined?), (true, .rejected?), (true, .notSent?), (false, _):
            break
        }
        open = nil
    }

    mutating func reanchor(to now: Moment) {
        guard open != nil else { return }
        if let change = open?.change, open?.answer == nil {
            open?.answer = .unknown("the daemon was restarted before the answer")
            doubt(change.target, at: now.wall)
        }
        open?.answeredAt = now
        open?.intendedAt.uptime = now.uptime
    }
}

/// A ModeChange that is not settled.
public struct OpenChange: Hashable, Sendable {
    public var change: ModeChange
    public var intendedAt: Moment
    public var answer: ModeChangeAnswer?
    public var answeredAt: Moment?

    public init(change: ModeChange, intendedAt: Moment) {
        self.change = change
        self.intendedAt = intendedAt
    }
}

/// A write of unknown outcome.
public struct Doubt: Hashable, Sendable {
    /// For how long a mode that appears on the node is taken for the late arrival of the write.
    static let memory = Duration.minutes(1)

    public var mode: RequestableMode
    public var since: Timestamp
}

public struct CommandEntry: Hashable, Sendable {
    public var start: CommandStart
    public var outcome: CommandOutcome?
}

public struct EndedRun: Hashable, Sendable {
    public var run: Run
    public var outcome: RunOutcome
    public var endedAt: Timestamp
}

/// What one policy has already done.
public struct PolicyHistory: Hashable, Sendable {
    /// Spans in which it ran, oldest first.
    public var occurrences: [PastOccurrence] = []
    /// Runs per revision.
    public var ordinals: [String: Int] = [:]
    /// When each node was last completed.
    public var completions: [NodeID: Timestamp] = [:]
    /// The revision that ran last, and why its run ended before it was through, if it did.
    public var revision: String?
    public var endReason: EndReason?

    public struct PastOccurrence: Hashable, Sendable {
        public var id: OccurrenceID
        public var span: Span
    }

    mutating func note(_ run: Run) {
        switch run.origin {
        case .window(let id, let span):
            occurrences.append(PastOccurrence(id: id, span: span))
            if occurrences.count > Ledger.occurrenceLimit { occurrences.removeFirst() }
        case .rollout(let revision, let ordinal):
            ordinals[revision] = max(ordinals[revision] ?? 0, ordinal)
            self.revision = revision
            endReason = nil
        }
    }

    /// Whether the policy ran in that occurrence, or in a span that overlaps it.
    public func hasRun(_ id: OccurrenceID, _ span: Span) -> Bool {
        occurrences.contains { $0.id == id || $0.span.overlaps(span) }
    }
}
