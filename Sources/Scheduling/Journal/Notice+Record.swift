import ModeCore
import Primitives

extension Notice {
    /// What the record is an occasion of; nil: of nothing that anybody is told.
    ///
    /// - Parameters:
    ///   - policies: those in force, for what a record does not say: whose cluster it is, and of what kind.
    ///   - isStartApproved: of a run that waits for an approval: not for that of its start.
    ///   - isObserving: it is of a daemon that only observes.
    package init?(
        _ record: Record, _ policies: PolicySet, isStartApproved: Bool = true, isObserving: Bool = false
    ) {
        guard
            let told = Told(
                record.fact, isStartApproved: isStartApproved, isObserving: isObserving, policies)
        else { return nil }
        self.isObserving = isObserving
        let subjects = record.fact.subjects
        let run = subjects.run
        let policy = run?.policy
        cause = told.cause
        at = record.at.wall
        since = told.since ?? record.at.wall
        severity = told.severity ?? record.fact.severity
        title = told.title
        text =
            (told.text ?? record.text?.replacing("  ", with: ": ", maxReplacements: 1) ?? told.title)
            + (told.asks.map { " (\($0))" } ?? "")
        self.run = run
        self.policy = policy
        if case .runStarted = record.fact { node = nil } else { node = subjects.node }
        cluster = subjects.cluster ?? policy.flatMap { policies.policy(named: $0)?.cluster }
        hint = told.hint ?? (severity == .error ? Told.look(at: node, run) : nil)
        once = told.once
    }

    /// Each word stands in the stored text of every record that is an occasion, and in few others: what need not be read.
    package static let traces =
        [
            "runStarted", "runEnded", "paused", "approvalChanged", "clearanceChanged", "runWaits", "approval",
            "noticed", "nodeLoosened",
            "ownershipDropped", "floorChanged", "stayPlaced", "alarmRaised",
        ].map { "\"\($0)\"" } + [observingTrace]

    /// Whether what it is an occasion of depends on whether the run's start was approved.
    package static func asksForStart(_ fact: Fact) -> RunID? {
        switch fact {
        case .runWaits(let run, .waitingApproval): run
        default: nil
        }
    }

    /// What a record says of a run's approval: nil, nothing; false, its start still waits for a word.
    package static func isStartApproved(by fact: Fact) -> Bool? {
        switch fact {
        case .runStarted(let run): !run.approval.isAwaited
        case .approvalChanged(_, let approval): !approval.isAwaited
        default: nil
        }
    }

    /// What a record says of all that follow it: whether the daemon only observes; nil, nothing.
    package static func isObserving(by fact: Fact) -> Bool? {
        if case .daemonStarted(_, let isObserving) = fact { isObserving } else { nil }
    }

    /// Where the records stand that say that.
    package static let observingTrace = "\"daemonStarted\""
    /// Where policies come into force.
    package static let policiesTrace = "\"policiesLoaded\""
    package static let approvalTraces = ["\"runStarted\"", "\"approvalChanged\""]
}

/// What a fact adds to what its record says of itself.
private struct Told {
    var cause: Notice.Cause
    var title: String
    var text: String?
    var hint: String?
    var severity: Severity?
    var since: Timestamp?
    var once: Notice.Once?
    var asks: String?

    init(
        _ occasion: Notice.Occasion, _ title: String, text: String? = nil, hint: String? = nil,
        severity: Severity? = nil, since: Timestamp? = nil, once: Notice.Once? = nil
    ) {
        cause = .occasion(occasion)
        self.title = title
        self.text = text
        self.hint = hint
        self.severity = severity
        self.since = since
        self.once = once
    }

