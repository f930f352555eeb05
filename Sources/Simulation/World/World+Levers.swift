import ModeCore
import Primitives
import Scheduling

/// Operators, who pull levers, and what they are answered.
extension World {
    mutating func pull(_ pull: LeverPull) -> Bool {
        guard controller != nil, stalledUntil == nil else { return false }
        tickets += 1
        post(in: .zero, .pulled(Pull(order(of: pull), by: pull.actor), ticket: tickets))
        return true
    }

    private func order(of pull: LeverPull) -> LeverOrder {
        var order = LeverOrder(action(of: pull.kind))
        order.reason = "because"
        let node = scenario.nodes[pull.node % scenario.nodes.count].name
        let policies = scenario.policies.policies
        let policy = policies.isEmpty ? "" : policies[pull.policy % policies.count].name
        switch pull.kind {
        case .hold: (order.node, order.length) = (node, pull.length)
        case .holdMode:
            (order.node, order.length) = (node, pull.length)
            order.mode = pull.policy % 2 == 0 ? .blockNewSession : .blockNewConnection
        case .keepOpen:
            (order.node, order.length, order.mode) = (node, pull.length, .normal)
            order.isForced = pull.policy % 2 == 0
        case .release: order.node = node
        case .releaseByForce: (order.node, order.isForced) = (node, true)
        case .releaseAll: order.isOfAll = true
        case .reserve: (order.nodes, order.length) = ([node], pull.length)
        case .pause: order.length = pull.length
        case .pauseRun: (order.run, order.length) = (policy, pull.length)
        case .pauseWithRestore: (order.givesBack, order.length) = (true, pull.length)
        case .resume, .resumeRun, .abort, .approve:
            if pull.kind != .resume { order.run = policy }
        case .resumeNode:
            // One that is held, where there is any.
            let held = oracle.mirror.holds.keys.sorted()
            order.node = held.isEmpty ? node : held[pull.node % held.count].description
        case .skip: (order.run, order.node) = (policy, node)
        case .retry:
            // The run that failed it, whichever that is.
            let failed = oracle.mirror.stays[oracle.id(pull.node % scenario.nodes.count)]?.run.text
            (order.run, order.node, order.isForced) = (failed ?? policy, node, pull.policy % 2 == 0)
        case .forceWindow: (order.run, order.ignored) = (policy, .window)
        case .forceExclusion: (order.run, order.ignored) = (policy, .exclusion)
        case .forceGate: (order.run, order.ignored) = (policy, .gate)
        case .start: order.policy = policy
        }
        return order
    }

    private func action(of kind: LeverPull.Kind) -> LeverOrder.Action {
        switch kind {
        case .hold, .holdMode, .keepOpen: .hold
        case .release, .releaseByForce, .releaseAll: .release
        case .reserve: .reserve
        case .pause, .pauseRun, .pauseWithRestore: .pause
        case .resume, .resumeRun, .resumeNode: .resume
        case .abort: .abort
        case .approve: .approve
        case .skip: .skip
        case .retry: .retry
        case .forceWindow, .forceExclusion, .forceGate: .force
        case .start: .start
        }
    }

    /// What is answered holds from then on: it is in the journal.
    mutating func noteAnswer(_ ticket: Int, _ answer: Result<LeverAnswer, LeverRefusal>) {
        switch answer {
        case .success(let answer):
            marks.note("lever-done-\(answer.action.rawValue)")
            lastAnswered = max(lastAnswered, answer.id)
            if !journal.contains(where: { $0.isPull(answer.id) }) {
                oracle.violate(.levers, at: now, "\(answer.action.rawValue) was answered and is not in the journal")
            }
        case .failure(let refusal): marks.note("lever-refused-\(refusal.code.rawValue)")
        }
    }

    /// A process that comes after one that answered knows what that answered.
    mutating func checkAnswered() {
        guard let controller, controller.ledger.lastPull < lastAnswered else { return }
        oracle.violate(.levers, at: now, "lever \(lastAnswered) was answered, and is forgotten")
    }
}

extension Record {
    fileprivate func isPull(_ id: Int) -> Bool {
        if case .leverPulled(let lever) = fact { lever.id == id } else { false }
    }
}
