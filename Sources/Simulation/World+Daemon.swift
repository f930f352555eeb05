import ModeCore
import Primitives
import Scheduling

/// The daemon's process: the loop that hands events in and performs effects, its crashes and its recovery.
extension World {
    mutating func startDaemon() {
        process += 1
        // The timer of the process before died with it.
        wakeAt = nil
        controller = Controller(ledger: Ledger(folding: journal))
        say("daemon \(process) starts")
        oracle.noteDaemon(at: now)
        handle(.started)
        handle(.policiesLoaded(scenario.policies))
    }

    mutating func crash(away: Duration) {
        guard controller != nil else { return }
        checkFold()
        controller = nil
        crashes += 1
        say("daemon \(process) is killed")
        insert(.daemonStarts, in: away)
    }

    mutating func handle(_ event: Event) {
        let moment = moment
        guard let effects = controller?.handle(event, at: moment) else { return }
        for effect in effects {
            guard perform(effect) else { return }
        }
        scheduleTick()
    }

    /// - Returns: false where the daemon died of it.
    private mutating func perform(_ effect: Effect) -> Bool {
        switch effect {
        case .append(let records):
            return append(records)
        case .read(let node):
            insert(.readArrives(node, begun: moment, process: process), in: latency())
        case .send(let change):
            insert(.preReadArrives(change, process: process), in: latency())
        case .start(let start):
            commands[start.id] = .asked
            starts[start.id] = start
            insert(.commandBegins(start), in: .milliseconds(20))
        case .recover(let start):
            recover(start)
        }
        return true
    }

    private mutating func append(_ records: [Record]) -> Bool {
        appends += 1
        let crashPoint = scenario.plan.crashAtAppend
        let isLast = crashPoint?.append == appends
        if isLast, crashPoint?.isDurable == false {
            // The records are lost with the process, so its ledger is ahead of the journal.
            controller = nil
            crashes += 1
            say("daemon \(process) is killed before append \(appends)")
            insert(.daemonStarts, in: .seconds(1))
            return false
        }
        journal += records
        oracle.note(durable: records, at: now)
        for record in records {
            if let text = record.text { say(text) }
        }
        if isLast {
            crash(away: .seconds(1))
            return false
        }
        return true
    }

    /// What the daemon finds in its state directory.
    private mutating func recover(_ start: CommandStart) {
        switch commands[start.id] {
        case .ended(let outcome): insert(.deliver(.commandEnded(start.id, outcome), process: process), in: .zero)
        case .running: break
        case .asked, nil:
            // The claim on the command is taken: whoever was about to start it finds that and leaves.
            commands[start.id] = .ended(.neverBegan)
            insert(.deliver(.commandEnded(start.id, .neverBegan), process: process), in: .zero)
        }
    }

    private mutating func scheduleTick() {
        guard let wake = controller?.nextWake else { return }
        let delay = min(Duration.seconds(30), max(.zero, wake - moment.uptime))
        let at = now + delay.nanoseconds
        // One tick under way is enough, if it comes no later.
        if let wakeAt, wakeAt > now, wakeAt <= at { return }
        wakeAt = at
        heap.insert(.tick(process: process), at: at)
    }

    func checkedLedger() -> (Ledger, Ledger)? {
        guard let controller else { return nil }
        return (Ledger(folding: journal), controller.ledger)
    }

    mutating func checkFold() {
        if let (folded, live) = checkedLedger(), folded != live {
            oracle.violate(.fold, at: now, "the fold of \(journal.count) records is another ledger")
        }
    }

    /// The faults are over and time has passed: nothing is open, nothing is left behind without a reason.
    mutating func checkRest() {
        guard let controller else {
            oracle.violate(.liveness, at: now, "no daemon runs")
            return
        }
        for (place, node) in policy.nodes.enumerated() {
            let id = NodeID(cluster: policy.name, name: node.name)
            let entry = controller.ledger.nodes[id] ?? NodeLedger()
            let mode = cluster[place].mode
            if entry.open != nil { oracle.violate(.liveness, at: now, "\(node.name): a change is still open") }
            if mode != .normal, oracle.truths[place].setter == .nagi, entry.holds.isEmpty,
                !controller.ledger.runs.contains(where: { run in
                    run.nodes.contains { $0.node == id && $0.phase.isInWork }
                })
            {
                oracle.violate(.liveness, at: now, "\(node.name) is left \(mode.rawValue)")
            }
        }
        let longest = Duration.hours(1) - .minutes(1)
        for run in controller.ledger.runs {
            if case .paused = run.phase { continue }
            for nodeRun in run.nodes where nodeRun.phase.isInWork && wall - nodeRun.since > longest {
                let text = "\(nodeRun.node.name) is \(nodeRun.phase.word) in \(run.id) for an hour"
                oracle.violate(.liveness, at: now, text)
            }
        }
        for status in controller.status(at: moment).clusters.flatMap(\.nodes) {
            guard let place = places[status.name], oracle.truths[place].setter == .nagi else { continue }
            if [.foreign, .faulted].contains(status.verdict.code) {
                let text = "\(status.name) is called \(status.verdict.code.rawValue): nagi set it"
                oracle.violate(.liveness, at: now, text)
            }
        }
    }
}
