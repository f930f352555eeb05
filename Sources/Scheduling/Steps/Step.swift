import ModeCore
import Primitives

/// What is done to one node, in order.
package struct StepSequence: Hashable, Sendable, Codable {
    package var name: String
    /// Never empty. Ends with `restore` (and perhaps `soak`), written or implied.
    package var steps: [Step]
    /// What happens to a node whose step failed for good before commitment; nil: restore before it, stay after it.
    package var onFailure: OnFailure?

    package init(name: String, steps: [Step], onFailure: OnFailure? = nil) {
        self.name = name
        self.steps = steps
        self.onFailure = onFailure
    }
}

package enum OnFailure: String, Hashable, Sendable, Codable, CaseIterable {
    /// The node keeps its mode until an operator decides.
    case stay
    /// The node is given back.
    case restore
}

/// One step of a sequence.
package enum Step: Hashable, Sendable, Codable {
    case drain(DrainStep)
    case block
    case run(RunStep)
    case verify(VerifyStep)
    case restore
    case soak(Duration)
    case wait(WaitStep)
    case http(HTTPStep)
    case approval(Approval)
    case terminate(TerminateStep)
    case gate(HealthGate)
    case notify(NotifyStep)

    /// The name that the policy gives it, or its word.
    package var label: String {
        switch self {
        case .run(let run): run.name
        case .gate(let gate): gate.name
        default: word
        }
    }

    /// The key that the policy writes, also shown in status and journal.
    package var word: String {
        switch self {
        case .drain: "drain"
        case .block: "block"
        case .run: "run"
        case .verify: "verify"
        case .restore: "restore"
        case .soak: "soak"
        case .wait: "wait"
        case .http: "http"
        case .approval: "approval"
        case .terminate: "terminate"
        case .gate: "gate"
        case .notify: "notify"
        }
    }

    /// It takes the node out of service: node, cluster slot and the run's slot are taken right before the first of these.
    package var takesOut: Bool {
        switch self {
        case .drain, .block: true
        default: false
        }
    }

    /// The mode that the step wants the node at least at; nil: it raises nothing.
    ///
    /// - Parameter relaying: the node's sessions span nodes as the step begins.
    func claim(relaying: Bool) -> RequestableMode? {
        switch self {
        case .drain(let drain): drain.mode.claimed(relaying: relaying)
        case .block: .blockNewConnection
        default: nil
        }
    }

    /// When the step gives up, counted from its beginning; nil: it waits for a named thing, or for nothing.
    func deadline() -> Duration? {
        switch self {
        case .drain(let drain): drain.deadline
        case .block: BlockStep.timeout
        case .run, .http, .terminate: Command.startTimeout
        case .verify(let verify): verify.timeout
        case .approval(let approval): approval.timeout
        case .gate(let gate): gate.timeout
        case .wait(.duration(let duration)): duration
        case .soak(let length): length * SoakStep.patience
        case .restore, .wait(.windowEnd), .notify: nil
        }
    }

    /// The same, counted from the end of that many attempts. A drain whose sessions were to be ended has had its time.
    func deadline(after attempts: Int) -> Duration? {
        guard case .drain = self else { return deadline() }
        return attempts == 0 ? .zero : DrainStep.terminationGrace
    }

    /// What it has done in the world, where it does anything there but change the mode.
    package var command: Command? {
        switch self {
        case .run(let run): run.asCommand
        case .http(let call): call.asCommand
        case .terminate(let terminate): terminate.asCommand
        case .drain, .block, .verify, .restore, .soak, .wait, .approval, .gate, .notify: nil
        }
    }

    /// The command that runs in it ends what is live on the node.
    var endsCalls: Bool {
        switch self {
        case .drain, .terminate: true
        default: false
        }
    }

    /// Something that begins in it may not begin under a pause or a hold.
    var isCommand: Bool {
        if case .gate(let gate) = self { gate.isProgram } else { command != nil }
    }

    /// Its deadline runs whatever else stands still.
    var alwaysRuns: Bool { if case .soak = self { true } else { false } }

    /// Time that passes in it passes because the policy wants it to.
    package var isOrderedWait: Bool {
        switch self {
        case .wait, .soak, .approval: true
        default: false
        }
    }

    func move(in context: StepContext) -> StepMove {
        switch self {
        case .drain(let drain): drain.move(in: context)
        case .block: BlockStep.move(in: context)
        case .run(let run): run.asCommand.move(in: context)
        case .http(let call): call.asCommand.move(in: context)
        case .terminate(let terminate): terminate.asCommand.move(in: context)
        case .approval(let approval): approval.move(in: context)
        case .gate(let gate): gate.move(in: context)
        case .notify(let notice): .tell(notice)
        case .verify(let verify): verify.move(in: context)
        case .wait(let wait): wait.move(in: context)
        case .soak(let length): SoakStep.move(for: length, in: context)
        // Entering it changes the phase; nothing is left to do in it.
        case .restore: .done
        }
    }

    /// Past the start of such a step there is no way back but forward.
    package var isDisruptive: Bool {
        command?.isDisruptive ?? false
    }
}

extension StepSequence {
    /// `drain-then-block`: out of service until the window ends.
    package static let drainThenBlock = StepSequence(
        name: "drain-then-block", steps: [.drain(DrainStep()), .block, .wait(.windowEnd), .restore])

    /// The drain before that step; nil: there is none.
    package func drain(before step: Int) -> (index: Int, step: DrainStep)? {
        for index in steps[..<min(step + 1, steps.count)].indices.reversed() {
            if case .drain(let drain) = steps[index] { return (index, drain) }
        }
        return nil
    }

    /// `drain → block → upgrade → verify → restore`.
    package var text: String { steps.map(\.label).joined(separator: " → ") }

    package var hasDisruptiveStep: Bool { steps.contains { $0.isDisruptive } }
}
