import Calendars
import ModeCore
import Primitives

extension Record {
    /// The fact as a line for people: what happened to what, without the instant. Nil for facts that are only bookkeeping.
    package var text: String? {
        switch fact {
        case .daemonStarted(_, let isObserving): isObserving ? "daemon started, to observe only" : "daemon started"
        case .runWaits(let id, .waitingApproval?): "run \(id) waits for a person's word: nagi approve \(id)"
        case .heartbeat, .drainSampled, .runWaits, .progressChanged, .modeSeenAgain, .releaseClaimed: nil
        case .policiesLoaded(let set): "policies \(set.digest.prefix(8)) are in force"
        case .membershipChanged(let cluster, let membership):
            "\(cluster)  members: "
                + [("regular", membership.regular), ("temporary", membership.temporary)].map { kind, names in
                    "\(names.count) \(kind)" + (names.isEmpty ? "" : " (\(NameList.text(names.sorted())))")
                }.joined(separator: ", ")
        case .nodesFound(let cluster, let found):
            "\(cluster)  \(found.text)"
        case .budgetKept(let cluster, let since):
            since == nil ? "\(cluster)  more nodes are out of service than its budget allows" : nil
        case .nodeObserved(let node, let facts, _, let skipped):
            "\(node.name)  \(facts.text)"
                + (skipped > 0 ? " (\(skipped) change\(skipped == 1 ? "" : "s") before that left out)" : "")
        case .nodeRestarted(let node, _): "\(node.name)  was restarted"
        case .nodeLoosened(let node, let mode, let times):
            "\(node.name)  somebody set \(mode) by hand"
                // Whoever only observes sets nothing again.
                + (times.map {
                    "\($0 > 1 ? ", \($0) times now" : "") (to have it left open: nagi release \(node) --reason …)"
                }
                    ?? "")
        case .nodeShown(let node, _): "\(node.name)  shown at its address by the cluster's lists"
        case .addressMoved(let node): "\(node.name)  is at its new address"
        case .leaversForgotten(let cluster): "\(cluster)  nodes that left the policies owe nothing: not asked any more"
        case .runStarted(let run):
            "run \(run.id) \(run.beginning(at: at.wall)): \(NameList.text(run.parts.map(\.node.name)))"
        case .runChanged(let id, let phase): "run \(id) \(phase.text)"
        case .paused(let id, let pause):
            (id.map { "run \($0) is paused" } ?? "everything is paused") + pause.ending
                + (pause.givesBack ? "; what is not committed is given back" : "")
        case .resumed(let id, let cause):
            "the pause of \(id.map { "run \($0)" } ?? "everything") is over"
                + (cause == .person ? "" : " (\(cause.rawValue))")
        case .runEnded(let id, let outcome): "run \(id) \(outcome)"
        case .clearanceChanged(let id, let clearance): "run \(id) \(clearance.text(at: at.wall))"
        case .approvalChanged(let id, let approval): approval.text(at: at).map { "run \(id) \($0)" }
        case .gateMeasured(let id, _, let state):
            state.isNews
                ? state.latest.map { "\(state.node.name)  gate \(state.name) before its start is \($0)  \(id)" } : nil
        case .noticed(let id, let node, let notice): "\(node.name)  tells \(notice.notification): \(notice.text)  \(id)"
        case .would(let id, let node, let steps, let longest):
            "\(node.name)  would start: \(steps)\(longest.map { ", at most \($0.inSpokenMinutes)" } ?? ", until the window ends")  \(id)"
        case .runPromoted(let id): "run \(id) promoted: its canary nodes were good, the others follow"
        case .forced(let id, let force):
            "run \(id): its next node ignores \(force.ignored.map(\.rawValue).joined(separator: ", "))"
        case .forceUsed(let id, let node, let force):
            "\(node.name)  starts\(force.map { ", and ignores \($0.text)" } ?? " though it would have to wait")  \(id)"
        case .partChanged(let run, _, let part, "approval"?, _) where part.awaitsWord:
            "\(part.node.name)  waits for a person's word\(part.limit(at: at)): nagi approve \(run) \(part.node.name)"
        case .partChanged(let run, _, let part, let step, let grounds):
            part.text(step: step, grounds, at: at).map { "\(part.node.name)  \($0) (\(run))" }
        case .stayPlaced(let node, let stay, _):
            "\(node.name)  kept at \(stay.mode.rawValue) by \(stay.run): \(stay.reason)"
        case .stayEnded(let node, let reason): "\(node.name)  no longer kept: \(reason)"
        case .holdPlaced(let node, let hold): "\(node.name)  held \(hold.text)"
        case .holdEnded(let node, let reason): "\(node.name)  no longer held: \(reason)"
        case .releaseOwed(let node): "\(node.name)  is to be opened"
        case .modeIntended(let change):
            "\(change.node.name)  ChangeMode \(change.target.rawValue) (\(change.cause.text))"
        case .modeAnswered(let node, _, let answer): "\(node.name)  ChangeMode \(answer)"
        case .modeSettled(let node, _, let isReached):
            isReached ? "\(node.name)  mode confirmed" : "\(node.name)  ChangeMode did not take effect"
        case .modeAdopted(let node, let mode): "\(node.name)  a late ChangeMode arrived: \(mode.rawValue)"
        case .ownershipDropped(let node, let reason): "\(node.name)  \(reason.text)"
        case .floorChanged(let node, let floor):
            floor.map { mode in
                mode == .blockNewConnection
                    ? "\(node.name)  is \(mode.rawValue), and not by nagi: somebody else's doing, or the node's own fault"
                    : "\(node.name)  somebody else set \(mode.rawValue)"
            }
                ?? "\(node.name)  nobody else blocks it any more"
        case .commandIntended(let start):
            "\(start.node.name)  command \(start.called) started, attempt \(start.attempt)"
                + (start.live.map { ": it cuts \($0.text)" } ?? "")
        case .commandEnded(_, let node, let outcome, let step, _, _):
            "\(node.name)  command \(step.map { "\($0) " } ?? "")\(outcome)"
        case .leverPulled(let lever):
            "\(lever.answer.action.rawValue) by \(lever.pull.actor)"
                + (lever.pull.order.reason.isEmpty ? "" : " (\(lever.pull.order.reason))") + ": \(lever.answer.text)"
                + (lever.answer.until.map { ", for \(($0 - at.wall).inSpokenMinutes)" } ?? "")
        case .alarmRaised(let alarm): "alarm \(alarm.key.code.rawValue): \(alarm.text)"
        case .alarmEnded(let key): "alarm \(key.code.rawValue) is over" + (key.node.map { ": \($0.name)" } ?? "")
        }
    }
}

