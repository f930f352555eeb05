import Primitives
import Scheduling

/// What needs a person, in one place: `nagi status --check` ends by it, page and metrics show it.
package struct Attention: Hashable, Sendable, Codable {
    /// A stable word: an alarm's, a verdict's, or one of its own.
    package var code: String
    package var text: String
    @Nullable package var since: String?
    /// `cluster/name`.
    @Nullable package var node: String?
    @Nullable package var run: String?
    /// What to do about it.
    @Nullable package var hint: String?

    private init(
        _ code: String, _ text: String, since: String? = nil, node: String? = nil, run: String? = nil,
        hint: String? = nil
    ) {
        self.code = code
        self.text = text
        self.since = since
        self.node = node
        self.run = run
        self.hint = hint
    }

    /// In the order in which they are told; empty: nothing needs a person.
    package static func needed(by document: StatusDocument) -> [Attention] {
        var all: [Attention] = []
        if let refused = document.refusedReload {
            let first = refused.reasons.first?.split(whereSeparator: \.isNewline).first.map { ": \($0)" } ?? ""
            all.append(
                Attention(
                    "refused-reload", "the files on disk were refused\(first)", since: refused.at,
                    hint: "\(refused.check), then nagi reload"))
        }
        all += document.alarms.map { alarm in
            Attention(
                alarm.code, alarm.text, since: alarm.since, node: alarm.node, run: alarm.run,
                hint: document.levers(against: alarm.code, node: alarm.node, run: alarm.run))
        }
        all += document.clusters.filter(\.isOverBudget).map { cluster in
            let out = cluster.nodes.filter { $0.observed != "normal" || $0.ready == false }.map(\.name)
            return Attention(
                "over-budget",
                "\(cluster.name): \(cluster.budget.unavailable) out of service of at most \(cluster.budget.limit)"
                    + (out.isEmpty ? "" : ": \(NameList.text(out))"),
                hint: "nagi status, or nagi explain NODE")
        }
        for cluster in document.clusters {
            all += cluster.nodes.flatMap { needed(by: $0, "\(cluster.name)/\($0.name)", document, all) }
        }
        all += document.pauses.compactMap { pause in
            // Who paused it knows of it, for a while.
            guard pause.cause != "person" || pause.isForgotten(at: document.at) else { return nil }
            let by = pause.actor.map { " by \($0)" } ?? ""
            let reason = pause.reason.isEmpty ? "" : ": \(pause.reason)"
            return Attention(
                "paused", "\(pause.run ?? "everything") is paused\(by)\(reason)", since: pause.since, run: pause.run,
                hint: document.levers(against: pause).joined(separator: ", or "))
        }
        for run in document.runs where run.endedAt == nil {
            guard let blocker = run.blockers.first(where: { $0.code == "waiting-approval" }) else { continue }
            all.append(
                Attention("waiting-approval", "\(run.id): \(blocker.text)", run: run.id, hint: "nagi approve \(run.id)")
            )
        }
        all += document.rolloutsThatFailed.map { run in
            let failed = run.nodes.compactMap { node in node.error.map { "\(node.name): \($0)" } }
            let why = failed.first.map { ": \($0)" + (failed.count > 1 ? ", and \(failed.count - 1) more" : "") } ?? ""
            return Attention(
                "failed", "\(run.id) has failed\(why)", since: run.endedAt, run: run.id,
                hint: "nagi runs \(run.id), or nagi start \(run.policy) --reason …")
        }
        all += document.undelivered.filter { $0.lost > 0 }.map { trouble in
            let notices = trouble.lost == 1 ? "1 notice" : "\(trouble.lost) notices"
            return Attention(
                "not-delivered", "\(trouble.notification) did not take \(notices): \(trouble.text)",
                since: trouble.since,
                hint: "see to its url and its receiver, or nagi history")
        }
        return all
    }

    /// Verdicts that nothing but a person ends, and the alarm that may say the same.
    private static let verdicts = [
        "contested": "contested", "refused": "write-refused", "wrong-address": "wrong-address",
        "wrong-topology": "wrong-topology", "journal-lost": "journal-lost",
    ]

    private static func needed(
        by node: StatusDocument.Node, _ id: String, _ document: StatusDocument, _ told: [Attention]
    ) -> [Attention] {
        if let failed = node.failed {
            let isHeld = document.holds.contains { $0.node == id }
            return [
                Attention(
                    "failed", "\(node.name) failed in \(failed.run) and is kept at \(failed.mode): \(failed.reason)",
                    since: failed.since, node: id, run: failed.run,
                    hint: "\(failed.retry(id, isHeld: isHeld)), or \(failed.release(id))")
            ]
        }
        guard let alarm = verdicts[node.verdict.code],
            !told.contains(where: { $0.code == alarm && ($0.node ?? id) == id })
        else { return [] }
        return [
            Attention(
                node.verdict.code, "\(node.name): \(node.verdict.text)", since: node.since, node: id,
                hint: levers(against: alarm, node: id, inWorkOf: node.run))
        ]
    }

    /// What may be typed against an alarm, or shows more of it; nil: only what it says itself.
    fileprivate static func levers(
        against code: String, node: String?, inWorkOf owner: String?, run: String? = nil
    ) -> String? {
        let code = Alarm.Code(rawValue: code)
        guard let node else {
            if let run { return "nagi explain \(run)" }
            return code?.isSeenFromOutside == true ? "nagi preflight POLICIES" : nil
        }
        return switch code {
        case .contested:
            // Whoever loosens the mode gets the node, or is to stop.
            (owner.map { "nagi skip \($0) \(node) --reason …, or " } ?? "") + "nagi release \(node) --reason …"
        case .holdEnds: "nagi resume \(node), or nagi hold \(node) --for 4h --reason …"
        default: "nagi explain \(node)"
        }
    }
}

