import ModeCore
import Primitives

/// What the controller knows about one node in this process, beside the ledger: the fast facts, gone with a crash and
/// read again after it. Freshness is counted from the instant at which a read began.
struct NodeWatch: Sendable {
    let id: NodeID
    private(set) var cluster: ClusterIndex
    private(set) var hasReadinessProbe: Bool
    /// Longer than this nothing that a read said is believed.
    private(set) var staleAfter: Duration

    /// The latest mode that any read showed.
    private(set) var mode: ModeReading?
    /// The latest whole read.
    private(set) var observation: Observation?
    private(set) var failure: ReadFailure?
    private(set) var failingSince: Moment?
    /// When the latest failed read began.
    private var failedBegun: Uptime?
    private(set) var marks: IncarnationMarks?
    private var epoch: Int?
    private var ownRow = 0
    /// Who answers at its address has not said to be it, since then.
    private(set) var doubt: Doubt?
    /// Where its own list has it, alone with that for long: another spelling of its address.
    var alias: MemberAddress?
    /// What nagi wrote last was first seen under that doubt: it may have reached whoever answers there.
    var isSetInDoubt = false
    /// A looser mode was read alone then, and no whole read came since.
    var askedWhoAnswers: Uptime?
    /// Reads that began earlier were asked of another address.
    private(set) var hereSince = Uptime(nanoseconds: .min)
    /// When the read began that showed its present life first: what was asked before it is about the life before.
    private var lifeBegun = Uptime(nanoseconds: .min)
    /// Its present life began while it was `initial`, and was counted then: joining is not one more.
    private var hasCountedLife = false
    /// The marks that are known are another machine's.
    private var acceptsAnyLife = false

    private(set) var evidence = DrainEvidence()
    /// Normal and ready since then, without a break.
    private(set) var inServiceSince: Uptime?

    var whole = ReadLane()
    var modeOnly = ReadLane()

    /// Before that no further ChangeMode: the last one did not do it.
    var notBefore = Uptime(nanoseconds: .min)
    var attempts = 0
    /// Since when its opening has been wanted: only what the others said since then counts.
    var openingWishedAt: Uptime?
    /// When the others were last asked about it.
    var othersAskedAt: Uptime?
    /// The mode was found looser than the claim by a read that began then, and whether somebody did it is not known yet.
    var looserSince: Uptime?
    /// The lists show its name in a looser mode than the one that was set at its address, since then.
    var contradictedSince: Uptime?
    /// Sessions that came in between a restart and the block's return.
    var leaked = 0
    /// The life of which they are counted already; nil: not known since this process began.
    var leakedIn: Int?
    /// It could not be connected to since its latest whole read.
    private(set) var wentAway = false
    /// The claimed mode was seen; only a mode that was there can be loosened.
    var isConfirmed = false
    /// When the journal last took a reading, what it left out since then, and how often that changed.
    var journaled = Burst()
    var unjournaledFacts: NodeLedger.NodeFacts?
    var unjournaled = 0

    struct ModeReading: Hashable, Sendable {
        var mode: ObservedMode
        var begun: Moment
    }

    struct Doubt: Hashable, Sendable {
        /// Where the list of whoever answers has the node; nil: it does not say.
        let said: MemberAddress?
        let since: Uptime
    }

    /// One kind of read of a node: at most one is under way.
    struct ReadLane: Hashable, Sendable {
        var isUnderWay = false
        /// When the latest one was asked for.
        var begun: Uptime?
        /// Read again as soon as the read under way is over.
        var wantsMore = false
        var next: Uptime?
    }

    init(id: NodeID, cluster: ClusterIndex, hasReadinessProbe: Bool, staleAfter: Duration) {
        self.id = id
        self.cluster = cluster
        self.hasReadinessProbe = hasReadinessProbe
        self.staleAfter = staleAfter
    }

    // A question to an element of a large array that is not inlined copies the element.

    @inline(__always) var isFailing: Bool { failure != nil }
    /// Nothing came back from it.
    var isSilent: Bool {
        switch failure {
        case .unreachable?, .timedOut?: true
        case .badAnswer?, .notSent?, .distrusted?, nil: false
        }
    }

    /// It was read, or could not be, at least once in this process.
    @inline(__always) var isKnown: Bool { mode != nil || failure != nil }

