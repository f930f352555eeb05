import NIOCore
import Primitives
import Scheduling

/// Records, and what must not happen before they are durable.
private struct Batch {
    var records: [Record] = []
    var effects: [Effect] = []
    /// Who waits to hear that it is so.
    var told: [@Sendable ([String]) -> Void] = []

    var isEmpty: Bool { records.isEmpty && effects.isEmpty && told.isEmpty }
}

/// The state of one run of the control loop.
struct Pump<Brain: Decider> {
    private let loop: ControlLoop
    private let mailbox: Mailbox<ControlLoop.Signal>
    private var decider: Brain

    private var reads: ReadQueue
    /// Sends and calls that stopping waits for.
    private var underWay = 0
    private var isStopping = false
    private var isStopLimitReached = false
    /// Who waits for an answer, by ticket.
    private var callers: [Int: ControlLoop.Caller] = [:]
    private var lastTicket = 0

    /// What was decided since the last batch went to the journal, and the batch that is there.
    private var decided = Batch()
    private var atJournal: Batch?
    /// What waits to be decided about because the journal is too far behind.
    private var heldUp: [ControlLoop.Signal] = []

    /// What is told of the records.
    private var narration: Narration

    private let timers: any EventLoop
    private var alarm: Scheduled<Void>?
    private var alarmAt: Uptime?
    private var reportedAt: Uptime?
    private var isReportAwaited = false

    init(loop: ControlLoop, mailbox: Mailbox<ControlLoop.Signal>, decider: Brain) {
        self.loop = loop
        self.mailbox = mailbox
        self.decider = decider
        narration = Narration(after: decider.ledger)
        timers = loop.client.eventLoop
        reads = ReadQueue(
            modeLimit: loop.limits.modeReads, wholeLimit: loop.limits.reads, began: HostClock.now().uptime)
    }

    /// Whether everything that stopping waits for is done.
    var isOver: Bool { isStopping && atJournal == nil && (underWay == 0 || isStopLimitReached) }

    /// Nobody waits for an answer that does not come.
    mutating func end(_ result: Result<Void, LoopFailure>) {
        alarm?.cancel()
        loop.writer.end()
        var refusal = ControlLoop.isStopping
        if case .failure(let failure) = result { refusal.message = "\(failure)" }
        for line in decider.ledger.leftShut { loop.log(line, .warn) }
        for ticket in callers.keys.sorted() { callers[ticket]?(.failure(refusal)) }
        callers = [:]
        for told in decided.told + (atJournal?.told ?? []) { told([refusal.message]) }
        for signal in heldUp + mailbox.close() {
            switch signal {
            case .pulled(_, let caller): caller(.failure(refusal))
            case .asked(_, let asker): asker(.failure(refusal))
            case .policies(_, _, let loading): loading.told([refusal.message])
            default: break
            }
        }
    }

    /// Handles all signals, begins the reads that they ask for, and hands their records to the journal. Everything else
    /// that they ask for waits until those and all earlier records are durable.
    mutating func process(_ signals: [ControlLoop.Signal], in group: inout DiscardingTaskGroup) throws(LoopFailure) {
        let pending = heldUp + signals
        heldUp = []
        for (place, signal) in pending.enumerated() {
            if case .appended(let result) = signal {
                do throws(LoopFailure) {
                    try noteDurable(result, in: &group)
                } catch {
                    // Whoever came behind it waits for an answer all the same: `end` has one.
                    heldUp += pending[(place + 1)...]
                    throw error
                }
            }
            if isBehind, signal.mayDecide {
                // There may be many hints.
                if !signal.isHint { heldUp.append(signal) }
                continue
            }
            guard let event = event(of: signal) else { continue }
            let known = decided.records.count
            for effect in decider.handle(event, at: HostClock.now()) {
                switch effect {
                case .append(let records): decided.records += records
                // Looking changes nothing: it waits for no disk.
                case .read, .askSeed, .measure: perform(effect, in: &group)
                case .send, .start, .stop, .recover, .answer: decided.effects.append(effect)
                }
            }
            // Whoever looks right after a start or a reload sees what is in force.
            if case .policiesLoaded = event { reportedAt = nil }
            if case .policiesLoaded(let set) = event, !decided.records[known...].contains(where: \.isPoliciesLoaded) {
                loop.log("policies \(set.digest.prefix(8)) read again: nothing has changed")
            }
        }
        if !isStopping { startReads(in: &group) }
        write(narration.late(at: HostClock.now()))
        handOver(in: &group)
        reportIfDue()
        arm()
    }

