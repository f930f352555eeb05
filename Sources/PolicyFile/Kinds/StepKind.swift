import ModeCore
import Scheduling

/// One step: a mapping with one key that says what is done.
enum StepKind {
    static let step = ValueType<Step>.object(Keys.shape) { fields in
        let read = fields.keys.map { step($0, fields) }
        return read.count == 1 ? read[0] : nil
    }

    /// What is written under the key.
    private static func step(_ key: String, _ fields: ObjectFields) -> Step? {
        switch key {
        case Keys.drain.key: fields[Keys.drain].map { .drain($0) }
        case Keys.block.key: fields[Keys.block].map { _ in .block }
        case Keys.run.key: fields[Keys.run].map { .run($0) }
        case Keys.verify.key: fields[Keys.verify].map { .verify($0) }
        case Keys.restore.key: fields[Keys.restore].map { _ in .restore }
        case Keys.soak.key: fields[Keys.soak].map { .soak($0) }
        case Keys.wait.key: fields[Keys.wait].map { .wait($0) }
        case Keys.http.key: fields[Keys.http].map { .http($0) }
        case Keys.approval.key: fields[Keys.approval].map { .approval($0) }
        case Keys.terminate.key: fields[Keys.terminate].map { .terminate($0) }
        case Keys.gate.key: fields[Keys.gate].map { .gate($0) }
        case Keys.notify.key: fields[Keys.notify].map { .notify($0) }
        default: nil
        }
    }

    private enum Keys {
        static let drain = Field("drain", StepKind.drain, "lets live sessions end while no new ones come")
        static let block = Field("block", StepKind.nothing("block"), "takes no new connection")
        static let run = Field("run", StepKind.run, "runs a command of yours about the node")
        static let verify = Field("verify", StepKind.verify, "waits until the node shows what it should")
        static let restore = Field("restore", StepKind.nothing("restore"), "gives the node back")
        static let soak = Field("soak", StepKind.soak, "the node must stay normal and ready for so long")
        static let wait = Field("wait", StepKind.wait, "waits, for a time or until the window ends")
        static let http = Field("http", HTTPKind.step, "calls an address").checkedOnly
        static let approval = Field("approval", FurtherStepKind.approval, "waits for a person's word").checkedOnly
        static let terminate = Field("terminate", FurtherStepKind.terminate, "ends live sessions").checkedOnly
        static let gate = Field("gate", GateKind.gate, "waits for a good measurement").checkedOnly
        static let notify = Field("notify", FurtherStepKind.notify, "tells somebody").checkedOnly
        static let shape = ObjectShape(
            "a step", isChoice: true,
            [
                drain.shape, block.shape, run.shape, verify.shape, restore.shape, soak.shape, wait.shape,
                http.shape, approval.shape, terminate.shape, gate.shape, notify.shape,
            ])
    }

    /// `block: {}`.
    private static func nothing(_ word: String) -> ValueType<Bool> {
        .object(ObjectShape("\(word), which has no keys", mayBeEmpty: true, [])) { fields in
            fields.keys.isEmpty ? true : nil
        }
    }

    private static let drain = ValueType<DrainStep>.object(DrainKeys.shape) { fields in
        let thresholds = fields[DrainKeys.until]
        return DrainStep(
            mode: fields[DrainKeys.mode], maxSessions: thresholds.sessions, maxConnections: thresholds.connections,
            deadline: fields[DrainKeys.deadline], onDeadline: fields[DrainKeys.onDeadline])
    }

    private enum DrainKeys {
        static let mode = DefaultedField(
            "mode", ValueType<DrainStep.Mode>.word(), default: DrainStep.standard.mode,
            "the mode that the node drains in")
        static let until = DefaultedField(
            "until", StepKind.thresholds, default: Thresholds(), "drained means at or below both")
        static let deadline = DefaultedField(
            "deadline", ValueType<Duration>.duration(.seconds(1)), default: DrainStep.standard.deadline,
            "how long it may take")
        static let onDeadline = DefaultedField(
            "onDeadline", ValueType<DrainStep.OnDeadline>.word().checkedOnly(where: "terminate") { $0 == .terminate },
            default: DrainStep.standard.onDeadline,
            "what follows when sessions are still alive at the deadline")
        static let shape = ObjectShape(
            "a drain step", mayBeEmpty: true, [mode.shape, until.shape, deadline.shape, onDeadline.shape])
    }

    private struct Thresholds: Sendable {
        var sessions = DrainStep.standard.maxSessions
        var connections = DrainStep.standard.maxConnections
    }

