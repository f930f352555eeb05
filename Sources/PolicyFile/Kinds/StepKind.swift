import Primitives
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
        let mode = fields[DrainKeys.mode]
        let thresholds = fields[DrainKeys.until]
        let deadline = fields[DrainKeys.deadline]
        let onDeadline = fields[DrainKeys.onDeadline]
        guard let mode, let thresholds, let deadline, let onDeadline else { return nil }
        return DrainStep(
            mode: mode, maxSessions: thresholds.sessions, maxConnections: thresholds.connections, deadline: deadline,
            onDeadline: onDeadline)
    }

    private enum DrainKeys {
        static let mode = Field(
            "mode", ValueType<DrainStep.Mode>.word(), default: .auto, "the mode that the node drains in")
        static let until = Field(
            "until", StepKind.thresholds, default: Thresholds(), "drained means at or below both")
        static let deadline = Field(
            "deadline", ValueType<Duration>.duration(.seconds(1)), default: .hours(1), "how long it may take")
        static let onDeadline = Field(
            "onDeadline", ValueType<DrainStep.OnDeadline>.word().checkedOnly(where: "terminate") { $0 == .terminate },
            default: .skip,
            "what follows when sessions are still alive at the deadline")
        static let shape = ObjectShape(
            "a drain step", mayBeEmpty: true, [mode.shape, until.shape, deadline.shape, onDeadline.shape])
    }

    private struct Thresholds: Sendable {
        var sessions = 0
        var connections = 0
    }

    private static let thresholds = ValueType<Thresholds>.object(ThresholdKeys.shape) { fields in
        Thresholds(
            sessions: fields[ThresholdKeys.maxSessions] ?? 0, connections: fields[ThresholdKeys.maxConnections] ?? 0)
    }

    private enum ThresholdKeys {
        static let maxSessions = Field(
            "maxSessions", ValueType<Int>.integer(0...1_000_000), default: 0, "live sessions")
        static let maxConnections = Field(
            "maxConnections", ValueType<Int>.integer(0...10_000_000), default: 0, "live connections")
        static let shape = ObjectShape("until", [maxSessions.shape, maxConnections.shape])
    }

    private static let run = ValueType<RunStep>.object(RunKeys.shape) { fields in
        let command = fields[RunKeys.command]
        let name = fields[RunKeys.name]
        let timeout = fields[RunKeys.timeout]
        let retries = fields[RunKeys.retries]
        let isDisruptive = fields[RunKeys.disruptive]
        let onInterrupted = fields[RunKeys.onInterrupted]
        guard let command, let program = command.first, let timeout, let retries, let isDisruptive, let onInterrupted
        else { return nil }
        let file = program.split(separator: "/").last.map(String.init) ?? program
        return RunStep(
            name: name ?? file, command: command, timeout: timeout, retries: retries, isDisruptive: isDisruptive,
            onInterrupted: onInterrupted)
    }

    private enum RunKeys {
        static let name = Field(
            "name", ValueType<String>.text, "what status and journal call it; the program's file name unless given")
        static let command = Field.required(
            "command", ValueType<[String]>.list(of: .argument, minimum: 1, maximum: 256),
            "program and arguments; no shell; relative to the policy's directory")
        static let timeout = Field(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: .minutes(15), "for each attempt")
        static let retries = Field("retries", ValueType<Int>.integer(0...100), default: 0, "attempts after the first")
        static let disruptive = Field(
            "disruptive", ValueType<Bool>.boolean, default: false, "cuts what is still alive: the point of no return")
        static let onInterrupted = Field(
            "onInterrupted", ValueType<RunStep.OnInterrupted>.word(), default: .fail,
            "what follows when the daemon restarted and nobody knows how it ended")
        static let shape = ObjectShape(
            "a run step",
            [name.shape, command.shape, timeout.shape, retries.shape, disruptive.shape, onInterrupted.shape])
    }

    private static let verify = ValueType<VerifyStep>.object(VerifyKeys.shape) { fields in
        let connected = fields[VerifyKeys.connected]
        let ready = fields[VerifyKeys.ready]
        let version = fields[VerifyKeys.version]
        let timeout = fields[VerifyKeys.timeout]
        guard let connected, let ready, let timeout else { return nil }
        return VerifyStep(connected: connected, ready: ready, version: version, timeout: timeout)
    }

    private enum VerifyKeys {
        static let connected = Field(
            "connected", ValueType<Bool>.boolean, default: false, "the nodes of the cluster list it as connected")
        static let ready = Field("ready", ValueType<Bool>.boolean, default: false, "its readiness gate answers")
        static let version = Field("version", ValueType<String>.text, "its exact version; `{revision}` of the rollout")
        static let timeout = Field(
            "timeout", ValueType<Duration>.duration(.seconds(1)), default: .minutes(10), "how long it may take")
        static let shape = ObjectShape("a verify step", [connected.shape, ready.shape, version.shape, timeout.shape])
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

extension ValueType where Value == String {
    /// One argument of a command: any text, numbers too, also the empty one in quotes.
    static let argument = ValueType(.text(pattern: nil)) { node, findings in
        if let scalar = node.scalar, !scalar.isPlain, scalar.text.isEmpty { return "" }
        guard let scalar = findings.scalar(node, "a text") else { return nil }
        guard scalar.text.unicodeScalars.count <= PolicyLimits.textLength else {
            findings.error(.invalidText, "more than \(PolicyLimits.textLength) characters", at: node.location)
            return nil
        }
        return scalar.text
    }
}