    /// Which fact is which occasion.
    init?(_ fact: Fact, isStartApproved: Bool, isObserving: Bool, _ policies: PolicySet) {
        switch fact {
        // Its windows open later, maybe days: who is to approve it can do so now, and nobody else is told anything yet.
        case .runStarted(let run) where !run.clearance.isOpen:
            guard run.approval.isAwaited, !isObserving else { return nil }
            self.init(
                approvalOf: run.id, once: "asked",
                text: "run \(run.id) waits for an approval of its start (\(run.pinned.sequence.text) on "
                    + "\(run.parts.count.counted("node"))), which may be given before its windows open")
        case .runStarted(let run) where isObserving:
            self.init(
                .runStarted, "\(run.policy) would start now",
                text: "run \(run.id) would start: \(NameList.text(run.parts.map(\.node.name))); nothing is done")
        case .clearanceChanged(let run, .open) where isObserving:
            self.init(
                .runStarted, "\(run.policy) would start now", text: "run \(run) would start; nothing is done",
                once: .run(run, "started"))
        // That it waits for an approval is told when the time for that begins.
        case .runStarted(let run) where run.approval.isAwaited: return nil
        case .runStarted(let run):
            self.init(.runStarted, "\(run.policy) has started", once: .run(run.id, "started"))
        case .approvalChanged(let run, .given):
            self.init(.runStarted, "\(run.policy) is approved", once: .run(run, "approved"))
        case .clearanceChanged(let run, .open):
            // Whether it starts, a pause, an approval or the budget says.
            self.init(.runStarted, "the window of \(run.policy) is open", once: .run(run, "started"))
        case .runEnded(let run, let outcome):
            switch outcome {
            case .failed: self.init(.runFailed, "\(run.policy) has failed")
            case .completed: self.init(.runFinished, "\(run.policy) is completed")
            // Nothing was done.
            case .observed: return nil
            case .partial: self.init(.runFinished, "\(run.policy) has ended, and not with every node")
            }
        case .paused(let run?, _): self.init(.runPaused, "\(run.policy) is paused")
        case .paused(nil, _): self.init(.runPaused, "everything is paused")
        case .approvalChanged(let run, .awaited(let clock)):
            guard clock.isRunning else { return nil }
            self.init(approvalOf: run, once: "start")
            // What the word lets begin.
            asks = policies.policy(named: run.policy)?.sequence.text
        case .runWaits(let run, .waitingApproval):
            guard isStartApproved else { return nil }
            self.init(
                approvalOf: run, once: "promotion",
                text: "run \(run): its canary nodes are good, the others wait for a word")
        case .partChanged(let run, _, let part, "approval"?, _):
            guard part.awaitsWord, let work = part.phase.work else { return nil }
            self.init(
                approvalOf: run, once: "\(part.node.name) \(work.step)", node: part.node,
                text: "\(part.node.name) waits for an approval before it is taken out of service (\(run))")
        case .noticed(let run, let node, let step):
            self.init(.runStarted, "\(run.policy), \(node.name)", text: step.text)
            cause = .step(notification: step.notification)
        case .nodeLoosened(let node, _, _): self.init(.drift, "\(node.name) was loosened by hand")
        case .ownershipDropped(let node, .foreign): self.init(.drift, "\(node.name) is in a mode that nagi did not set")
        case .floorChanged(let node, let mode?):
            let isClustered = policies.cluster(named: node.cluster)?.topology == .clustered
            guard mode == .blockNewConnection, isClustered else {
                self.init(.drift, "\(node.name) was set stricter by somebody else")
                return
            }
            self.init(
                .fault, "\(node.name) is blocked, and not by nagi",
                text:
                    "\(node.name) is block_new_connection unrequested: the node's own fault, or somebody else's doing",
                hint: Told.look(at: node, nil))
        case .stayPlaced(let node, let stay, let stayed):
            let force = stayed.openCommand == nil ? "" : " --force"
            self.init(
                .fault, "\(node.name) has failed and stays shut",
                hint: "nagi retry \(stay.run) \(node.name)\(force), or nagi release \(node.name)\(force) --reason …")
        case .alarmRaised(let alarm): self.init(alarm)
        case .daemonStarted, .heartbeat, .policiesLoaded, .membershipChanged, .nodesFound, .budgetKept, .nodeObserved,
            .nodeRestarted,
            .nodeShown, .addressMoved, .leaversForgotten, .drainSampled, .runChanged, .resumed, .clearanceChanged,
            .approvalChanged, .gateMeasured, .would, .runPromoted, .forced, .forceUsed, .runWaits, .progressChanged,
            .partChanged, .stayEnded, .holdPlaced, .holdEnded, .releaseOwed, .releaseClaimed, .modeIntended,
            .modeAnswered, .modeSettled, .modeSeenAgain, .modeAdopted, .ownershipDropped, .floorChanged,
            .commandIntended, .commandEnded, .leverPulled, .alarmEnded:
            return nil
        }
    }

    /// An alarm is told when it is raised, not with each new text that it gets while it lasts.
    private init?(_ alarm: Alarm) {
        let place = alarm.key.node?.name ?? alarm.key.run?.policy ?? alarm.key.cluster
        switch alarm.key.code {
        case .stuck: self.init(.stuck, "\(place ?? "a run") makes no progress")
        case .contested: self.init(.drift, "\(place ?? "a node") is loosened again and again")
        case .clockNotTrusted, .clockDiffers, .nothingAnswers, .listContradicts, .wrongAddress, .wrongTopology,
            .releaseWaits, .writeRefused, .addressRefused, .noSeedAnswers:
            self.init(.fault, "\(place.map { "\($0): " } ?? "")\(alarm.key.code.rawValue)")
        // As it was asked for, and no fault: `status` says it.
        case .holdEnds: return nil
        }
        text = alarm.text
        since = alarm.since
    }

    private init(approvalOf run: RunID, once: String, node: NodeID? = nil, text: String? = nil) {
        self.init(
            .approvalNeeded, "\(run.policy) waits for an approval", text: text,
            hint: "nagi approve \(run)\(node.map { " \($0.name)" } ?? "")", severity: .warn,
            once: .run(run, once))
    }

    /// Where whoever is told of a trouble looks first.
    static func look(at node: NodeID?, _ run: RunID?) -> String {
        node.map { "nagi explain \($0.cluster)/\($0.name)" } ?? run.map { "nagi explain \($0)" } ?? "nagi status"
    }
}

extension RunID {
    /// Of which it is a run: names of policies have neither of the signs that end them here.
    package var policy: String { String(text.prefix { $0 != "/" && $0 != "@" }) }
}