extension Record {
    /// Further lines, which are there for whoever reads the first: the last words of a command that failed.
    package var details: [String] {
        guard case .commandEnded(_, let node, let outcome, let step, let output?, _) = fact, !outcome.isSuccess else {
            return []
        }
        return output.lines(of: step ?? "command").map { "\(node.name)  \($0)" }
    }
}

extension ModeChange.Cause {
    fileprivate var text: String { self == .restarted ? "the mode was lost" : rawValue }
}

extension CommandOutput {
    /// `upgrade printed: E: Unable to lock`, line by line, and where the whole is.
    package func lines(of step: String) -> [String] {
        guard !lines.isEmpty else { return [] }
        return lines.map { "\(step) printed: \($0)" } + [
            "the \(isCut ? "start of the" : "whole") output of \(step): \(path)"
        ]
    }
}

extension NodeLedger.NodeFacts {
    fileprivate var text: String {
        guard let mode else { return failure.map { "unreachable: \($0)" } ?? "not read yet" }
        var words = ["is \(mode)"]
        if let version { words.append("version \(version)") }
        if let ready { words.append(ready ? "ready" : "not ready") }
        if isConnected == false { words.append("not connected") }
        if relays == true { words.append(NodeLoad.relayingText) }
        return words.joined(separator: ", ")
    }
}

extension Run {
    /// `started`, or what it waits for before it does anything.
    fileprivate func beginning(at wall: Timestamp) -> String {
        // What is tried again waits for no window.
        guard !isRetry, case .closed(let closure) = clearance else { return "started\(origin.text(at: wall))" }
        return "waits, \(closure.cause.text)" + (approval.isAwaited ? ", and for an approval (nagi approve \(id))" : "")
    }
}

extension Run.Origin {
    /// The window that opened, and how long it is open.
    fileprivate func text(at wall: Timestamp) -> String {
        guard case .window(let occurrence, let span) = self else { return "" }
        return
            ": window \(occurrence.window) is open\(span.end > wall ? " for \((span.end - wall).inSpokenMinutes)" : "")"
    }
}

extension RunApproval {
    /// Nil where nothing is new: its time runs or stands.
    fileprivate func text(at now: Moment) -> String? {
        switch self {
        case .notNeeded: return nil
        case .awaited(let clock):
            guard clock.isRunning else { return nil }
            return "waits for an approval of its start, at most \(clock.timeLeft(at: now).inSpokenMinutes)"
        case .given(let given):
            return "may start: approved by \(given.actor)" + (given.reason.isEmpty ? "" : ": \(given.reason)")
        }
    }
}

extension Duration {
    /// To the minute where it is one or longer.
    fileprivate var inSpokenMinutes: String {
        self < .minutes(1)
            ? Duration.seconds(nanoseconds / 1_000_000_000).spoken
            : Duration.minutes(Int(nanoseconds / 60_000_000_000)).spoken
    }
}

extension Clearance {
    fileprivate func text(at wall: Timestamp) -> String {
        switch self {
        case .open(let until?) where until > wall: "may act: its window is open for \((until - wall).inSpokenMinutes)"
        case .open: "may act"
        case .closed(let closure): "is \(closure.cause.text)"
        }
    }
}

extension Clearance.Closure.Cause {
    fileprivate var text: String {
        switch self {
        case .outsideWindow: "outside its windows"
        case .excluded(let by, let reason): "frozen by \(by)" + (reason.map { " (\($0))" } ?? "")
        }
    }
}

