import ModeCore
import Primitives

extension Blocker {
    /// In a few words for people, with the node in front whose own state it is, where it is said of a run.
    package var told: String { (node.map { "\($0.name): " } ?? "") + text }

    /// In a few words for people.
    package var text: String {
        switch reason {
        case .suspended: "the policy is suspended"
        case .policiesMissing: "the policies could not be read: nothing new starts"
        case .runPaused(let pause): "the run is paused\(pause.ending)"
        case .allPaused(let pause): "everything is paused\(pause.ending)"
        case .runEnding(let reason): "the run is ending: \(reason)"
        case .clock: "the wall clock jumped: waits until it is steady"
        case .excluded(let by, let reason): "freeze \(by)" + (reason.map { " (\($0))" } ?? "")
        case .outsideWindow: "outside the windows"
        case .cutoff(let margin): "too close to the window's end: no node starts in its last \(margin.spoken)"
        case .wrongTopology: "the policy says standalone, and the nodes list other members"
        case .approval(let unlocks): "waits for an approval of its start: \(unlocks)"
        case .gate(let name, let why): "gate \(name): \(why)"
        case .promotion: "the canary is good: waits for an approval"
        case .stepApproval(let names): "waits for an approval before the next step of \(NameList.text(names))"
        case .canarySoak(let names): "the canary soaks: \(NameList.text(names))"
        case .canaryBroken(let name): "the canary \(name) is done and not in service: its soak waits"
        case .canaryFirst(let names): "waits for the canary: \(NameList.text(names))"
        case .groupFirst(let group, let names): "waits for group \(group): \(NameList.text(names))"
        case .groupWait(let previous): "waits after group \(previous)"
        case .betweenNodes: "waits between nodes"
        case .backOff(let length, let why, let holders):
            "given back\(why.map { " (\($0))" } ?? ""): waits until the cluster was within budget for \(length.spoken)"
                + (holders.isEmpty ? "" : "; out of service: \(NameList.text(holders))")
        case .held(let actor, let reason): "held \(Hold.text(by: actor, reason))"
        case .keptOpen(let actor, let reason): "kept open \(Hold.text(by: actor, reason))"
        case .reserved(let actor, let reason): "reserved \(Hold.text(by: actor, reason))"
        case .nodeBusy(let run): "in work for \(run)"
        case .failedStay(let run): "failed in \(run) and stays as it is"
        case .owed: "to be given back first"
        case .notRead: "not read yet"
        case .unreachable(let failure): failure.description
        case .stale: "not read for too long"
        case .unknownMode(let word): "the node says \(word)"
        case .initial: "the node has not joined its cluster"
        case .foreign(let mode): "\(mode.rawValue) was set by somebody else"
        case .faulted: "block_new_connection unrequested: the node's own fault, or somebody else's doing"
        case .isolated: "a majority of the cluster does not list it as connected"
        case .notReady: "normal, and its readiness probe does not answer 200"
        case .notNormal(let mode): "is \(mode.rawValue)"
        case .listedOtherwise(let mode): "says normal, and the cluster lists that name as \(mode): is this its address?"
        case .quorum(let missing):
            "it would cost the cluster its majority"
                + (missing.isEmpty
                    ? ""
                    : "; not connected, not answering, reserved, or in a disruptive step: \(NameList.text(missing))")
        case .runFull(let have, _, let holders): "waits for \(Blocker.text(holders: holders, of: have))"
        case .budget(let have, let limit, let holders):
            holders.isEmpty
                ? "\(have) of at most \(limit) out of service"
                : "\(have) of at most \(limit) out of service: \(Blocker.text(holders: holders, of: have))"
        case .identity(let name): "\(name) has not yet been shown to be at its address"
        case .sweep: "all nodes are read once more"
        }
    }

    /// A few of those that hold what is wanted, and how many more there are.
    ///
    /// - Parameter have: how many hold it.
    static func text(holders: [String], of have: Int) -> String {
        NameList.text(holders, of: holders.count < Controller.holderLimit ? nil : have)
    }

    /// What lifts it: the verb, where a person's word does.
    ///
    /// - Parameters:
    ///   - node: that it stands in the way of, if it is one.
    ///   - run: that waits.
    package func lift(of node: NodeID?, in run: RunID?) -> String {
        if run == nil, let asked { return asked }
        let levers = levers(node: self.node ?? node, run: run)
        return (levers.isEmpty || self.class != .human ? [lift] + levers : levers).joined(separator: ", or ")
    }

