import ModeCore
import Primitives
import Scheduling
import Testing

/// A controller in a scriptable world. The tests tell it deeds and ask it questions; whatever they need of the
/// controller's own types stands in this file and in `RigPolicies`.
///
/// A value: a copy is another course of the same story, so that a test can try every instant for a deed.
struct Rig {
    /// What is on its way between the daemon and the world. A process that is gone hears and does nothing.
    private enum Happening {
        case deliver(Event, process: Int)
        case serve(NodeID, ReadScope, host: String, begun: Moment, process: Int)
        case readBeforeWrite(ModeChange, host: String, process: Int)
        case write(ModeChange, node: String, reading: ObservedMode, process: Int)
        case applies(ModeChange, node: String)
        case commandEnds(CommandID)
        case perform([Effect], process: Int)
        case goesOn(process: Int)
        case starts(process: Int)
    }

    private struct Command {
        var start: CommandStart
        var begunAt: Int64
        var callsLive: Int
        /// What its script makes of it.
        var ending: CommandOutcome
        var outcome: CommandOutcome?
    }

    var world: RigWorld
    private var controller: Controller?
    private(set) var journal: [Record] = []
    private var policies: RigPolicies
    private var queue = RigQueue<Happening>()
    private var process = 0
    /// Events that wait for the loop, which is busy until then.
    private var mailbox: [Event] = []
    private var stalledUntil: Int64?
    private var nextAppendTakes: Duration?
    private var alarm: Int64?
    private var commands: [CommandID: Command] = [:]
    private var scripts: [String: [RigCommand]] = [:]
    private var received: [String: [Send]] = [:]
    /// By host, both ways: the node that stands there, where that is another than its name says.
    private var exchanged: [String: String] = [:]
    /// The host under which lists have a node that answers under its name, too.
    var spells: [String: String] = [:]
    /// Nodes whose own lists have themselves at an address that is nobody's.
    var saysElsewhere: Set<String> = []

    /// How long a call takes, there and back.
    var latency = Duration.milliseconds(4)
    /// By node name.
    private(set) var mostCommandsAtOnce: [String: Int] = [:]
    /// The reload was refused.
    private(set) var isReloadRefused = false
    /// What became of the levers, by their tickets.
    private var answers: [Int: Result<LeverAnswer, LeverRefusal>] = [:]

    /// A ChangeMode that a node received.
    struct Send: CustomStringConvertible {
        var at: Int64
        var mode: NodeMode
        var description: String { "\(RigTime.text(at)) \(mode.rawValue)" }
    }

    /// - Parameters:
    ///   - start: the time of the first day at which the daemon is started for the first time.
    ///   - others: members of the cluster that the policies do not list, yet.
    ///   - temporary: which of all are temporary nodes.
    ///   - isClustered: what the nodes really are, where the policies say otherwise.
    init(
        _ policies: RigPolicies, at start: String = "00:00", others: [String] = [], temporary: Set<String> = [],
        isClustered: Bool? = nil
    ) {
        self.policies = policies
        let names = Set(policies.nodes.map(policies.host) + others)
        world = RigWorld(
            nodes: names.sorted(), temporary: temporary, isClustered: isClustered ?? policies.isClustered,
            at: RigTime.parsed(start))
        startDaemon()
    }
}

/// Deeds to the daemon.
extension Rig {
    /// What the commands on the node do, one after another; the last of them from then on.
    mutating func commands(on node: String, _ scripts: RigCommand...) { self.scripts[node] = scripts }

    /// The loop is busy for so long: whatever arrives is handled afterwards, in the order of arrival.
    mutating func stall(for length: Duration) {
        world.say("the loop stalls for \(length)")
        let end = world.elapsed + length.inNanoseconds
        stalledUntil = end
        queue.insert(.goesOn(process: process), at: end)
    }

    /// The next record takes so long to become durable; what was decided with it is performed afterwards.
    mutating func stallNextAppend(for length: Duration) { nextAppendTakes = length }

    /// kill -9. The next process starts after so long, with the journal and the policies only.
    mutating func crash(for length: Duration = .zero) {
        world.say("the daemon dies")
        process += 1
        controller = nil
        mailbox = []
        stalledUntil = nil
        alarm = nil
        if length == .zero {
            startDaemon()
        } else {
            queue.insert(.starts(process: process), at: world.elapsed + length.inNanoseconds)
        }
    }