    @inline(__always) func isFresh(_ begun: Moment, at now: Moment) -> Bool { now.uptime - begun.uptime <= staleAfter }

    @inline(__always) func isModeFresh(at now: Moment) -> Bool {
        failure == nil && mode.map { isFresh($0.begun, at: now) } ?? false
    }

    @inline(__always) func isObservationFresh(at now: Moment) -> Bool {
        failure == nil && observation.map { isFresh($0.begun, at: now) } ?? false
    }

    /// The mode, where the latest read succeeded and is recent enough.
    @inline(__always) func freshMode(at now: Moment) -> ObservedMode? {
        isModeFresh(at: now) ? mode?.mode : nil
    }

    /// The latest whole read, on the same conditions.
    func freshObservation(at now: Moment) -> Observation? {
        isObservationFresh(at: now) ? observation : nil
    }

    /// No read has succeeded for longer than `staleAfter`. One failure proves nothing.
    @inline(__always) func isGone(at now: Moment, watchedSince: Uptime) -> Bool {
        let last = mode.map { max($0.begun.uptime, watchedSince) } ?? watchedSince
        return now.uptime - last > staleAfter
    }

    /// When `isGone` becomes true if no read succeeds until then.
    @inline(__always) func goneAt(watchedSince: Uptime) -> Uptime {
        (mode.map { max($0.begun.uptime, watchedSince) } ?? watchedSince) + staleAfter + .nanoseconds(1)
    }

    /// Normal and ready by fresh reads.
    @inline(__always) func isServing(at now: Moment) -> Bool {
        guard isObservationFresh(at: now), isModeFresh(at: now), mode?.mode == .known(.normal) else { return false }
        return !hasReadinessProbe || observation?.ready == true
    }

    /// What a read of the mode says about the node's life: `initial` and then another mode is another one.
    enum Life {
        case same, another, unknown
    }

    /// Takes in a mode that was read alone. An answer that is older than what is known says nothing.
    mutating func take(_ new: ObservedMode, begun: Moment) -> Life {
        guard mode.map({ $0.begun.uptime <= begun.uptime }) ?? true else { return .unknown }
        mode = ModeReading(mode: new, begun: begun)
        succeed(begun)
        if new != .known(.normal) { inServiceSince = nil }
        guard new != .known(.initial) else {
            if !hasCountedLife { marks = (marks ?? IncarnationMarks()).away }
            return .unknown
        }
        hasCountedLife = false
        guard marks?.isAway == true else { return .unknown }
        // What the counters of this life are, the next whole read says.
        marks = IncarnationMarks()
        lifeBegun = begun.uptime
        evidence.void()
        return .another
    }

    /// Takes in a whole read.
    ///
    /// - Parameter known: the marks that the journal has, for the first read of a process.
    mutating func take(_ new: Observation, known: IncarnationMarks?, at now: Moment) -> Life {
        // Nobody saw what the node did while nobody read it: a service of that time proves nothing.
        if observation.map({ !isFresh($0.begun, at: new.begun) }) ?? true { inServiceSince = nil }
        if mode.map({ $0.begun.uptime <= new.begun.uptime }) ?? true {
            mode = ModeReading(mode: new.mode, begun: new.begun)
        }
        succeed(new.begun)
        let isInitial = new.mode == .known(.initial)
        if !isInitial { hasCountedLife = false }
        let later = marks(shownBy: new)
        var life = Life.same
        if new.begun.uptime < lifeBegun {
            evidence.void()
        } else if acceptsAnyLife {
            acceptsAnyLife = false
            marks = later
        } else if let former = marks ?? known {
            if !former.mayBeSame(as: later) { life = .another }
            marks = former.updated(by: later)
        } else {
            life = .another
            marks = later
        }
        if life == .another {
            hasCountedLife = isInitial
            lifeBegun = new.begun.uptime
            marks = IncarnationMarks(version: new.version, load: new.load)
            evidence.void()
            inServiceSince = nil
        }
        if let join = new.members.flatMap({ ownMember($0)?.epoch }) {
            // Another join is no other process, but what was counted before it proves nothing.
            if let epoch, epoch != join { evidence.void() }
            epoch = join
        }
        observation = new
        // The roster has them.
        observation?.members = nil
        wentAway = false
        if !isServing(at: now) {
            inServiceSince = nil
        } else if inServiceSince == nil {
            inServiceSince = new.begun.uptime
        }
        return life
    }

