import ModeCore
import Primitives

/// What the controller knows about one node in this process, beside the ledger: the fast facts, gone with a crash and
/// read again after it.
struct NodeState: Sendable {
    let id: NodeID
    /// Index of its cluster.
    let cluster: Int
    /// Place in its cluster.
    let place: Int
    let hasGate: Bool

    var observation: Observation?
    /// When the latest successful read ended.
    var observedAt: Moment?
    var failure: ReadFailure?
    var failingSince: Moment?
    /// The node's own account of the cluster, by place: who is connected. Empty where its latest read did not say.
    var connectedPlaces: [Bool] = []
    /// How many regular nodes it lists.
    var regularMembers = 0
    /// It was read, or could not be, at least once in this process.
    var isKnown: Bool { observation != nil || failure != nil }
    /// Grows whenever the node is found restarted.
    var incarnation = 0
    private var epoch: Int?
    private var isAway = false
    /// The incarnation on which the written mode was last seen.
    var writtenIncarnation: Int?

    var evidence = DrainEvidence()
    /// The node answers, and its readiness gate has not since then.
    var gateSilentSince: Uptime?
    /// Normal and ready since then, without a break.
    var inServiceSince: Uptime?

    var isReading = false
    /// Read again as soon as the read under way is over.
    var wantsRead = false
    var readBegun: Uptime?
    var nextRead = Uptime(nanoseconds: .min)

    /// Before that no further ChangeMode: the last one did not do it.
    var notBefore = Uptime(nanoseconds: .min)
    var attempts = 0

    /// The run that has the node in work; one at most.
    var assignment: RunID?
    /// Sessions that came in between a restart and the block's return.
    var leaked = 0

    init(id: NodeID, cluster: Int, place: Int, hasGate: Bool) {
        self.id = id
        self.cluster = cluster
        self.place = place
        self.hasGate = hasGate
    }

    var isFailing: Bool { failure != nil }

    func isReadable(at now: Moment, staleAfter: Duration) -> Bool {
        guard !isFailing, let observedAt else { return false }
        return now.uptime - observedAt.uptime <= staleAfter
    }

    func observedSince(_ uptime: Uptime) -> Bool {
        guard let observation else { return false }
        return observation.begun.uptime >= uptime
    }

    /// Takes a successful read in, and notices a restart by it: another version, a smaller counter, another epoch, or the
    /// node having been `initial`.
    mutating func take(_ new: Observation, at now: Moment) {
        var isRestarted = isAway
        if let old = observation {
            if let a = old.version, let b = new.version, a != b { isRestarted = true }
            if let a = old.load, let b = new.load,
                b.sessionsCreated < a.sessionsCreated || b.sessionsDestroyed < a.sessionsDestroyed
                    || b.connectionsCreated < a.connectionsCreated
            {
                isRestarted = true
            }
        }
        if let new = new.members?.first(where: { $0.name == id.name })?.epoch {
            if let epoch, epoch != new { isRestarted = true }
            epoch = new
        }
        isAway = new.mode == .known(.initial)
        gateSilentSince = hasGate && new.ready == nil ? gateSilentSince ?? now.uptime : nil
        if isRestarted {
            incarnation += 1
            evidence.void()
        }
        observation = new
        observedAt = now
        failure = nil
        failingSince = nil
    }

    mutating func take(_ failure: ReadFailure, at now: Moment) {
        self.failure = failure
        failingSince = failingSince ?? now
        evidence.void()
        inServiceSince = nil
        connectedPlaces = []
    }

    /// Takes over what the state before a reload knew.
    mutating func keep(_ former: NodeState) {
        observation = former.observation
        observedAt = former.observedAt
        failure = former.failure
        failingSince = former.failingSince
        incarnation = former.incarnation
        epoch = former.epoch
        isAway = former.isAway
        writtenIncarnation = former.writtenIncarnation
        evidence = former.evidence
        inServiceSince = former.inServiceSince
        gateSilentSince = former.gateSilentSince
        isReading = former.isReading
        wantsRead = former.wantsRead
        readBegun = former.readBegun
        nextRead = former.nextRead
        notBefore = former.notBefore
        attempts = former.attempts
        leaked = former.leaked
    }
}