    /// The machine of the daemon is off for so long. Its commands die with it, and the uptime begins anew.
    mutating func reboot(for length: Duration) {
        crash(for: length)
        world.bootedAt = world.elapsed + length.inNanoseconds - Duration.seconds(20).inNanoseconds
        for id in commands.keys.sorted() where commands[id]?.outcome == nil { end(id, as: .interrupted) }
    }

    mutating func wallJumps(by length: Duration) {
        world.say("the wall clock jumps by \(length)")
        world.wallOffset = world.wallOffset + length
    }

    /// From now on each of two nodes has the address that the other had.
    mutating func exchange(_ node: String, _ other: String) {
        world.say("\(node) and \(other) exchange addresses")
        (exchanged[node], exchanged[other]) = exchanged[node] == nil ? (other, node) : (nil, nil)
    }

    /// A webhook of the node comes in, or one that says so.
    mutating func hint(_ node: String) { deliver(.hinted(NodeID(cluster: RigPolicies.cluster, name: node))) }

    /// The daemon notices that time has passed.
    mutating func tick() { deliver(.ticked) }

    mutating func reload(_ policies: RigPolicies) {
        world.say("reload")
        isReloadRefused = !(controller?.objections(to: policies.set).isEmpty ?? true)
        guard !isReloadRefused else { return world.say("refused") }
        self.policies = policies
        deliver(.policiesLoaded(policies.set))
    }

    /// Somebody (`ann`) pulls a lever.
    @discardableResult
    mutating func pull(
        _ action: LeverOrder.Action, _ set: (inout LeverOrder) -> Void = { _ in }
    ) -> Result<LeverAnswer, LeverRefusal> {
        var order = LeverOrder(action)
        set(&order)
        let ticket = answers.count + 1
        deliver(.pulled(Pull(order, by: "ann"), ticket: ticket))
        return answers[ticket] ?? .failure(LeverRefusal(.unavailable, "nobody answered"))
    }

    mutating func advance(_ length: Duration) { advance(toInstant: world.elapsed + length.inNanoseconds) }

    /// Until the wall clock shows that time of that day, counted from the first.
    mutating func advance(to time: String, day: Int = 0) {
        let wall = RigWorld.midnight + RigTime.parsed(time, day: day)
        advance(toInstant: world.elapsed + (wall - world.now.wall).inNanoseconds)
    }

    /// Until the condition holds.
    mutating func advance(until isTrue: (Rig) -> Bool, atMost length: Duration) throws(Impatience) {
        let end = world.elapsed + length.inNanoseconds
        while !isTrue(self) {
            guard step(notAfter: end) else {
                throw Impatience(description: "in vain for \(length):\n\(self)")
            }
        }
    }

    struct Impatience: Error, CustomStringConvertible {
        var description: String
    }
}

/// Questions to the daemon.
extension Rig {
    /// Every ChangeMode that the node received, in order.
    func sends(_ node: String) -> [Send] { received[node] ?? [] }

    /// Commands that act on a node of that name.
    func commandsRunning(_ node: String) -> Int {
        commands.values.count { $0.start.node.name == node && $0.outcome == nil }
    }

    func commandsBegun(_ node: String, since: Int64 = .min) -> Int {
        commands.values.count { $0.start.node.name == node && $0.begunAt >= since }
    }

    /// The most calls that were live on the node as a command began.
    func callsLiveAtBegin(_ node: String) -> Int {
        commands.values.filter { $0.start.node.name == node }.map(\.callsLive).max() ?? 0
    }

    var recordCount: Int { journal.count }

    /// Code, text and end of what is going on with the node.
    struct Verdict: CustomStringConvertible {
        var code: String
        var text: String
        /// So long from now.
        var left: Duration?
        var description: String { "\(code): \(text)" }
    }

    func verdict(_ node: String) -> Verdict {
        let now = world.now
        guard let verdict = status?.clusters.flatMap(\.nodes).first(where: { $0.name == node })?.verdict else {
            return Verdict(code: "none", text: "the status does not know \(node)")
        }
        return Verdict(
            code: verdict.code.rawValue, text: verdict.text, left: verdict.until.map { $0 - now.wall })
    }

    /// One node's part in a run: its phase or, once it is finished, its result.
    struct Part: Hashable {
        var node: String
        var word: String
        var step: String?
        var error: String?
    }

    struct RunState: Hashable {
        var id: String
        /// `active`, `paused`, `ending`, or how it ended.
        var word: String
        var text: String
        var parts: [Part]
        var isOver: Bool
    }