    /// What to do where it has stood against a person's own wish.
    package func advice(about node: NodeID?) -> String {
        if let asked { return "that takes the word of \(asked)" }
        if self.class == .human, let lever = levers(node: self.node ?? node, run: nil).first { return lever }
        return switch self.class {
        case .config: "it takes an edit of the policies"
        case .human: "it takes an operator's word: nagi status"
        case .clock: "wait until that is over"
        case .capacity: "wait for a node that comes back into service: nagi status --watch"
        case .health: "the node, or its network, has to be well first: nagi status"
        case .ours: "try again in a moment"
        }
    }

    /// Whose word it takes that everything may go on: a stop is lifted for all, never for somebody's own node.
    private var asked: String? {
        guard case .allPaused(let pause) = reason else { return nil }
        return "\(pause.actor ?? "somebody"), who paused everything"
    }

    /// What lifts it, in a word.
    package var lift: String {
        switch (reason, self.class) {
        case (.gate, _): "a good measurement"
        case (.groupFirst(let group, _), _): "the end of group \(group)"
        case (.canaryFirst, _): "the end of the canary"
        case (.foreign, _): "whoever set it"
        case (.unreachable(.distrusted), _): "the node's certificate, or another api.tls and nagi reload"
        case (.unreachable, .config): "what the policies name, then nagi reload"
        case (.runEnding, _): "its end"
        case (_, .config): "an edit of the policies"
        case (_, .human): "an operator's word"
        case (_, .clock): "time"
        case (_, .capacity): "a node that comes back into service"
        case (_, .health): "the node, or its network"
        case (_, .ours): "nagi itself"
        }
    }
}

extension DrainStatus {
    /// `half of them gone every 4m`, or that they are no longer declining; empty: nothing is known yet.
    package var text: String {
        // Nothing becomes fewer any more: only the proof is awaited.
        guard sessions ?? 0 > 0 || connections > 0 else { return "" }
        if let flatSince, let last = samples.last?.at {
            return "no longer declining for \((last - flatSince).spoken)"
        }
        return halfLife.map { "half of them gone every \($0.rounded.spoken)" } ?? ""
    }
}

extension Int {
    /// `1 session`, `2 sessions`.
    package func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}

extension Duration {
    fileprivate var rounded: Duration { .seconds(Int64(inSeconds.rounded())) }
}

extension StepWait {
    func verdict(until: Timestamp?, drain: DrainStatus? = nil) -> Verdict {
        switch self {
        case .drain(let sessions, let connections):
            guard let connections else {
                return Verdict(.draining, "the node does not say how many sessions are left", until: until)
            }
            let course = drain.map { $0.text.isEmpty ? "" : ", \($0.text)" } ?? ""
            let left = connections.counted("connection")
            let text =
                sessions.map { "\($0.counted("session")), \(left) left" } ?? "\(left) left (\(NodeLoad.relayingText))"
            return Verdict(.draining, text + course, until: until)
        case .block: return Verdict(.blocked, "until the block is confirmed", until: until)
        case .command(let name, let attempt):
            return Verdict(.runningCommand, "\(name), attempt \(attempt)", until: until)
        case .termination(let sessions, let connections):
            let counts = [sessions.map { $0.counted("session") }, connections.map { $0.counted("connection") }]
            let left = counts.compactMap(\.self).joined(separator: ", ")
            return Verdict(
                .runningCommand, "live calls are ended\(left.isEmpty ? "" : ": \(left) left")", until: until)
        case .clearance(let name): return Verdict(.waitingStep, "\(name) may not start now", until: until)
        // What `until` tells is when nagi gives up, far behind the end of any of these: the claim says it.
        case .evidence(let name): return Verdict(.blocked, "before \(name): looks once more for live sessions")
        case .identity(let name):
            return Verdict(.waitingStep, "\(name) waits until the cluster's lists show the node")
        case .quorum(let name): return Verdict(.waitingQuorum, "\(name) would cost the cluster its majority")
        case .verify(let missing): return Verdict(.verifying, missing, until: until)
        case .approval: return Verdict(.waitingApproval, "an operator is to say that it may go on", until: until)
        case .gate(let name, let why): return Verdict(.waitingGate, "\(name): \(why)", until: until)
        case .time: return Verdict(.blocked, "waits", until: until)
        case .windowEnd: return Verdict(.blocked, "until the window ends", until: until)
        case .service(true): return Verdict(.soaking, "in service, watched", until: until)
        case .service(false):
            return Verdict(.soaking, "not in service: watched from the beginning when it is", until: until)
        }
    }
}
