import ModeCore
import Primitives

/// What is durable about one node. It changes only by facts of the journal.
package struct NodeLedger: Hashable, Sendable, Codable {
    /// The mode that nagi last wrote and saw there; nil: nothing that nagi would have to take back.
    package private(set) var written: Written?
    /// A stricter mode that somebody else set.
    package private(set) var floor: RequestableMode?
    /// Since when that has been known; nil: there is none, or nobody noted it.
    package private(set) var floorSince: Timestamp?
    package private(set) var open: OpenChange?
    /// Writes that were given up and may yet arrive, also after later ones.
    package private(set) var unsettled: [UnsettledWrite] = []
    package var hold: Hold?
    package var failedStay: FailedStay?
    /// Counts the lives of the node's process that were told apart.
    package private(set) var incarnation = 0
    package private(set) var marks: IncarnationMarks?
    /// When somebody loosened a claimed mode, within this incarnation and the last ten minutes.
    package private(set) var loosenings: [Timestamp] = []
    /// The address at which the node was shown to be the one that the policies name; nil: not yet.
    package var shownAddress: String?
    /// Where nagi last wrote, while the policies name another address at which that was not seen yet.
    package var formerAddress: NodeAddress?
    package private(set) var facts: NodeFacts?
    /// Since when its facts have been those of a node in service; nil: they are not.
    package private(set) var servingSince: Timestamp?
    /// Of its latest drain.
    package private(set) var drain: DrainCurve?

    package struct Written: Hashable, Sendable, Codable {
        package var mode: RequestableMode
        /// In which life of the node it was written, or seen by a whole read.
        package var incarnation: Int
        /// The life in which a whole read showed it: in another one only somebody else can have set it. Nil: none yet.
        package var seenIn: Int?
        /// Since when there has been no claim for it: the release is owed. Nil: it is claimed.
        package var owedSince: Timestamp?
    }

    /// A ModeChange that is not settled.
    package struct OpenChange: Hashable, Sendable, Codable {
        package var change: ModeChange
        package var intendedAt: Moment
        package var answer: ModeChangeAnswer?
        package var answeredAt: Moment?
    }

    package struct UnsettledWrite: Hashable, Sendable, Codable {
        /// How long after its `notAfter` a write may still arrive; a mode that appears later is somebody else's.
        package static let memory = Duration.minutes(1)

        package var mode: RequestableMode
        package var until: Timestamp
    }

    /// What is journaled of observations: the slow facts, not the counters.
    package struct NodeFacts: Hashable, Sendable, Codable {
        /// Nil: the node cannot be read.
        package var mode: ObservedMode?
        package var version: NodeText?
        package var ready: Bool?
        package var isConnected: Bool?
        /// Its sessions span nodes. Nil: not, as far as it ever said.
        package var relays: Bool?
        /// Why it cannot be read.
        package var failure: ReadFailure?

        /// Whether the node is in service by the one and not by the other, or may be.
        func differsInService(from other: NodeFacts?) -> Bool {
            guard let other else { return true }
            return mode != other.mode || ready != other.ready || (failure == nil) != (other.failure == nil)
                || (isConnected == false) != (other.isConnected == false)
        }
    }

    /// Three loosenings within so long, and the mode is contested until they are over.
    package static let contestedAfter = 3
    package static let contestedMemory = Duration.minutes(10)

    package init() {}

    /// Something that nagi wrote is there, under way, or may still arrive: it is not through with the node.
    package func isAttached(at now: Timestamp) -> Bool {
        written != nil || open != nil || unsettled.contains { now < $0.until }
    }

    /// - Parameter since: when that drain began.
    package mutating func sample(_ sample: DrainCurve.Sample, of since: Timestamp) {
        var curve = drain.flatMap { $0.since == since ? $0 : nil } ?? DrainCurve(since: since)
        curve.add(sample)
        drain = curve
    }

    /// A node that nagi wrote to keeps its address until it was seen at the new one.
    package mutating func noteAddress(from old: NodeAddress?, to new: NodeAddress) {
        guard formerAddress != new else {
            formerAddress = nil
            return
        }
        guard let old, old != new, formerAddress == nil, written != nil || open != nil else { return }
        formerAddress = old
    }

    /// What was last seen of it is less than what nagi wrote.
    var isSeenLooser: Bool {
        guard let written, let seen = facts?.mode?.requestable else { return false }
        return seen < written.mode
    }

    package func recentLoosenings(at now: Timestamp) -> [Timestamp] {
        loosenings.filter { now - $0 < NodeLedger.contestedMemory && $0 <= now }
    }

    /// When the mode stops being contested; nil: it is not.
    package func contestedUntil(at now: Timestamp) -> Timestamp? {
        let recent = recentLoosenings(at: now)
        guard recent.count >= NodeLedger.contestedAfter else { return nil }
        return recent[recent.count - NodeLedger.contestedAfter] + NodeLedger.contestedMemory
    }

    /// Modes that may appear on the node because nagi wrote them, though it gave them up.
    package func mayStillArrive(_ mode: RequestableMode, at now: Timestamp) -> Bool {
        unsettled.contains { $0.mode == mode && now < $0.until }
    }

    package mutating func observe(_ facts: NodeFacts, marks: IncarnationMarks?, at now: Timestamp) {
        self.facts = facts
        let isServing = facts.mode == .known(.normal) && facts.ready != false
        servingSince = isServing ? servingSince ?? now : nil
        if let marks { note(marks) }
    }

    package mutating func note(_ marks: IncarnationMarks) { self.marks = self.marks?.updated(by: marks) ?? marks }

    /// Another life of the node's process: nobody's mode survives that.
    package mutating func restarted(_ marks: IncarnationMarks) {
        incarnation += 1
        self.marks = marks
        loosenings = []
        (floor, floorSince) = (nil, nil)
        if written?.owedSince != nil { forget() }
    }

    package mutating func loosened(at now: Timestamp) {
        loosenings.removeAll { now - $0 >= NodeLedger.contestedMemory || $0 > now }
        loosenings.append(now)
    }

    package mutating func intend(_ change: ModeChange, at now: Moment) {
        unsettled.removeAll { $0.until <= now.wall }
        open = OpenChange(change: change, intendedAt: now)
    }

    package mutating func answer(_ answer: ModeChangeAnswer, of id: Int, at now: Moment) {
        guard open?.change.id == id else { return }
        open?.answer = answer
        open?.answeredAt = now
    }

    /// Ends the open change: an open intent whose target the first read after it shows is nagi's, however late it comes.
    package mutating func settle(_ id: Int, isReached: Bool, at now: Moment) {
        guard let settled = open, settled.change.id == id else { return }
        open = nil
        let change = settled.change
        let before = settled.answer?.read?.requestable
        switch (isReached, settled.answer?.outcome) {
        case (true, .accepted?), (true, .unknown?), (true, .rejected?), (true, nil):
            noteFloor(foundBefore: before, writing: change.target, at: now.wall)
            own(change.target, cause: change.cause, at: now.wall)
        case (true, .alreadyThere?):
            // There by an earlier write of nagi's own that was given up, or by somebody else's.
            if change.cause == .release {
                forget()
            } else if mayStillArrive(change.target, at: now.wall) || written?.mode == change.target {
                own(change.target, cause: change.cause, at: now.wall)
            }
        case (false, .accepted?), (false, .rejected?), (false, .unknown?), (false, nil):
            // A proxy may answer before the node does, and a lost write may still be on its way.
            noteFloor(foundBefore: before, writing: change.target, at: now.wall)
            unsettled.removeAll { $0.mode == change.target }
            let until = change.notAfter.wall + UnsettledWrite.memory
            unsettled.append(UnsettledWrite(mode: change.target, until: until))
        case (_, .declined?), (_, .notSent?), (false, .alreadyThere?):
            break
        }
    }

    private mutating func own(_ mode: RequestableMode, cause: ModeChange.Cause, at now: Timestamp) {
        // Released down to what somebody else wants it is theirs from here on.
        written =
            mode == .normal || cause == .release
            ? nil : Written(mode: mode, incarnation: incarnation, owedSince: written?.owedSince)
    }

    /// The mode that was there right before nagi's stricter one was somebody else's, unless nagi wrote it.
    private mutating func noteFloor(foundBefore: RequestableMode?, writing target: RequestableMode, at now: Timestamp) {
        guard let found = foundBefore, found > .normal, found < target, found != written?.mode,
            !mayStillArrive(found, at: now)
        else { return }
        (floor, floorSince) = (found, now)
    }

    package mutating func adopt(_ mode: RequestableMode) {
        written = Written(mode: mode, incarnation: incarnation, owedSince: nil)
    }

    package mutating func drop() { forget() }

    /// Nothing of nagi's is left on it, and nobody asks how it drained.
    private mutating func forget() { (written, drain) = (nil, nil) }

    package mutating func setFloor(_ mode: RequestableMode?, at now: Timestamp) {
        floorSince = mode == nil ? nil : floorSince ?? now
        floor = mode
    }

    /// The mode was seen in the present incarnation.
    package mutating func seenAgain() {
        written?.incarnation = incarnation
        written?.seenIn = incarnation
    }

    package mutating func owe(since: Timestamp?) { written?.owedSince = since }

    /// Whoever asked before a crash does not answer any more.
    package mutating func lostCaller(at now: Moment) {
        guard open != nil else { return }
        if open?.answer == nil {
            open?.answer = ModeChangeAnswer(.unknown("the daemon was restarted before the answer"))
        }
        open?.answeredAt = now
        open?.intendedAt.uptime = now.uptime
        // Nobody sends it any more, and the uptime may be that of another boot.
        open?.change.notAfter.uptime = now.uptime
    }
}