    /// The latest last.
    var runs: [RunState] {
        (status?.runs ?? []).map { run in
            RunState(
                id: run.id, word: run.phase, text: run.text,
                parts: run.parts.map { Part(node: $0.name, word: $0.phase, step: $0.step, error: $0.error) },
                isOver: run.endedAt != nil)
        }
    }

    /// Of the latest run that has the node.
    func part(_ node: String) -> Part? {
        runs.last { $0.parts.contains { $0.node == node } }?.parts.first { $0.node == node }
    }

    func phase(_ node: String) -> String { part(node)?.word ?? "none" }

    /// Code and text.
    var alarms: [String] { (status?.alarms ?? []).map { "\($0.key.code.rawValue): \($0.text)" } }

    /// The journal's text of something that happened.
    func told(_ text: String) -> Bool { timesTold(text) > 0 }

    func hasHeard(_ text: String) -> Bool { journal.contains { $0.text?.contains(text) ?? false } }

    func timesTold(_ text: String) -> Int { journal.count { $0.text == text } }

    var status: StatusReport? { controller?.status(at: world.now) }

    func answer(_ question: Question) throws -> QuestionAnswer {
        guard let controller else { throw Impatience(description: "there is no daemon") }
        return try controller.answer(question, at: world.now)
    }
}

extension Rig: CustomStringConvertible {
    /// The story so far, its latest lines only.
    var description: String {
        let nodes = world.nodes.keys.sorted().map {
            "\($0): \(mode($0)?.rawValue ?? "stopped") [\(verdict($0))] \(phase($0))"
        }
        return
            (Array(world.lines.suffix(60)) + ["\(RigTime.text(world.elapsed)) now"] + nodes
            + runs.map { "\($0.id) \($0.word)" })
            .joined(separator: "\n")
    }
}

/// The daemon's loop.
extension Rig {
    private mutating func startDaemon() {
        controller = Controller(ledger: Ledger(folding: journal))
        handle([.started(boot: "boot-\(world.bootedAt)"), .policiesLoaded(policies.set)])
    }

    private mutating func advance(toInstant end: Int64) {
        while step(notAfter: end) {}
    }

    /// The next thing that happens; false: nothing until then, and it is then.
    private mutating func step(notAfter end: Int64) -> Bool {
        let next = min(world.timers.next ?? .max, queue.next ?? .max, alarm ?? .max)
        guard next <= end else {
            _ = world.pass(to: end)
            return false
        }
        if world.pass(to: next) { return true }
        if let due = queue.next, due <= world.elapsed {
            happen(queue.popFirst())
        } else if let due = alarm, due <= world.elapsed {
            alarm = nil
            deliver(.ticked)
        }
        return true
    }

    private mutating func happen(_ happening: Happening) {
        switch happening {
        case .deliver(let event, let number): if number == process { deliver(event) }
        case .serve(let node, let scope, let host, let begun, let number):
            serve(node, scope, host, begun: begun, process: number)
        case .readBeforeWrite(let change, let host, let number):
            if number == process { readBeforeWrite(change, host) }
        case .write(let change, let node, let mode, let number): write(change, to: node, reading: mode, process: number)
        case .applies(let change, let node): apply(change, to: node)
        case .commandEnds(let id): end(id, as: nil)
        case .perform(let effects, let number): if number == process { effects.forEach { perform($0) } }
        case .goesOn(let number):
            guard number == process, let until = stalledUntil, until <= world.elapsed else { return }
            stalledUntil = nil
            let events = mailbox
            mailbox = []
            handle(events)
        case .starts(let number): if number == process { startDaemon() }
        }
    }

    private mutating func deliver(_ event: Event) {
        guard controller != nil else { return }
        if stalledUntil != nil { mailbox.append(event) } else { handle([event]) }
    }