    private static let thresholds = ValueType<Thresholds>.object(ThresholdKeys.shape) { fields in
        Thresholds(sessions: fields[ThresholdKeys.maxSessions], connections: fields[ThresholdKeys.maxConnections])
    }

    private enum ThresholdKeys {
        static let maxSessions = DefaultedField(
            "maxSessions", ValueType<Int>.integer(0...1_000_000), default: DrainStep.standard.maxSessions,
            "live sessions")
        static let maxConnections = DefaultedField(
            "maxConnections", ValueType<Int>.integer(0...10_000_000), default: DrainStep.standard.maxConnections,
            "live connections")
        static let shape = ObjectShape("until", [maxSessions.shape, maxConnections.shape])
    }

    private static let run = ValueType<RunStep>.object(RunKeys.shape) { fields in
        let command = fields[RunKeys.command]
        let name = fields[RunKeys.name]
        let timeout = fields[RunKeys.timeout]
        let retries = fields[RunKeys.retries]
        let isDisruptive = fields[RunKeys.disruptive]
        let onInterrupted = fields[RunKeys.onInterrupted]
        guard let command, let program = command.first else { return nil }
        let file = program.split(separator: "/").last.map(String.init) ?? program
        return RunStep(
            name: name ?? file, command: command, timeout: timeout, retries: retries, isDisruptive: isDisruptive,
            onInterrupted: onInterrupted)
    }

    private enum RunKeys {
        static let name = Field(
            "name", ValueType<String>.text, "what status and journal call it; the program's file name unless given")
        static let command = Field.required(
            "command", CommandKind.command,
            "program and arguments; no shell; the program is an absolute path, or ./ and a file beside the policy")
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: RunStep.standard.timeout,
            "for each attempt")
        static let retries = DefaultedField(
            "retries", ValueType<Int>.integer(0...100), default: RunStep.standard.retries, "attempts after the first")
        static let disruptive = DefaultedField(
            "disruptive", ValueType<Bool>.boolean, default: RunStep.standard.isDisruptive,
            "cuts what is still alive: the point of no return")
        static let onInterrupted = DefaultedField(
            "onInterrupted", ValueType<RunStep.OnInterrupted>.word(), default: RunStep.standard.onInterrupted,
            "what follows when the daemon restarted and nobody knows how it ended")
        static let shape = ObjectShape(
            "a run step",
            [name.shape, command.shape, timeout.shape, retries.shape, disruptive.shape, onInterrupted.shape])
    }

    private static let verify = ValueType<VerifyStep>.object(VerifyKeys.shape) { fields in
        VerifyStep(
            connected: fields[VerifyKeys.connected], ready: fields[VerifyKeys.ready],
            version: fields[VerifyKeys.version], restarts: fields[VerifyKeys.restarts],
            timeout: fields[VerifyKeys.timeout])
    }

    private enum VerifyKeys {
        static let connected = DefaultedField(
            "connected", ValueType<Bool>.boolean, default: VerifyStep.standard.connected,
            "the nodes of the cluster list it as connected")
        static let ready = DefaultedField(
            "ready", ValueType<Bool>.boolean, default: VerifyStep.standard.ready, "its readiness gate answers")
        static let version = Field(
            "version", ValueType<String>.text, "its exact version; `{revision}` in it is the rollout's")
        static let restarts = DefaultedField(
            "restarts", ValueType<Bool>.boolean, default: VerifyStep.standard.restarts,
            "the disruptive step before restarts the node, which is looked for; false where it does not")
        static let timeout = DefaultedField(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: VerifyStep.standard.timeout,
            "how long it may take")
        static let shape = ObjectShape(
            "a verify step", [connected.shape, ready.shape, version.shape, restarts.shape, timeout.shape])
    }

    private static let soak = ValueType<Duration>.object(ObjectShape("a soak step", [Soak.for.shape])) {
        $0[Soak.for]
    }

    private enum Soak {
        static let `for` = Field.required("for", ValueType<Duration>.duration(.seconds(1)), "how long")
    }

    private static let wait = ValueType<WaitStep>.object(WaitKeys.shape) { fields in
        let duration = fields[WaitKeys.for]
        let until = fields[WaitKeys.until]
        if let duration { return .duration(duration) }
        return until.map { _ in .windowEnd }
    }

    private enum WaitUntil: String, CaseIterable, Sendable {
        case windowEnd
    }

    private enum WaitKeys {
        static let `for` = Field("for", ValueType<Duration>.duration(.seconds(1)), "so long")
        static let until = Field("until", ValueType<WaitUntil>.word(), "until the window ends")
        static let shape = ObjectShape("a wait step", isChoice: true, [`for`.shape, until.shape])
    }
}
