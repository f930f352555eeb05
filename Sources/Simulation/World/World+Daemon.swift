import ModeCore
import Primitives
import Scheduling

/// The daemon's process: the loop that hands events in and performs effects, its crashes and its recovery.
extension World {
    mutating func startDaemon(wallOff: Duration) {
        if wallOff != .zero { clock.jump(by: wallOff) }
        process += 1
        // The timer of the process before died with it.
        wakeAt = nil
        controller = Controller(ledger: Ledger(folding: journal))
        checkAnswered()
        say("daemon \(process) starts, boot \(clock.boot)")
        undisturb()
        oracle.noteDaemon(at: now, moment: moment)
        post(.started(boot: "boot-\(clock.boot)", isObserving: scenario.isObserving))
        if !isDirectoryBroken { loadDirectory() }
    }

    mutating func crash(away: Duration, reboots: Bool = false, wallOff: Duration = .zero) {
        guard controller != nil else { return }
        checkFold()
        die(away: away, reboots: reboots, wallOff: wallOff, "is killed")
    }

    private mutating func die(away: Duration, reboots: Bool = false, wallOff: Duration = .zero, _ how: String) {
        controller = nil
        mailbox = []
        halted = nil
        if stalledUntil != nil { undisturb() }
        stalledUntil = nil
        isFrozen = false
        crashes += 1
        disturb()
        say("daemon \(process) \(how)")
        if reboots {
            let number = now + away.nanoseconds
            clock.reboot(at: number)
            for place in commands.indices {
                guard case .running = commands[place].state else { continue }
                interrupt(place)
            }
        }
        insert(.daemonStarts(wallOff: wallOff), in: away)
    }

    func objects(to set: PolicySet) -> Bool { !(controller?.objections(to: set).isEmpty ?? true) }

    mutating func loadDirectory() {
        let set = directory.set
        guard !objects(to: set) else {
            marks.note("reload-refused")
            return say("policies refused")
        }
        post(.policiesLoaded(set))
    }

    mutating func tick() {
        wakeAt = nil
        post(.ticked)
    }

    mutating func post(_ event: Event) { deliver(Delivery(event: event, process: process)) }

    mutating func deliver(_ delivery: Delivery) {
        guard isAlive(delivery.process) else { return }
        guard stalledUntil == nil else { return mailbox.append(delivery) }
        handle(delivery)
    }

    /// The loop does nothing for so long; calls that are under way go on, unless the whole process is frozen.
    mutating func stall(for length: Duration, isFrozen: Bool) {
        guard controller != nil, stalledUntil == nil else { return }
        disturb()
        stalledUntil = now + length.nanoseconds
        self.isFrozen = isFrozen
        insert(.daemonGoesOn(process: process), in: length)
    }

    mutating func goOn(process: Int) {
        guard isAlive(process), let until = stalledUntil, until <= now else { return }
        stalledUntil = nil
        isFrozen = false
        undisturb()
        say("daemon \(process) goes on, \(mailbox.count) events waited")
        if let halted {
            self.halted = nil
            guard append(halted.records) else { return }
            guard perform(halted.effects) else { return }
            noteSeen(halted.seen)
        }
        let waiting = mailbox
        mailbox = []
        for (place, delivery) in waiting.enumerated() {
            guard isAlive(delivery.process) else { return }
            guard stalledUntil == nil else {
                mailbox = waiting[place...] + mailbox
                return
            }
            handle(delivery)
        }
        scheduleTick()
    }

    private mutating func handle(_ delivery: Delivery) {
        let moment = moment
        oracle.noteMoment(moment, at: now)
        var seen = delivery.seen
        if let sample = delivery.sample, !oracle.told[sample.node, default: ToldOfNode()].take(sample) {
            // An answer that is older than what is known says nothing.
            seen = nil
        }
        guard let effects = controller?.handle(delivery.event, at: moment) else { return }
        clock.sample = nil
        handled += 1
        if let text = oracle.rates.noteEvent(at: now) { oracle.violate(.rate, at: now, text) }
        if delivery.event == .ticked { ticks += 1 }
        var rest = effects[...]
        if case .append(let records)? = effects.first {
            rest = rest.dropFirst()
            if let length = nextAppendTakes {
                nextAppendTakes = nil
                halted = Halted(records: records, effects: rest, seen: seen)
                return stall(for: length, isFrozen: false)
            }
            guard append(records) else { return }
        }
        guard perform(rest) else { return }
        noteSeen(seen)
        scheduleTick()
        if effects.count > rest.count { seizeOccasions() }
    }

    private mutating func noteSeen(_ seen: SeenLayer?) {
        guard let seen, controller != nil else { return }
        oracle.truths[seen.place].ownership.noteSeen(seen.layer)
    }