    /// As the pump does: all events, then their records, then what they ask for.
    private mutating func handle(_ events: [Event]) {
        var effects: [Effect] = []
        for event in events { effects += controller?.handle(event, at: world.now) ?? [] }
        var isSlow = false
        for case .append(let records) in effects {
            journal += records
            for record in records { if let text = record.text { world.say("    \(text)") } }
            isSlow = true
        }
        if isSlow, let length = nextAppendTakes {
            nextAppendTakes = nil
            queue.insert(.perform(effects, process: process), at: world.elapsed + length.inNanoseconds)
            stall(for: length)
        } else {
            for effect in effects { perform(effect) }
        }
        let wake = controller?.nextWake.map { max(.milliseconds(1), $0 - world.now.uptime) } ?? .seconds(30)
        alarm = world.elapsed + min(wake, .seconds(30)).inNanoseconds
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .append: break
        case .read(let node, let scope, let address):
            queue.insert(.serve(node, scope, host: machine(at: address), begun: world.now, process: process), at: soon)
        case .send(let change, let address):
            guard world.now.uptime <= change.notAfter.uptime else { return tooLate(change) }
            queue.insert(.readBeforeWrite(change, host: machine(at: address), process: process), at: soon)
        case .start(let start):
            guard world.now.uptime <= start.notAfter.uptime else { return answer(.commandEnded(start.id, .neverBegan)) }
            begin(start)
        case .recover(let start):
            guard let command = commands[start.id] else { return answer(.commandEnded(start.id, .neverBegan)) }
            if let outcome = command.outcome { answer(.commandEnded(start.id, outcome)) }
        case .measure(let measurement): answer(.measured(measurement.id, .pass("1")))
        case .askSeed(let cluster, let seed):
            let host = machine(at: NodeAddress(api: seed, ready: nil))
            guard let node = world.nodes[host], node.isRunning, node.reach == .answers else {
                return answer(.seedAnswered(cluster: cluster, seed: seed, .failed(.unreachable("connection refused"))))
            }
            let members = world.list(seenBy: host)?.compactMap(member) ?? []
            answer(.seedAnswered(cluster: cluster, seed: seed, .members(members)))
        case .answer(let ticket, let result): answers[ticket] = result
        case .stop: break
        }
    }

    private func machine(at address: NodeAddress) -> String {
        let host = RigPolicies.host(at: address)
        return exchanged[host] ?? spells.first { $0.value == host }?.key ?? host
    }

    /// Half a call from now.
    private var soon: Int64 { world.elapsed + latency.inNanoseconds / 2 }

    private mutating func answer(_ event: Event, at instant: Int64? = nil) {
        queue.insert(.deliver(event, process: process), at: instant ?? soon)
    }
}

/// The mode API and the commands, between the daemon and the world.
extension Rig {
    private var timeout: Duration { .seconds(3) }

    private mutating func serve(
        _ id: NodeID, _ scope: ReadScope, _ host: String, begun: Moment, process number: Int
    ) {
        guard number == process else { return }
        let late = world.elapsed + timeout.inNanoseconds
        guard let node = world.nodes[host], node.isRunning, node.reach != .refuses else {
            return answer(.readFailed(id, scope, begun: begun, .unreachable("connection refused")))
        }
        guard node.reach != .hangs else {
            return answer(.readFailed(id, scope, begun: begun, .timedOut), at: late)
        }
        switch scope {
        case .mode: return answer(.modeSeen(id, .mode, begun: begun, .known(node.mode)))
        case .newAddress: return answer(.seenAtNewAddress(id, .known(node.mode)))
        case .whole: break
        }
        var seen = Observation(
            node: id, begun: begun, mode: .known(node.mode), ready: world.isReady(node.name))
        guard node.reach != .hangsAfterMode else {
            answer(.modeSeen(id, .whole, begun: begun, .known(node.mode)))
            return answer(.observed(seen), at: late)
        }
        seen.load = NodeLoad(
            ongoingConnections: node.connections, sessionsCreated: node.sessionsCreated,
            sessionsDestroyed: node.sessionsCreated - node.sessions, connectionsCreated: node.connectionsCreated,
            relays: node.relays)
        seen.version = NodeText(exactly: node.version)
        seen.members = world.list(seenBy: node.name)?.compactMap(member)
        if saysElsewhere.contains(node.name),
            let own = seen.members?.firstIndex(where: { $0.name.description == node.name })
        {
            seen.members?[own].api = .callable("http://nowhere:3000/")
        }
        answer(.observed(seen))
    }

    private func member(_ member: RigWorld.Member) -> ClusterMember? {
        NodeText(exactly: member.name).map { name in
            ClusterMember(
                name: name, isConnected: member.isConnected, mode: member.mode.map { .known($0) }, epoch: member.epoch,
                version: member.version.flatMap { NodeText(exactly: $0) }, isTemporary: member.isTemporary,
                api: policies.address(
                    ofMember: member.name,
                    on: exchanged[member.name] ?? spells[member.name] ?? policies.host(of: member.name),
                    isConnected: member.isConnected))
        }
    }

    private mutating func tooLate(_ change: ModeChange) {
        answer(.answered(change.id, ModeChangeAnswer(.notSent("too late"))))
    }

