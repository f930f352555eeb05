import Primitives
import Scheduling

/// The JSON of `/v1/runs`. Fields may come, these stay.
package struct RunsDocument: Codable, Hashable, Sendable {
    package struct Run: Codable, Hashable, Sendable {
        package var id: String
        package var policy: String
        package var cluster: String
        @Nullable package var revision: String?
        package var phase: String
        package var text: String
        /// How many nodes came to which end, by its word; those in work and those to go too.
        package var counts: [String: Int]
        /// How many of those came through their steps before that end; nil: of a daemon that does not say.
        @Nullable package var through: [String: Int]?
        package var startedAt: String
        @Nullable package var endedAt: String?
        package var seconds: Double
    }

    /// Those that are not over in the order of their starts, then those that are.
    package var runs: [Run]
}

extension RunsDocument {
    init(_ report: StatusReport, _ zone: DisplayZone) {
        runs = report.runs.map { run in
            Run(
                id: run.id, policy: run.policy, cluster: run.cluster, revision: run.revision, phase: run.phase,
                text: run.text, counts: Self.counts(run.parts.map(\.phase)),
                through: Self.counts(run.parts.filter(\.isThrough).map(\.phase)), startedAt: zone.text(run.startedAt),
                endedAt: run.endedAt.map(zone.text),
                seconds: max(.zero, (run.endedAt ?? report.at) - run.startedAt).inSeconds)
        }
    }

    static func counts(_ words: [String]) -> [String: Int] {
        words.reduce(into: [:]) { counts, word in
            let isInWork = [PartPhase.Kind.out, .committed, .returning, .soaking].contains { $0.rawValue == word }
            counts[isInWork ? "in-work" : word, default: 0] += 1
        }
    }
}

/// The JSON of `/v1/runs/{id}`: one run, its nodes, and where the time of each went. Fields may come, these stay.
package struct RunDocument: Codable, Hashable, Sendable {
    package struct Share: Codable, Hashable, Sendable {
        /// `window`, `frozen`, `paused`, `previous`, `drain` …
        package var reason: String
        /// By which freeze, by whom, or for which cause.
        @Nullable package var by: String?
        package var seconds: Double
        package var percent: Double
    }

    package struct Node: Codable, Hashable, Sendable {
        package var name: String
        /// Its phase, or how it ended.
        package var phase: String
        @Nullable package var step: String?
        package var since: String
        @Nullable package var error: String?
        @Nullable package var group: String?
        package var isCanary: Bool
        package var milestones: StatusDocument.Milestones
        /// From the run's start until its part was finished.
        package var seconds: Double
        package var time: [Share]
    }

    package var id: String
    package var policy: String
    package var cluster: String
    @Nullable package var revision: String?
    package var phase: String
    /// Why it ended so, or why it is paused.
    @Nullable package var reason: String?
    package var counts: [String: Int]
    /// How many of those came through their steps before that end; nil: of a daemon that does not say.
    @Nullable package var through: [String: Int]?
    package var startedAt: String
    @Nullable package var endedAt: String?
    package var seconds: Double
    /// Where the time went: it adds up to `seconds`.
    package var time: [Share]
    package var nodes: [Node]
    /// The journal has more of it than was read: the rest is not in here.
    package var isTruncated: Bool
}

extension RunDocument {
    init(_ account: RunAccount, _ zone: DisplayZone, isTruncated: Bool) {
        let run = account.run
        let reasons = run.pauses.map(\.words)
        var reason = reasons.isEmpty ? nil : reasons.joined(separator: "; ")
        if case .partial(let why?)? = account.outcome { reason = "\(why)" }
        self.init(
            id: run.id.text, policy: run.policy, cluster: run.cluster, revision: run.revision,
            phase: account.outcome?.word ?? run.word, reason: reason,
            counts: RunsDocument.counts(run.parts.map(\.phase.word)),
            through: RunsDocument.counts(run.parts.filter(\.isThrough).map(\.phase.word)),
            startedAt: zone.text(run.startedAt),
            endedAt: account.endedAt.map(zone.text), seconds: Self.seconds(account.total),
            time: Self.shares(account.total),
            nodes: zip(run.parts, account.parts).map { part, shares in Node(part, shares, run, zone) },
            isTruncated: isTruncated)
    }

    static func seconds(_ shares: RunAccount.Shares) -> Double { shares.values.reduce(.zero, +).inSeconds }

    static func shares(_ shares: RunAccount.Shares) -> [Share] {
        let whole = max(1, shares.values.reduce(.zero, +).inSeconds)
        return RunAccount.sorted(shares).map { use, length in
            Share(
                reason: use.kind.rawValue, by: use.by, seconds: length.inSeconds,
                percent: (length.inSeconds / whole * 1000).rounded() / 10)
        }
    }
}

extension RunDocument.Node {
    fileprivate init(_ part: Part, _ shares: RunAccount.Shares, _ run: Run, _ zone: DisplayZone) {
        let milestones = part.milestones
        self.init(
            name: part.node.name, phase: part.phase.word,
            step: part.phase.work.map { run.pinned.sequence.steps[$0.step].word }
                ?? (part.phase.kind == .returning ? "restore" : nil),
            since: zone.text(part.since), error: part.error, group: run.groupName(part.group), isCanary: part.isCanary,
            milestones: StatusDocument.Milestones(
                claimedAt: milestones.claimedAt.map(zone.text), drainedAt: milestones.drainedAt.map(zone.text),
                blockedAt: milestones.blockedAt.map(zone.text), throughAt: milestones.throughAt.map(zone.text),
                restoredAt: milestones.restoredAt.map(zone.text),
                drainedInSeconds: milestones.seconds(to: milestones.drainedAt),
                outOfServiceSeconds: milestones.seconds(to: milestones.restoredAt), leaked: milestones.leaked,
                cut: milestones.cut),
            seconds: RunDocument.seconds(shares), time: RunDocument.shares(shares))
    }
}