    /// Whether so much is decided that is not durable that nothing more is decided: a disk may hang for minutes.
    private var isBehind: Bool { decided.records.count >= loop.limits.undurable }

    /// One batch at a time: what is decided while one is at the journal goes there together.
    private mutating func handOver(in group: inout DiscardingTaskGroup) {
        guard atJournal == nil, !decided.isEmpty else { return }
        let batch = decided
        decided = Batch()
        guard !batch.records.isEmpty else { return performAll(batch, in: &group) }
        atJournal = batch
        let wall = HostClock.now().wall
        let ledger = loop.writer.wantsLedger(at: wall) ? decider.ledger : nil
        loop.writer.append(batch.records, ledger: ledger, at: wall) { [mailbox] in mailbox.post(.appended($0)) }
    }

    private mutating func noteDurable(
        _ result: Result<Void, JournalError>, in group: inout DiscardingTaskGroup
    ) throws(LoopFailure) {
        if case .failure(let error) = result { throw .journal(error) }
        guard let batch = atJournal else { return }
        atJournal = nil
        // First what is waited for: a log may be slow too.
        performAll(batch, in: &group)
        for lines in narration.lines(of: batch.records) { write(lines) }
    }

    private func write(_ lines: [Narration.Line]) {
        for line in lines { loop.log.add(line.text, line.severity, at: line.at) }
    }

    /// Whatever a stopping daemon does not perform is found by the next one, as after a crash right here.
    private mutating func performAll(_ batch: Batch, in group: inout DiscardingTaskGroup) {
        for told in batch.told { told([]) }
        // Whoever pulled a lever and looks sees what it did.
        if batch.effects.contains(where: \.isAnswer) { report(at: HostClock.now()) }
        for effect in batch.effects {
            if case .answer(let ticket, let answer) = effect {
                callers.removeValue(forKey: ticket)?(answer)
            } else if !isStopping {
                perform(effect, in: &group)
            }
        }
    }

    /// Accounts for what the signal says has ended; nil where there is nothing to decide about.
    private mutating func event(of signal: ControlLoop.Signal) -> Event? {
        switch signal {
        case .event(let event):
            return isStopping ? nil : event
        case .policies(let set, let settings, let loading):
            return load(set, settings, loading)
        case .refused(let refusal):
            loop.board.note(refusal)
            return nil
        case .readEnded(let scope, let event):
            reads.ended(scope)
            return isStopping ? nil : event
        case .sendEnded(let event):
            underWay -= 1
            return event
        case .callEnded(let event):
            underWay -= 1
            return event
        case .commandEnded(let event):
            return event
        case .appended:
            return nil
        case .pulled(let pull, let caller):
            guard !isStopping else {
                caller(.failure(ControlLoop.isStopping))
                return nil
            }
            lastTicket += 1
            callers[lastTicket] = caller
            return .pulled(pull, ticket: lastTicket)
        case .asked(let question, let asker):
            do throws(LeverRefusal) {
                asker(.success(try decider.answer(question, at: HostClock.now())))
            } catch {
                asker(.failure(error))
            }
            return nil
        case .alarm:
            alarm = nil
            alarmAt = nil
            return isStopping ? nil : .ticked
        case .report:
            isReportAwaited = false
            return nil
        case .stop:
            guard !isStopping else { return nil }
            isStopping = true
            let mailbox = mailbox
            timers.scheduleTask(in: .nanoseconds(loop.limits.stop.nanoseconds)) { mailbox.post(.stopLimit) }
            return nil
        case .stopLimit:
            isStopLimitReached = true
            return nil
        }
    }

    private mutating func load(_ set: PolicySet, _ settings: CallSettings, _ loading: ControlLoop.Loading) -> Event? {
        guard !isStopping else {
            loading.told([ControlLoop.isStopping.message])
            return nil
        }
        let objections =
            loading.isConfirmed
            ? []
            : decider.objections(to: set)
                + loop.client.losses(by: settings, kept: decider.ledger.foundInUse(at: HostClock.now().wall))
        guard !loading.isTrial else {
            loading.told(objections)
            return nil
        }
        guard use(set, settings, objections) else {
            loading.told(objections)
            return nil
        }
        decided.told.append(loading.told)
        return .policiesLoaded(set)
    }