extension Part {
    /// What the change came to; nil where the command's own record says it.
    fileprivate func text(step: String?, _ grounds: Grounds?, at now: Moment) -> String? {
        let why = error.map { " (\($0))" } ?? ""
        switch phase {
        case .queued: return "queued again\(why)"
        // Its own record says it.
        case .finished(.would): return nil
        case .out(let work):
            guard let begins = begins(step, work, now) else { return work.gateText }
            guard let drained = milestones.drainedIn, milestones.drainedAt == now.wall else { return begins }
            let left = grounds?.latest.flatMap { $0.isNothing ? nil : ", with \($0.text) left" }
            return "drained in \(drained)\(left ?? ""); \(begins)"
        case .committed(let work, _): return begins(step, work, now) ?? work.gateText
        case .returning(let returning):
            if case .goOn = returning.after { return "restore begins" }
            guard returning.command != nil else { return "is given back\(why)" }
            if returning.claim != nil { return "is given back when the ending of its calls has stopped\(why)" }
            return
                (returning.isGranted
                ? "is given back, and its command runs to its end" : "ends when its command has ended") + why
        case .soaking(let work):
            guard let begins = begins(step, work, now) else { return work.gateText }
            return "back in service\(milestones.outOfServiceFor.map { " after \($0)" } ?? ""); \(begins)"
        case .finished(let result):
            let word = result.rawValue.replacing("-", with: " ")
            // Some reasons begin with the word.
            if let error { return error.hasPrefix(word) ? error : "\(word): \(error)" }
            return word + (result == .done ? milestones.summary : "")
        }
    }

    /// `, at most 12h`
    fileprivate func limit(at now: Moment) -> String {
        phase.timer.map { ", at most \($0.timeLeft(at: now).inSpokenMinutes)" } ?? ""
    }

    /// `drain begins: at least block_new_session, at most 2h`; of a command or a gate, which begins when it may:
    /// `upgrade is next: within 1h`.
    private func begins(_ step: String?, _ work: PartPhase.Work, _ now: Moment) -> String? {
        guard let step, work.command == nil else { return nil }
        let claim = ["drain", "block"].contains(step) ? work.claim.map { "at least \($0.rawValue)" } : nil
        let isNamed = !["drain", "block", "verify", "wait", "approval", "terminate", "soak"].contains(step)
        // A command may wait for long for what it needs to start, and hardly ever does.
        let isCommand = isNamed || step == "terminate"
        let isUntold =
            phase.kind == .soaking || isCommand && work.timer?.timeLeft(at: now) == Command.startTimeout
        let limit =
            isUntold
            ? nil : work.timer.map { "\(isNamed ? "within" : "at most") \($0.timeLeft(at: now).inSpokenMinutes)" }
        // What it cuts, it cuts on purpose.
        let isCutting = work.mayDropSessions && phase.kind != .soaking && ["block"].contains(step)
        let live = isCutting ? "what is live is not waited for any more" : nil
        let terms = [claim, limit, live].compactMap { $0 }.joined(separator: ", ")
        return "\(step) \(isNamed ? "is next" : "begins")" + (terms.isEmpty ? "" : ": \(terms)")
    }
}

extension PartPhase.Work {
    /// `gate calm is bad: 5`, where that is news.
    fileprivate var gateText: String? {
        guard let gate, gate.isNews, let latest = gate.latest else { return nil }
        return "gate \(gate.name) is \(latest)"
    }
}

extension Milestones {
    /// From the first claim to the proof that the node was drained.
    package var drainedIn: String? { seconds(to: drainedAt).map { Duration.seconds($0).spoken } }
    /// From the first claim until the node was back in service.
    package var outOfServiceFor: String? { seconds(to: restoredAt).map { Duration.seconds($0).spoken } }

    /// `: drained in 10s, out of service for 13s`.
    package var summary: String {
        var parts: [String] = []
        if let drainedIn { parts.append("drained in \(drainedIn)") }
        if let outOfServiceFor { parts.append("out of service for \(outOfServiceFor)") }
        if let leaked, leaked > 0 {
            parts.append("\(leaked) session\(leaked == 1 ? "" : "s") leaked in before the block was back")
        }
        if let cut, cut > 0 { parts.append("\(cut) connection\(cut == 1 ? "" : "s") cut on purpose") }
        return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
    }

    /// From the first claim until then, rounded to whole seconds.
    package func seconds(to end: Timestamp?) -> Int? {
        guard let claimedAt, let end else { return nil }
        return Int(((end - claimedAt).nanoseconds + 500_000_000) / 1_000_000_000)
    }
}

extension RunPhase {
    fileprivate var text: String {
        switch self {
        case .active: "goes on"
        case .ending(let reason): "is ending: \(reason)"
        }
    }
}

extension OwnershipLoss {
    fileprivate var text: String {
        switch self {
        case .alreadyNormal: "is normal already: nothing to take back"
        case .foreign: "shows a mode that somebody else set: left alone"
        case .writtenOff: "its release was written off"
        }
    }
}