    private mutating func readBeforeWrite(_ change: ModeChange, _ name: String) {
        guard let node = world.nodes[name], node.isRunning, node.reach != .refuses else {
            return answer(.answered(change.id, ModeChangeAnswer(.notSent("refused"))))
        }
        guard node.reach != .hangs else {
            return answer(
                .answered(change.id, ModeChangeAnswer(.notSent("no answer"))), at: world.elapsed + timeout.inNanoseconds
            )
        }
        if let mode = node.setBeforeRead {
            world.change(name, \.setBeforeRead, nil)
            person(sets: mode, on: name)
        }
        let seen = ObservedMode.known(world.nodes[name]?.mode ?? .initial)
        if let mode = node.setAfterRead {
            world.change(name, \.setAfterRead, nil)
            person(sets: mode, on: name)
        }
        switch change.permission(reading: seen) {
        case .alreadyThere: answer(.answered(change.id, ModeChangeAnswer(.alreadyThere, read: seen)))
        case .decline: answer(.answered(change.id, ModeChangeAnswer(.declined, read: seen)))
        case .send:
            guard world.now.uptime <= change.notAfter.uptime else { return tooLate(change) }
            queue.insert(
                .write(change, node: name, reading: seen, process: process), at: world.elapsed + latency.inNanoseconds)
        }
    }

    private mutating func write(
        _ change: ModeChange, to name: String, reading: ObservedMode, process number: Int
    ) {
        guard let node = world.nodes[name] else { return }
        let late = world.elapsed + timeout.inNanoseconds
        var (outcome, at): (ModeChangeAnswer.Outcome, Int64) = (.unknown("no answer in time"), late)
        switch node.isRunning ? node.writes : .noConnection {
        case .noConnection: (outcome, at) = (.notSent("no connection"), soon)
        case .rejected: (outcome, at) = (.rejected("403"), soon)
        case .lost: break
        case .late(let delay): queue.insert(.applies(change, node: name), at: world.elapsed + delay.inNanoseconds)
        case .answerLost: apply(change, to: name)
        case .applied:
            let isDone = node.mode != .initial
            apply(change, to: name)
            (outcome, at) = (isDone ? .accepted : .rejected("initial"), soon)
        }
        if number == process { answer(.answered(change.id, ModeChangeAnswer(outcome, read: reading)), at: at) }
    }

    private mutating func apply(_ change: ModeChange, to name: String) {
        guard let node = world.nodes[name], node.isRunning, node.mode != .initial else { return }
        world.say("\(name) receives \(change.target.rawValue)")
        received[name, default: []].append(Send(at: world.elapsed, mode: change.target.mode))
        world.set(change.target.mode, of: name)
    }

    private mutating func begin(_ start: CommandStart) {
        let name = start.node.name
        world.say("\(start.step) begins on \(name), \(world.nodes[name]?.sessions ?? 0) calls live")
        var script = start.step == "upgrade" ? RigCommand.upgrade : .idle
        if let own = scripts[name]?.first { script = own }
        if scripts[name]?.count ?? 0 > 1 { scripts[name]?.removeFirst() }
        let length = script.end == .hangs ? start.timeout : min(script.lasts, start.timeout)
        let ending: CommandOutcome =
            switch script.end {
            case .cannotStart: .notStarted("no such file")
            case .fails: .exited(status: 1)
            case .succeeds, .hangs: length < start.timeout ? .exited(status: 0) : .timedOut
            }
        commands[start.id] = Command(
            start: start, begunAt: world.elapsed, callsLive: world.nodes[name]?.sessions ?? 0, ending: ending)
        mostCommandsAtOnce[name] = max(mostCommandsAtOnce[name] ?? 0, commandsRunning(name))
        queue.insert(
            .commandEnds(start.id), at: script.end == .cannotStart ? soon : world.elapsed + length.inNanoseconds)
        guard let after = script.stopsAfter, after < start.timeout, script.end != .cannotStart else { return }
        world.timers.insert(
            .stops(
                name, down: script.down, version: script.version ?? start.environment["NAGI_REVISION"],
                command: start.id.number), at: world.elapsed + after.inNanoseconds)
    }

    /// - Parameter outcome: nil: as its script says.
    private mutating func end(_ id: CommandID, as outcome: CommandOutcome?) {
        guard let command = commands[id], command.outcome == nil else { return }
        let outcome = outcome ?? command.ending
        world.say("\(command.start.step) on \(command.start.node.name) \(outcome)")
        commands[id]?.outcome = outcome
        if outcome == .interrupted {
            world.timers.removeAll { if case .stops(_, _, _, let number) = $0 { number == id.number } else { false } }
        } else if controller != nil {
            answer(.commandEnded(id, outcome))
        }
    }
}