    /// - Returns: whether the set may come into force.
    private func use(_ set: PolicySet, _ settings: CallSettings, _ objections: [String]) -> Bool {
        guard objections.isEmpty else {
            for objection in objections { loop.log("policies \(set.digest.prefix(8)) refused: \(objection)", .error) }
            loop.board.note(.init(at: HostClock.now().wall, digest: set.digest, reasons: objections))
            return false
        }
        let news = loop.client.news(of: settings)
        loop.client.use(settings)
        for change in news.changes { loop.log(change) }
        for fault in news.faults { loop.log(fault, .error) }
        loop.board.use(set)
        loop.log.use(DisplayZone(of: set))
        loop.board.note(nil)
        return true
    }

    private mutating func perform(_ effect: Effect, in group: inout DiscardingTaskGroup) {
        let mailbox = mailbox
        switch effect {
        case .append, .answer:
            break
        case .read(let node, let scope, at: let address):
            reads.add(NodeRead(node: node, scope: scope, address: address), at: HostClock.now().uptime)
        case .askSeed(let cluster, let seed):
            group.addTask(executorPreference: loop.client.executor) { [client = loop.client] in
                mailbox.post(.event(await client.ask(seed: seed, of: cluster)))
            }
        case .send(let change, to: let address):
            underWay += 1
            group.addTask(executorPreference: loop.client.executor) { [client = loop.client] in
                mailbox.post(.sendEnded(.answered(change.id, await client.change(change, to: address))))
            }
        case .start(let start):
            let isAwaited = !start.work.outlivesDaemon
            if isAwaited { underWay += 1 }
            loop.executor.expect(start.id)
            group.addTask { [executor = loop.executor] in
                let outcome = await executor.start(start)
                let event = outcome.map {
                    Event.commandEnded(start.id, $0, output: executor.lastOutput(of: start))
                }
                mailbox.post(isAwaited ? .callEnded(event) : .commandEnded(event))
            }
        case .stop(let id):
            group.addTask { [executor = loop.executor] in executor.stop(id) }
        case .recover(let start):
            group.addTask { [executor = loop.executor] in
                let outcome = await executor.recover(start)
                mailbox.post(
                    .commandEnded(outcome.map { .commandEnded(start.id, $0, output: executor.lastOutput(of: start)) }))
            }
        case .measure(let measurement):
            group.addTask { [executor = loop.executor] in
                mailbox.post(.event(.measured(measurement.id, await executor.measure(measurement))))
            }
        }
    }

    private mutating func startReads(in group: inout DiscardingTaskGroup) {
        let mailbox = mailbox
        let now = HostClock.now().uptime
        while let read = reads.next(at: now) {
            group.addTask(executorPreference: loop.client.executor) { [client = loop.client] in
                let end = await client.read(read.node, read.scope, at: read.address) { mailbox.post(.event($0)) }
                mailbox.post(.readEnded(read.scope, end))
            }
        }
    }

    /// A report costs a pass over all nodes: not one per event, but never later than the shortest time between two.
    private mutating func reportIfDue() {
        let now = HostClock.now()
        let pause = loop.board.isWatched ? loop.limits.report : loop.limits.unwatchedReport
        if let last = reportedAt, now.uptime < last + pause {
            guard !isReportAwaited else { return }
            isReportAwaited = true
            let mailbox = mailbox
            let rest = last + pause - now.uptime
            timers.scheduleTask(in: .nanoseconds(rest.nanoseconds)) { mailbox.post(.report) }
            return
        }
        report(at: now)
    }

    private mutating func report(at now: Moment) {
        reportedAt = now.uptime
        loop.board.show(decider.status(at: now))
    }

    /// Sets the timer to the next instant at which something is due; a timer that is set for it already stays.
    private mutating func arm() {
        guard !isStopping else {
            alarm?.cancel()
            return
        }
        let now = HostClock.now().uptime
        var due = now + loop.limits.sleep
        if let wake = decider.nextWake { due = min(due, wake) }
        if reads.isHeldBack(at: now) { due = min(due, now + ReadQueue.growthPause) }
        // Something overdue right after it was handled: a pause, so that a fault there cannot take the whole machine.
        due = max(due, now + .milliseconds(1))
        if let set = alarmAt, set <= due { return }
        alarm?.cancel()
        alarmAt = due
        let mailbox = mailbox
        alarm = timers.scheduleTask(in: .nanoseconds((due - now).nanoseconds)) { mailbox.post(.alarm) }
    }
}

extension Effect {
    fileprivate var isAnswer: Bool { if case .answer = self { true } else { false } }
}