    /// - Returns: false where the daemon died of it.
    private mutating func perform(_ effects: ArraySlice<Effect>) -> Bool {
        for (number, effect) in effects.enumerated() {
            perform(effect)
            if number == 0, crashes == 0, isDoomed(.amidEffects) {
                crash(away: .seconds(1))
                return false
            }
        }
        return true
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .append: break
        case .read(let node, let scope, let address):
            let call = ReadCall(node: node, scope: scope, address: address, begun: moment, process: process)
            if scope != .newAddress, let text = oracle.rates.noteRead(of: node, at: now) {
                oracle.violate(.rate, at: now, text)
            }
            insert(.readArrives(call), in: latency())
        case .send(let change, let address):
            let write = Oracle.Write(
                change: change, intendedAt: now, sentWall: clock.wall(at: now), foreignChanges: 0)
            let call = WriteCall(write: write, address: address, process: process)
            guard !isTooLate(change.notAfter) else { return answer(call, .notSent("too late"), in: .zero) }
            insert(.preReadArrives(call), in: latency())
        case .start(let start):
            commands.append(commandRun(start))
            insert(.commandBegins(start.id), in: .milliseconds(20))
        case .recover(let start):
            recover(start)
        case .askSeed(let cluster, let seed): ask(seed, of: cluster)
        case .measure(let measurement): measure(measurement)
        case .stop(let id): askToEnd(id)
        case .answer(let ticket, let answer): noteAnswer(ticket, answer)
        }
    }

    func isTooLate(_ notAfter: Moment) -> Bool { moment.uptime > notAfter.uptime }

    private func isDoomed(_ stage: CrashPoint.Stage) -> Bool {
        scenario.plan.crashAtAppend == CrashPoint(append: appends, stage: stage)
    }

    private mutating func append(_ records: [Record]) -> Bool {
        appends += 1
        if isDoomed(.before) {
            // The records are lost with the process, so its ledger is ahead of the journal.
            die(away: .seconds(1), "is killed before append \(appends)")
            return false
        }
        journal += records
        oracle.note(durable: records, at: now)
        for record in records {
            marks.note(record.fact)
            noteAsked(record.fact)
            if let text = record.text { say(text) }
        }
        if isDoomed(.after) {
            crash(away: .seconds(1))
            return false
        }
        return true
    }

    /// What the daemon finds in its state directory.
    private mutating func recover(_ start: CommandStart) {
        if start.isCall { return loseCall(start) }
        guard let place = commands.firstIndex(where: { $0.start.id == start.id }) else {
            // Its intent was durable, and the process died before it did anything.
            commands.append(commandRun(start))
            commands[commands.count - 1].state = .ended(.neverBegan)
            return post(in: .zero, .commandEnded(start.id, .neverBegan))
        }
        switch commands[place].state {
        case .ended(let outcome): post(in: .zero, .commandEnded(start.id, outcome))
        case .running:
            // It ended with the process that made the calls, and nobody can say how far it had come.
            if case .termination = start.work { return insert(.commandEnds(start.id, .interrupted), in: start.timeout) }
            marks.note("command-adopted")
        case .asked:
            // The claim on the command is taken: whoever was about to start it finds that and leaves.
            commands[place].state = .ended(.neverBegan)
            post(in: .zero, .commandEnded(start.id, .neverBegan))
        }
    }

    /// Whether a call was sent, and what it did, no later process knows. Whoever got it may be at it as long as it may take.
    private mutating func loseCall(_ start: CommandStart) {
        if let place = commands.firstIndex(where: { $0.start.id == start.id }) {
            if case .asked = commands[place].state { commands[place].state = .ended(.neverBegan) }
        } else {
            commands.append(commandRun(start))
            commands[commands.count - 1].state = .ended(.neverBegan)
        }
        marks.note("call-lost")
        let intendedAt = oracle.command(start.id)?.intendedAt ?? now
        let end = intendedAt + (start.timeout + .seconds(10)).nanoseconds
        post(in: .nanoseconds(max(0, min(end - now, start.timeout.nanoseconds))), .commandEnded(start.id, .interrupted))
    }

    mutating func post(in delay: Duration, _ event: Event) {
        insert(.deliver(Delivery(event: event, process: process)), in: delay)
    }

    private mutating func scheduleTick() {
        guard let wake = controller?.nextWake else { return }
        let delay = min(Duration.seconds(30), max(.milliseconds(1), wake - moment.uptime))
        let at = now + delay.nanoseconds
        // One tick under way is enough, if it comes no later.
        if let wakeAt, wakeAt > now, wakeAt <= at { return }
        wakeAt = at
        heap.insert(.tick(process: process), at: at)
    }

    mutating func checkFold() {
        // A ledger whose records wait for the journal is ahead of it.
        guard let controller, halted == nil else { return }
        if Ledger(folding: journal) != controller.ledger {
            oracle.violate(.fold, at: now, "the fold of \(journal.count) records is another ledger")
        }
    }

    /// Something is wrong that will be right again.
    mutating func disturb() {
        disturbances += 1
        calmSince = .max
    }

    mutating func undisturb() {
        disturbances = max(0, disturbances - 1)
        if disturbances == 0 { calmSince = now }
    }
}
