import ModeCore
import Scheduling

/// One step: a mapping with one key that says what is done.
enum StepKind {
    static let step = ValueType<Step>(anyStep.shape) { node, findings in
        let step = anyStep.read(node, findings)
        // With a second key, which is reported, nobody knows what is meant.
        guard case .mapping(let entries) = node.value, entries.count == 1 else { return nil }
        return step
    }

    private static let anyStep: ValueType<Step> = .choice(
        "a step",
        Field("drain", drain, "lets live sessions end while no new ones come").map(Step.drain),
        Field("block", nothing("block", .block), "takes no new connection"),
        Field("run", run, "runs a command of yours about the node").map(Step.run),
        Field("verify", verify, "waits until the node shows what it should").map(Step.verify),
        Field("restore", nothing("restore", .restore), "gives the node back"),
        Field("soak", soak, "the node must stay normal and ready for so long").map(Step.soak),
        Field("wait", wait, "waits, for a time or until the window ends").map(Step.wait),
        Field("http", HTTPKind.step, "calls an address").map(Step.http),
        Field("approval", FurtherStepKind.approval, "waits for a person's word").map(Step.approval),
        Field("terminate", FurtherStepKind.terminate, "ends live sessions").map(Step.terminate),
        Field("gate", GateKind.step, "waits for a good measurement").map(Step.gate),
        Field("notify", FurtherStepKind.notify, "tells somebody").map(Step.notify))

    /// `block: {}`.
    private static func nothing(_ word: String, _ step: Step) -> ValueType<Step> {
        .object(ObjectShape("\(word), which has no keys", mayBeEmpty: true)) { fields in
            fields.keys.isEmpty ? step : nil
        }
    }

    private static let drain: ValueType<DrainStep> = .object(
        ObjectShape("a drain step", mayBeEmpty: true).alone("deadline"),
        DefaultedField(
            "mode", .word(), default: DrainStep.standard.mode,
            "the mode that the node drains in; auto: block_new_connection on a node whose sessions span nodes as the step begins, else block_new_session"
        ),
        DefaultedField(
            "until", thresholds, default: Thresholds(),
            "drained means at or below both; where sessions span nodes, at or below maxConnections"),
        DefaultedField(
            "deadline", .duration(.seconds(1)), default: DrainStep.standard.deadline, "how long it may take"),
        DefaultedField(
            "onDeadline", .word(),
            default: DrainStep.standard.onDeadline, "what follows when sessions are still alive at the deadline")
    ) { mode, until, deadline, onDeadline in
        DrainStep(
            mode: mode, maxSessions: until.sessions, maxConnections: until.connections, deadline: deadline,
            onDeadline: onDeadline)
    }

    private struct Thresholds: Sendable {
        var sessions = DrainStep.standard.maxSessions
        var connections = DrainStep.standard.maxConnections
    }

    private static let thresholds: ValueType<Thresholds> = .object(
        "until",
        DefaultedField(
            "maxSessions", .integer(0...1_000_000), default: DrainStep.standard.maxSessions, "live sessions"),
        DefaultedField(
            "maxConnections", .integer(0...10_000_000), default: DrainStep.standard.maxConnections,
            "live connections"),
        build: Thresholds.init)

    private static let run: ValueType<RunStep> = .object(
        ObjectShape("a run step").alone("command"),
        Field("name", .text, "what status and journal call it; the program's file name unless given"),
        NeededField(
            "command", CommandKind.command,
            "program and arguments; no shell; the program is an absolute path, or ./ and a file beside the policy"),
        DefaultedField("timeout", .duration(.seconds(1)), default: RunStep.standard.timeout, "for each attempt"),
        DefaultedField("retries", .integer(0...100), default: RunStep.standard.retries, "attempts after the first"),
        DefaultedField(
            "disruptive", .boolean, default: RunStep.standard.isDisruptive,
            "cuts what is still alive: the point of no return"),
        DefaultedField(
            "onInterrupted", .word(), default: RunStep.standard.onInterrupted,
            "what follows when the daemon restarted and nobody knows how it ended")
    ) { name, command, timeout, retries, isDisruptive, onInterrupted in
        guard let program = command.first else { return nil }
        let file = program.split(separator: "/").last.map(String.init) ?? program
        return RunStep(
            name: name ?? file, command: command, timeout: timeout, retries: retries, isDisruptive: isDisruptive,
            onInterrupted: onInterrupted)
    }

    private static let verify: ValueType<VerifyStep> = .object(
        ObjectShape("a verify step").alone("version"),
        DefaultedField(
            "connected", .boolean, default: VerifyStep.standard.connected,
            "the nodes of the cluster list it as connected"),
        DefaultedField("ready", .boolean, default: VerifyStep.standard.ready, "its readiness gate answers"),
        Field("version", .text, "its exact version; `{revision}` in it is the rollout's"),
        DefaultedField(
            "restarts", .boolean, default: VerifyStep.standard.restarts,
            "the disruptive step before restarts the node, which is looked for; false where it does not"),
        DefaultedField(
            "timeout", .duration(.seconds(1)), default: VerifyStep.standard.timeout, "how long it may take"),
        build: VerifyStep.init)

    private static let soak: ValueType<Duration> = .object(
        ObjectShape("a soak step").alone("for"), NeededField("for", .duration(.seconds(1)), "how long")
    ) { $0 }

    private enum WaitUntil: String, Word {
        case windowEnd

        var meaning: String? { nil }
    }

    private static let wait: ValueType<WaitStep> = .choice(
        "a wait step", alone: "for",
        Field("for", .duration(.seconds(1)), "so long").map(WaitStep.duration),
        Field("until", ValueType<WaitUntil>.word(), "until the window ends").map { _ in WaitStep.windowEnd })
}
