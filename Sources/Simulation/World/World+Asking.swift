import ModeCore
import Primitives
import Scheduling

/// What nagi asks of others than the nodes: people, who say that something may go on, and measurements.
extension World {
    /// Somebody is asked, and takes a while to answer.
    mutating func noteAsked(_ fact: Fact) {
        switch fact {
        case .approvalChanged(let run, .awaited(let clock)) where clock.isRunning: ask(about: run)
        case .partChanged(let run, _, let part, _, _):
            let policy = oracle.mirror.run(run)?.policy
            if policy?.schedule.startOnlyIf == .fits, part.phase.claim != nil { marks.note("start-fits") }
            guard let work = part.phase.work, work.approval == nil,
                case .approval? = policy?.sequence.steps[work.step]
            else { return }
            ask(about: run)
        case .runPromoted(let run) where oracle.mirror.run(run)?.policy.strategy.canary?.promote == .manual:
            marks.note("promoted-by-a-word")
        // What somebody had said to the process before may not have been heard.
        case .daemonStarted:
            for run in oracle.mirror.runs { ask(about: run.run.id) }
        // The first of its nodes are good, and the others wait for a word.
        case .runWaits(let run, .waitingApproval?): ask(about: run)
        default: break
        }
    }

    private mutating func ask(about run: RunID) {
        guard let delay = scenario.asking.approvesAfter, asked.insert(run).inserted else { return }
        insert(.approves(run), in: delay)
    }

    mutating func approve(_ run: RunID) {
        guard controller != nil, stalledUntil == nil else { return insert(.approves(run), in: .minutes(1)) }
        asked.remove(run)
        marks.note("approved")
        tickets += 1
        var order = LeverOrder(.approve)
        order.run = run.text
        post(in: .zero, .pulled(Pull(order, by: "boss"), ticket: tickets))
    }

    /// What a gate says stays the same for a while; some measurements are lost.
    mutating func measure(_ measurement: Measurement) {
        oracle.measuredAt[measurement.node] = now
        let slot = now / World.gateSlot.nanoseconds
        var random = RandomStream(seed: scenario.seed, label: "gate \(measurement.node) \(slot)")
        let result: GateResult =
            switch random.unit() {
            case ..<scenario.asking.bad: .fail("7")
            case ..<(scenario.asking.bad + scenario.asking.unknown): .unknown("no data")
            default: .pass("1")
            }
        marks.note("gate-\(result.word)")
        marks.note("gate-asks-\(caseName(of: measurement.probe))")
        if scenario.asking.lost > 0, network.chance(scenario.asking.lost) {
            marks.note("gate-lost")
            return
        }
        post(in: latency(), .measured(measurement.id, result))
    }

    private static let gateSlot = Duration.minutes(5)
}
