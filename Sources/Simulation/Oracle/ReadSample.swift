import ModeCore
import Primitives
import Scheduling

/// What one call to a node really showed, and when: travels beside the event that tells the daemon.
struct ReadSample: Sendable {
    var node: NodeID
    /// The machine that answered; nil: none did.
    var place: Int?
    var scope: ReadScope
    var begun: Moment
    var mode: NodeMode?
    /// Nil where the counters were not read.
    var counts: (sessions: Int, connections: Int)?
    var ready: Bool?
    var life = 0
    /// The layer of the ownership that was on top.
    var layer: Int?
    var foreignChanges = 0
}

/// What a process of the daemon was told of one node: kept apart from what the controller makes of it.
struct ToldOfNode: Sendable {
    /// Reads of the mode, whole or alone; of whole reads; failures: when the latest of each began.
    private var modeBegun: Int64?
    private var mode: NodeMode?
    private var wholeBegun: Int64?
    private var isReady: Bool?
    private var failedBegun: Int64?

    /// The machine that the answers came from, and its life.
    private var source: (place: Int, life: Int)?
    /// Since which read on the mode has been at least as strict as any drain's without a break.
    private var blockedSince: Int64?
    /// The whole reads since then that counted calls, in the order in which they began.
    private var reads: [Counted] = []

    struct Counted: Sendable {
        var begun: Int64
        var sessions: Int
        var connections: Int
    }

    /// Normal and ready by what was told, no longer ago than that.
    func isServing(at now: Int64, within staleAfter: Int64, hasProbe: Bool) -> Bool {
        guard let modeBegun, let wholeBegun, mode == .normal, now - modeBegun <= staleAfter,
            now - wholeBegun <= staleAfter
        else { return false }
        if let failedBegun, failedBegun > modeBegun { return false }
        return !hasProbe || isReady == true
    }

    /// - Returns: whether it was news: false where a later read was told before.
    mutating func take(_ sample: ReadSample) -> Bool {
        let begun = sample.begun.uptime.nanoseconds
        guard let place = sample.place, let mode = sample.mode else {
            guard begun >= (modeBegun ?? .min) else { return false }
            failedBegun = begun
            reads = []
            return true
        }
        if source.map({ $0.place != place || $0.life != sample.life }) ?? true {
            source = (place, sample.life)
            blockedSince = nil
            reads = []
        }
        let isNews = begun >= (modeBegun ?? .min)
        if isNews {
            modeBegun = begun
            self.mode = mode
        }
        if sample.scope == .whole { takeWhole(sample, begun) }
        guard mode == .blockNewSession || mode == .blockNewConnection else {
            blockedSince = nil
            reads = []
            return isNews
        }
        // The first read that shows the block proves nothing about calls: they may have come before it.
        guard let since = blockedSince else {
            blockedSince = begun
            return isNews
        }
        guard sample.scope == .whole, begun > since else { return isNews }
        guard let counts = sample.counts else {
            reads = []
            return isNews
        }
        if reads.last.map({ $0.begun < begun }) ?? true {
            reads.append(Counted(begun: begun, sessions: counts.sessions, connections: counts.connections))
        }
        if reads.count > 64 { reads.removeFirst(32) }
        return isNews
    }

    private mutating func takeWhole(_ sample: ReadSample, _ begun: Int64) {
        guard begun >= (wholeBegun ?? .min) else { return }
        wholeBegun = begun
        isReady = sample.ready
    }

    /// Whether two reads, two seconds apart and without a busier one between, showed at most so much, the latest of
    /// them no longer ago than `staleAfter` and begun no earlier than `since`.
    func isDrained(
        sessions: Int, connections: Int, since: Int64, at now: Int64, within staleAfter: Int64
    ) -> Bool {
        guard let latest = reads.last, latest.begun >= since, now - latest.begun <= staleAfter
        else { return false }
        let calm = reads.reversed().prefix { $0.sessions <= sessions && $0.connections <= connections }
        guard let first = calm.last else { return false }
        return latest.begun - first.begun >= 2_000_000_000
    }
}