    /// Its own row is where it was in the list before, as a rule.
    private mutating func ownMember(_ members: [ClusterMember]) -> ClusterMember? {
        if !members.indices.contains(ownRow) || members[ownRow].name.description != id.name {
            guard let found = members.firstIndex(where: { $0.name.description == id.name }) else { return nil }
            ownRow = found
        }
        return members[ownRow]
    }

    /// Notes where the list of whoever answers has the node; nil where that is the address that was asked.
    mutating func noteSaid(by members: [ClusterMember]?, besides key: String, begun: Moment) -> Doubt? {
        askedWhoAnswers = nil
        let said = members.flatMap { ownMember($0) }.flatMap { $0.isConnected ? $0.api : nil }
        if case .callable(let api)? = said, api.description.asAddressKey == key {
            (doubt, alias, isSetInDoubt) = (nil, nil, false)
        } else if doubt?.said != said || doubt == nil {
            doubt = Doubt(said: said, since: begun.uptime)
        }
        return doubt
    }

    /// Another node answers at its address, as the latest whole read has it.
    var isElsewhere: Bool {
        guard let doubt, doubt.said != alias, case .callable? = doubt.said else { return false }
        return true
    }

    /// What a whole read shows of the process's life, before it is taken in.
    func mayBeSameLife(by new: Observation, known: IncarnationMarks?) -> Bool {
        acceptsAnyLife || (marks ?? known).map { $0.mayBeSame(as: marks(shownBy: new)) } ?? true
    }

    private func marks(shownBy new: Observation) -> IncarnationMarks {
        IncarnationMarks(
            version: new.version, load: new.load, isAway: new.mode == .known(.initial) && !hasCountedLife)
    }

    private mutating func succeed(_ begun: Moment) {
        guard failedBegun.map({ $0 <= begun.uptime }) ?? true else { return }
        failure = nil
        failingSince = nil
        failedBegun = nil
    }

    mutating func take(_ failure: ReadFailure, begun: Moment, at now: Moment) {
        // A failure that began before the latest success is old news.
        if let mode, begun.uptime < mode.begun.uptime { return }
        self.failure = failure
        if case .unreachable = failure { wentAway = true }
        failingSince = failingSince ?? now
        failedBegun = begun.uptime
        evidence.void()
        inServiceSince = nil
    }

    mutating func noteEvidence(confirmed claim: RequestableMode, maxSessions: Int, maxConnections: Int, at now: Moment)
    {
        guard let seen = observation else { return }
        let counts = seen.load.map {
            DrainEvidence.Counts(
                begun: seen.begun, sessions: $0.countedSessions, connections: $0.ongoingConnections)
        }
        evidence.note(
            counts, begun: seen.begun.uptime, at: now.uptime,
            isConfirmed: seen.mode.requestable.map { $0 >= claim } ?? false,
            isEmpty: seen.load?.isWithin(maxSessions: maxSessions, maxConnections: maxConnections) ?? false)
    }

    mutating func voidEvidence() { evidence.void() }

    /// It was in service all the time from then on, as is known from elsewhere.
    mutating func serves(since: Uptime) {
        if inServiceSince != nil { inServiceSince = since }
    }

    /// It is normal and ready, and the cluster does not see it.
    mutating func interruptService() { inServiceSince = nil }

    /// What was read was read elsewhere, and so will be what was asked before now.
    ///
    /// - Parameter isSameLife: the node is known to be in the life in which nagi wrote to it.
    mutating func forget(isSameLife: Bool, at now: Moment) {
        hereSince = now.uptime
        acceptsAnyLife = isSameLife
        mode = nil
        observation = nil
        marks = nil
        epoch = nil
        evidence.void()
        inServiceSince = nil
        isConfirmed = false
        looserSince = nil
        (doubt, alias, isSetInDoubt) = (nil, nil, false)
    }

    /// The same knowledge under the settings of another policy set.
    func moved(to fresh: NodeWatch) -> NodeWatch {
        var watch = self
        watch.cluster = fresh.cluster
        watch.hasReadinessProbe = fresh.hasReadinessProbe
        watch.staleAfter = fresh.staleAfter
        return watch
    }
}
