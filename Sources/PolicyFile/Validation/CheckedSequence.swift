import ModeCore
import Scheduling

/// A sequence after its own checks: what it does, and what it asks of the policies that use it.
struct CheckedSequence {
    /// Nil where steps are missing or faulty.
    let sequence: StepSequence?
    let steps: [Located<Step>]
    /// There is no `restore`: a wait until the window's end and a restore are added.
    let isRestoreImplied: Bool

    /// One that is built in: no text, nothing to complain about.
    init(builtIn sequence: StepSequence) {
        self.sequence = sequence
        steps = []
        isRestoreImplied = true
    }

    init(_ draft: SequenceDraft, name: String, _ findings: Findings) {
        steps = draft.steps
        isRestoreImplied = !draft.steps.contains { $0.value == .restore }
        guard !draft.isIncomplete else {
            sequence = nil
            return
        }
        var steps = draft.steps.map(\.value)
        if isRestoreImplied {
            if steps.last != .wait(.windowEnd) { steps.append(.wait(.windowEnd)) }
            steps.append(.restore)
        }
        sequence = StepSequence(name: name, steps: steps, onFailure: draft.onFailure)
        checkOrder(findings)
        var isDisrupted = false
        for step in draft.steps {
            if case .verify(let verify) = step.value { check(verify, step.node, isDisrupted: isDisrupted, findings) }
            isDisrupted = isDisrupted || step.value.isDisruptive
        }
    }

    /// Closing steps, then restore, then what looks at an open node.
    private func checkOrder(_ findings: Findings) {
        var restore: SourceLocation?
        var out: SourceLocation?
        var drain: (step: DrainStep, node: YAMLNode)?
        for step in steps {
            if let restore {
                checkAfterRestore(step, restore, findings)
            } else if case .soak = step.value {
                findings.error(
                    .stepOrder, "soak needs a node that is open again", at: step.location,
                    hint: "put it after `restore`")
            }
            switch step.value {
            case .restore: restore = restore ?? step.location
            case .block: out = out ?? step.location
            case .drain(let value):
                out = out ?? step.location
                drain = (value, step.node)
            case .approval where restore == nil:
                guard let out else { break }
                findings.error(
                    .approvalWhileOut, "the node would be out of service until somebody answers",
                    at: step.location, hint: "put `approval` before the first `drain` or `block`",
                    related: [.init(message: "out of service from here on", location: out)])
            case .run(let run) where run.isDisruptive:
                checkDisruptive(run.name, step, after: drain, findings)
            case .http(let call) where call.isDisruptive:
                checkDisruptive(call.request.url, step, after: drain, findings)
            case .terminate where drain == nil:
                findings.error(
                    .disruptiveWithoutDrain, "new sessions come while the live ones are ended: nothing drains the node",
                    at: step.location, hint: "put `- drain: {deadline: 2h}` before it")
            default: break
            }
        }
    }

    private func checkAfterRestore(_ step: Located<Step>, _ restore: SourceLocation, _ findings: Findings) {
        switch step.value {
        case .soak, .verify, .notify: return
        default:
            findings.error(
                .stepOrder, "after restore only verify, soak and notify are possible, not \(step.value.word)",
                at: step.location, related: [.init(message: "restored here", location: restore)])
        }
    }

    private func checkDisruptive(
        _ name: String, _ step: Located<Step>, after drain: (step: DrainStep, node: YAMLNode)?, _ findings: Findings
    ) {
        let place = step.node.location(of: step.value.word, "disruptive")
        guard let drain else {
            findings.error(
                .disruptiveWithoutDrain, "\(name) cuts live calls: nothing drains the node before it", at: place,
                hint: "put `- drain: {deadline: 2h}` and `- block: {}` before it")
            return
        }
        let note = Findings.Note(message: "\(name) follows", location: step.location)
        if drain.step.onDeadline == .proceed || drain.step.onDeadline == .terminate {
            let how = drain.step.onDeadline == .proceed ? "goes on anyway" : "follows after live sessions were ended"
            findings.warning(
                .cutsLiveCalls, "cuts live calls: at the deadline the disruptive step \(name) \(how)",
                at: drain.node.location(of: "drain", "onDeadline"), hint: "skip leaves the node out instead",
                related: [note])
        }
        if drain.step.maxSessions > 0 || drain.step.maxConnections > 0 {
            findings.warning(
                .cutsLiveCalls,
                "cuts live calls: with up to \(plural(drain.step.maxSessions, "session")) and "
                    + "\(plural(drain.step.maxConnections, "connection")) alive the disruptive step \(name) starts",
                at: drain.node.location(of: "drain", "until"), related: [note])
        }
    }

    private func check(_ verify: VerifyStep, _ node: YAMLNode, isDisrupted: Bool, _ findings: Findings) {
        let isRestartWritten = node["verify"]?.hasKey("restarts") == true
        if isRestartWritten, !isDisrupted {
            findings.warning(
                .hasNoEffect, "`restarts` has no effect: no disruptive step is before it",
                at: node.location(of: "verify", "restarts"))
        }
        let looksForRestart = isRestartWritten && verify.restarts && isDisrupted
        if !verify.connected, !verify.ready, verify.version == nil, !looksForRestart {
            findings.error(
                .verifiesNothing, "nothing is verified", at: node.location(of: "verify"),
                hint: "connected: true, version: \"{revision}\", or ready: true after restore")
        }
        let text = verify.version ?? ""
        for part in text.split(separator: "{", omittingEmptySubsequences: false).dropFirst()
        where !part.hasPrefix("revision}") {
            findings.error(
                .unknownPlaceholder, "\"{\(part.prefix { $0 != "}" })}\" stands for nothing",
                at: node.location(of: "verify", "version"),
                hint: "the only one is {revision}")
        }
    }

    /// The steps that ask for readiness while the node is still closed.
    var readyBeforeRestore: [Located<Step>] {
        steps.prefix { $0.value != .restore }.filter {
            if case .verify(let verify) = $0.value { verify.ready } else { false }
        }
    }

    /// Programs and calls.
    var disruptiveSteps: [Located<Step>] { steps.filter(\.value.isDisruptive) }

    var waitingForWindowEnd: [Located<Step>] { steps.filter { $0.value == .wait(.windowEnd) } }
}