extension Alarm.Code {
    /// Asking all nodes shows more of it.
    fileprivate var isSeenFromOutside: Bool {
        switch self {
        case .nothingAnswers, .listContradicts, .wrongTopology, .addressRefused, .noSeedAnswers: true
        case .stuck, .contested, .clockNotTrusted, .clockDiffers, .wrongAddress, .releaseWaits, .writeRefused,
            .holdEnds:
            false
        }
    }
}

extension StatusDocument {
    /// Rollouts whose latest run has failed, with no node left that says so: none waits for a lever, and nothing goes on.
    fileprivate var rolloutsThatFailed: [Run] {
        let told = Set(clusters.flatMap { $0.nodes.compactMap(\.failed?.run) })
        return runs.filter { run in
            run.phase == "failed" && run.revision != nil && !told.contains(run.id)
                && policies.contains { $0.name == run.policy }
                && !runs.contains { $0.policy == run.policy && ($0.endedAt == nil || $0.startedAt > run.startedAt) }
        }
    }
}

extension StatusDocument.Pause {
    /// As long as a hold lasts that says no end.
    private static let patience = Duration.hours(4)

    /// Nobody said until when, and it is long ago.
    fileprivate func isForgotten(at now: String) -> Bool {
        guard until == nil, let since = ShownInstant(since, now: now) else { return false }
        return since.distance < .zero - Self.patience
    }
}

extension StatusDocument {
    fileprivate func levers(against alarm: String, node id: String?, run: String?) -> String? {
        let owner = clusters.lazy.flatMap { cluster in
            cluster.nodes.lazy.filter { "\(cluster.name)/\($0.name)" == id }
        }.first?.run
        return Attention.levers(against: alarm, node: id, inWorkOf: owner, run: run)
    }

    fileprivate func levers(against pause: Pause) -> [String] {
        guard let run = pause.run else { return ["nagi resume"] }
        let failed = runs.first { $0.id == run }?.nodes.filter { $0.phase == "failed" } ?? []
        let cluster = runs.first { $0.id == run }?.cluster ?? ""
        var first: [String] = []
        switch pause.cause {
        case "failures": first = failed.prefix(3).map { "nagi retry \(run) \(cluster)/\($0.name)" }
        case "gate": first = ["nagi force \(run) --ignore gate --reason …"]
        // To resume it only has the word waited for once more.
        case "approval": return ["nagi approve \(run)", "nagi abort \(run) --reason …"]
        default: break
        }
        return first + ["nagi resume \(run)", "nagi abort \(run) --reason …"]
    }
}

extension StatusDocument.Cluster {
    /// Others' doing: nagi starts nothing that breaks it. What was not read yet counts as out, and says nothing.
    fileprivate var isOverBudget: Bool {
        budget.unavailable > budget.limit && !nodes.contains { $0.verdict.code == "not-read-yet" }
    }
}
