import Calendars
import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The whole product of situations: every phase and step of a part times every yes and no that it decides on. What must
/// hold is said as properties, not as expected values.
struct ProductTests {
    @Test func `no situation breaks a property`() {
        var product = Product()
        product.run()
        #expect(product.count > 100_000, "the product shrank: \(product.count)")
        #expect(product.broken.isEmpty, "of \(product.count):\n\(product.shown)")
    }
}

/// Counts through every combination of a few choices.
private struct Odometer: Sequence, IteratorProtocol {
    private let sizes: [Int]
    private var digits: [Int]?

    init(_ sizes: [Int]) {
        self.sizes = sizes
        digits = sizes.contains(0) ? nil : sizes.map { _ in 0 }
    }

    mutating func next() -> [Int]? {
        guard let current = digits else { return nil }
        var following = current
        var place = 0
        while place < sizes.count {
            following[place] += 1
            if following[place] < sizes[place] { break }
            following[place] = 0
            place += 1
        }
        digits = place == sizes.count ? nil : following
        return current
    }
}

private struct Product {
    private(set) var count = 0
    /// How often each property was broken, and the first situation that did it.
    private(set) var broken: [String: (count: Int, first: String)] = [:]

    static let start = Moment(wall: Timestamp(seconds: 1_800_000_000), uptime: Uptime(nanoseconds: 1_000_000_000_000))

    static let steps: [Step] = [
        .run(RunStep(name: "prefetch", command: ["/prefetch"])), .approval(Approval()),
        .gate(HealthGate(name: "errors", probe: .command(["/check"]))),
        .drain(DrainStep(deadline: .minutes(30), onDeadline: .terminate)), .block,
        .gate(HealthGate(name: "load", probe: .http(HTTPRequest(url: "http://a.example/"), HTTPExpectation()))),
        .http(HTTPStep(request: HTTPRequest(method: .post, url: "http://a.example/"))),
        .run(RunStep(name: "upgrade", command: ["/upgrade"], retries: 1, isDisruptive: true)),
        .http(
            HTTPStep(request: HTTPRequest(method: .put, url: "http://a.example/up"), retries: 1, isDisruptive: true)),
        .terminate(TerminateStep(reason: "r")), .verify(VerifyStep(connected: true, version: "{revision}")),
        .gate(
            HealthGate(
                name: "calm", probe: .prometheus(PrometheusQuery(url: "http://a.example/", query: "q", max: 1)))),
        .notify(NotifyStep(notification: "n", text: "t")), .wait(.duration(.minutes(5))), .wait(.windowEnd), .restore,
        .soak(.minutes(1)),
    ]

    private static func place(of word: String) -> Int { steps.firstIndex { $0.label == word } ?? steps.count }

    static let clearances: [Clearance] = [
        .open(until: nil), .closed(.init(cause: .outsideWindow, reopens: true)),
        .closed(.init(cause: .outsideWindow, reopens: false)),
        .closed(.init(cause: .excluded(by: "freeze", reason: nil), reopens: true)),
    ]

    static let runs: [(phase: RunPhase, pauses: [Pause])] = [
        (.active, []), (.active, [pause(givesBack: false)]), (.active, [pause(givesBack: true)]),
        (.ending(.windowEnded), []), (.ending(.superseded), []), (.ending(.aborted("a")), []),
    ]

    private static func pause(givesBack: Bool) -> Pause {
        Pause(.person, reason: "p", actor: "ann", since: Moment.start.wall, givesBack: givesBack)
    }

    static let programs: [CommandOutcome?] = [
        nil, .exited(status: 0), .exited(status: 1), .interrupted, .neverBegan, .notStarted("x"), .timedOut,
    ]
    static let calls: [CommandOutcome?] = [
        nil, .answered(status: 200, fault: nil), .answered(status: 500, fault: "x"), .interrupted, .neverBegan,
        .notStarted("x"), .noAnswer("x"),
    ]
    static let terminations: [CommandOutcome?] = [
        nil, .terminated(sessions: 2, left: 0), .terminated(sessions: 1, left: 1), .interrupted, .neverBegan,
        .notStarted("x"), .noAnswer("x"),
    ]

    /// What may become of what runs in each step.
    static let outcomes: [[CommandOutcome?]] = steps.map { step in
        switch step {
        case .http: calls
        case .drain, .terminate: terminations
        default: programs
        }
    }

    static func outcomes(of part: Part) -> [CommandOutcome?] { part.phase.work.map { outcomes[$0.step] } ?? programs }

    static let identities: [StepContext.Identity] = [.shown, .pending, .refuted, .notShowable]

    /// What the node shows: the claimed mode, a looser one, `initial`, nothing lately, nothing for long.
    enum Sight: Int, CaseIterable { case confirmed, looser, initial, unread, gone }

    /// Every part that is in work: phase, step, and whether a command runs.
    static var parts: [Part] {
        var parts: [Part] = []
        for (step, kind) in steps.enumerated() {
            for isCommitted in [false, true] {
                for hasCommand in [false, true] where !hasCommand || kind.mayRunCommand {
                    for mayDrop in [false, true] {
                        guard let phase = phase(step, isCommitted, hasCommand, mayDrop) else { continue }
                        parts += phase.answered(kind).map { part($0) }
                    }
                }
            }
        }
        let again = PartPhase.Returning(
            after: .end(.again(.whenClear)), since: start, command: CommandID(number: 1),
            timer: Countdown(.minutes(1), from: start))
        parts.append(part(.returning(PartPhase.Returning(after: .goOn(step: place(of: "restore")), since: start))))
        parts.append(part(.returning(again)))
        return parts
    }

    private static func part(_ phase: PartPhase) -> Part {
        var part = Part(node: NodeID(cluster: "c", name: "n"), since: start.wall)
        part.phase = phase
        return part
    }

    private static func phase(_ step: Int, _ isCommitted: Bool, _ hasCommand: Bool, _ mayDrop: Bool) -> PartPhase? {
        guard steps[step] != .restore else { return nil }
        let isBack = step > place(of: "restore")
        let claim = isBack ? nil : steps[...step].compactMap { $0.claim(relaying: false) }.max()
        var work = PartPhase.Work(step: step, since: start, claim: claim, isGranted: step >= place(of: "drain"))
        work.timer = steps[step].deadline().map { Countdown($0, from: start) }
        work.mayDropSessions = mayDrop
        if hasCommand {
            work.command = CommandID(number: 1)
            work.attempt = 1
            work.timer = Countdown(.minutes(17), from: start)
        }
        if isBack { return isCommitted || mayDrop ? nil : .soaking(work) }
        guard isCommitted else { return mayDrop && step <= place(of: "drain") ? nil : .out(work) }
        guard step >= place(of: "upgrade") else { return nil }
        return .committed(
            work, PartPhase.Commitment(incarnation: 0, version: "1", hasDisrupted: step > place(of: "upgrade")))
    }

    mutating func run() {
        for part in Product.parts {
            let step = part.phase.work.map { Product.steps[$0.step] }
            let isRun = step?.command != nil
            let hasCommand = part.phase.command != nil
            let isOut = part.phase.kind == .out
            let isCommitted = part.phase.kind == .committed
            let isWaitingToDisrupt = step?.isDisruptive == true && !hasCommand
            let isBack = part.phase.kind == .returning || part.phase.kind == .soaking
            let sizes = [
                Product.clearances.count, 2, Product.runs.count, 3, 1, isOut ? 2 : 1, isWaitingToDisrupt ? 3 : 1,
                Sight.allCases.count, 2, isBack ? 2 : 1, isOut ? 2 : 1,
                isOut ? Product.identities.count : isWaitingToDisrupt ? 2 : 1, isWaitingToDisrupt ? 3 : 2,
                isRun && !hasCommand ? 2 : 1, 2,
                hasCommand ? Product.outcomes(of: part).count : 1, isCommitted ? 2 : 1,
                // It may come to its drain.
                isOut && part.phase.claim == nil ? 2 : 1,
            ]
            for current in part.withLevers { for digits in Odometer(sizes) { check(current, digits) } }
            checkOrders(part)
        }
    }

    /// An operator's `release` and `skip`, as they are given: whatever else there is, the table alone says what they come to.
    private mutating func checkOrders(_ part: Part) {
        var sizes = Array(repeating: 1, count: 18)
        (sizes[0], sizes[1], sizes[2], sizes[3]) = (Product.clearances.count, 2, Product.runs.count, 3)
        (sizes[7], sizes[14]) = (Sight.allCases.count, 2)
        if part.phase.command != nil { sizes[15] = Product.outcomes(of: part).count }
        if part.phase.kind == .committed { sizes[16] = 2 }
        for digits in Odometer(sizes) {
            for (order, result) in [(Table.Happening.release, PartResult.released), (.skip, .skipped)] {
                count += 1
                var situation = Product.situation(part, digits)
                situation.order = Part.Order(happening: order, reason: "by ann")
                note(part.move(in: situation), ordered: result, of: part, in: situation)
            }
        }
    }

    private mutating func note(_ move: PartMove?, ordered result: PartResult, of part: Part, in s: PartSituation) {
        if move?.command != nil { fail("an order starts a command", part, s) }
        let runs = part.phase.command != nil && s.outcome == nil
        switch part.phase.kind {
        case .committed where runs:
            if move != nil {
                fail("an order is carried out while a command runs that is past its point of no return", part, s)
            }
        case .out where runs:
            guard case .returning(let returning)? = move?.part.phase, returning.after == .end(.finish(result)),
                returning.command == part.phase.command
            else { return fail("a part whose command runs is not \(result.rawValue) when that has ended", part, s) }
        case .out, .committed:
            if move?.part.phase != .finished(result) { fail("a part is not \(result.rawValue) at once", part, s) }
            // What is past its point of no return is shut until somebody has looked at it.
            let stay = part.phase.kind == .committed && result == .skipped ? part.phase.claim : nil
            if move?.stay != stay { fail("\(result.rawValue), another claim stays behind", part, s) }
        case .soaking where result == .released:
            if move?.part.phase != .finished(.released) { fail("a part that soaks is not released", part, s) }
        case .soaking, .returning:
            if move?.part.phase == .finished(result) { fail("\(result.rawValue) on its way back", part, s) }
        case .queued, .finished: break
        }
    }

    private mutating func check(_ part: Part, _ digits: [Int]) {
        count += 1
        let situation = Product.situation(part, digits)
        var current = part
        var outcome = situation.outcome
        // Applied until it rests: no situation may make a part go in circles.
        for round in 0... {
            var now = situation
            now.outcome = current.phase.command == nil ? nil : outcome
            guard let move = current.move(in: now) else {
                note(resting: current, in: now)
                return
            }
            note(move, from: current, in: now)
            var next = move.part
            if move.command != nil {
                next.phase = next.phase.with(command: CommandID(number: 2))
                outcome = nil
            }
            current = next
            if round > 16 {
                fail("goes in circles", current, now)
                return
            }
        }
    }

    private static func situation(_ part: Part, _ digits: [Int]) -> PartSituation {
        let isLate = digits[14] == 1
        let now = start + (isLate ? .hours(9) : .seconds(30))
        var readings = StepContext(now: now)
        let sight = Sight.allCases[digits[7]]
        switch sight {
        case .confirmed: readings.mode = .known(part.phase.claim?.mode ?? .normal)
        case .looser: readings.mode = part.phase.claim == nil ? .known(.blockNewSession) : .known(.normal)
        case .initial: readings.mode = .known(.initial)
        case .unread, .gone: readings.mode = nil
        }
        readings.isObservedSinceStep = sight == .confirmed || sight == .looser
        readings.version = "2"
        readings.revision = "2"
        readings.ready = true
        // Or it was, and not since the step began.
        readings.isDrained = digits[12] >= 1
        readings.isDrainedSinceStep = digits[12] == 1
        readings.isRefilled = digits[13] == 1 && digits[12] == 0
        readings.hasQuorum = digits[6] == 0
        readings.relays = digits[17] == 1
        readings.identity = identities[digits[11]]
        readings.isAnotherIncarnation = true
        readings.serviceFor = digits[12] == 1 ? .minutes(2) : nil
        var situation = PartSituation(
            now: now,
            sequence: StepSequence(name: "s", steps: steps, onFailure: digits[16] == 0 ? .stay : .restore),
            onWindowEnd: digits[1] == 0 ? .restore : .finish, readings: readings)
        situation.clearance = clearances[digits[0]]
        (situation.runPhase, situation.pauses) = runs[digits[2]]
        situation.isHeld = digits[3] == 1
        situation.isClockTrusted = digits[3] != 2
        situation.mustMakeRoomFor = digits[5] == 1 ? ["other"] : nil
        situation.isQuorumMissing = digits[6] == 2
        situation.isGone = sight == .gone
        situation.isIsolated = digits[8] == 1 || sight == .initial
        situation.hasFloor = digits[9] == 1
        situation.isYieldDue = digits[10] == 1
        situation.isSettled = part.phase.kind == .returning || part.phase.kind == .soaking
        situation.hasWaitedLong = isLate
        situation.outcome = outcomes(of: part)[digits[15]]
        situation.incarnation = 1
        situation.order = part.order
        return situation
    }

    private mutating func note(_ move: PartMove, from part: Part, in s: PartSituation) {
        let (before, after) = (part.phase, move.part.phase)
        if let command = move.command { note(start: command, from: part, in: s) }
        if part.order != nil, before.command != nil, s.outcome == nil, after.kind != before.kind,
            before.kind == .committed,
            s.now.wall - Product.start.wall < .hours(1)
        {
            fail("an order is carried out while the command runs", part, s)
        }
        if part.order != nil, s.outcome != nil, before.command != nil, after.claim != nil {
            fail("an order is forgotten when the command has ended", part, s)
        }
        if !part.exempt.isEmpty, let why = move.part.error, why != part.error,
            part.exempt.contains(.exclusion) && why.contains("freeze")
                || part.exempt.contains(.window) && why == "the window ended"
                || part.exempt.contains(.gate) && why.hasPrefix("gate ")
        {
            fail("what an operator exempts is given back", part, s)
        }
        if let from = before.work, let to = after.work, to.step > from.step { note(passed: from, by: part, in: s) }
        if let claim = before.claim, after.kind == .out || after.kind == .committed, after.claim ?? .normal < claim {
            fail("the claim is loosened before restore", part, s)
        }
        if s.readings.relays, before.claim == nil, let work = after.work, work.isGranted,
            Product.steps[work.step].word == "drain", work.claim != .blockNewConnection
        {
            fail("a drain by connections lets further people in", part, s)
        }
        if before.isFinished || before.isQueued { fail("moves though it is not in work", part, s) }
        if before.kind == .committed, after.kind == .queued { fail("a committed part is queued again", part, s) }
        if case .finished(let result) = after, before.kind == .committed,
            ![.failed, .held, .ended, .done].contains(result), part.order == nil || result != .released
        {
            fail("a committed part ends \(result.rawValue)", part, s)
        }
        if case .committed(_, let commitment) = before, after.kind == .out,
            commitment.hasDisrupted || (s.outcome?.hasRun ?? true)
        {
            fail("what has run on a node is taken for undone", part, s)
        }
        if move.stay != nil, before.kind != .committed { fail("a claim stays behind before commitment", part, s) }
        if move.stay != nil, move.stay != before.claim { fail("another claim stays behind", part, s) }
        if before.command != nil, s.outcome == nil, after.command == nil, s.now.wall - Product.start.wall < .hours(1) {
            fail("a running command is forgotten", part, s)
        }
        let isLost = s.isGone || s.isIsolated || s.readings.mode?.requestable == nil
        if isLost, let from = before.work, from.isGranted, let to = after.work, before.kind == after.kind,
            to.step > from.step,
            s.outcome == nil, Product.steps[from.step].takesTheNode(isCutOff: s.isGone || s.isIsolated)
        {
            fail("a node that is cut off makes progress", part, s)
        }
    }

    private mutating func note(passed work: PartPhase.Work, by part: Part, in s: PartSituation) {
        switch Product.steps[work.step] {
        case .approval where work.approval == nil: fail("goes past an approval that nobody gave", part, s)
        case .gate(let gate) where !part.exempt.contains(.gate) && gate.standing(of: work.gate) != .pass:
            fail("goes past a gate that is not good", part, s)
        default: break
        }
    }

    private mutating func note(start command: Command, from part: Part, in s: PartSituation) {
        if part.phase.command != nil { fail("a command starts beside another", part, s) }
        if !s.pauses.isEmpty { fail("a command starts while paused", part, s) }
        if s.isHeld { fail("a command starts under a hold", part, s) }
        if !s.isClockTrusted { fail("a command starts while the clock is not trusted", part, s) }
        if case .closed(let closure) = s.clearance, part.phase.kind != .committed,
            !part.exempt.contains(closure.isExclusion ? .exclusion : .window)
        {
            if closure.isExclusion { fail("a command starts inside an exclusion", part, s) }
            if s.onWindowEnd == .restore { fail("a command starts outside the window", part, s) }
        }
        guard command.isDisruptive else { return }
        let mode = s.readings.mode?.requestable
        if mode.map({ $0 < .blockNewConnection }) ?? true { fail("disrupts without a confirmed block", part, s) }
        if !s.readings.isDrainedSinceStep, part.phase.work?.mayDropSessions != true {
            fail("disrupts without evidence since its step", part, s)
        }
        if !s.readings.hasQuorum { fail("disrupts without quorum", part, s) }
        if s.isIsolated || s.isGone { fail("disrupts a node that is cut off", part, s) }
        if s.readings.identity == .pending || s.readings.identity == .refuted {
            fail("disrupts a node that was not shown", part, s)
        }
    }

    /// What rests has a deadline, or waits for something with a name.
    private mutating func note(resting part: Part, in s: PartSituation) {
        guard part.phase.isInWork else { return }
        if let timer = part.phase.timer {
            // Before its first `drain` or `block` it waits like one that is queued.
            let isQueued = part.phase.work?.isGranted == false
            let mayStand = s.isHeld || !s.pauses.isEmpty || !s.isClockTrusted || s.doesNothingAnswer || isQueued
            if !timer.isRunning, !mayStand, part.phase.command == nil {
                fail("its deadline stands for no reason", part, s)
            }
            return
        }
        if case .returning = part.phase { return }
        // Before its first `drain` or `block` it waits like one that is queued.
        if let work = part.phase.work, !work.isGranted, work.command == nil { return }
        // Without a slot it waits for the node to be seen by the others again.
        let isCutOff = s.isIsolated || s.isGone || s.readings.mode?.requestable == nil
        guard part.wait(in: s) != nil || s.isHeld || !s.pauses.isEmpty || !s.isClockTrusted || isCutOff else {
            return fail("rests without a deadline and a name", part, s)
        }
    }

    private mutating func fail(_ property: String, _ part: Part, _ s: PartSituation) {
        if broken[property] == nil {
            let text = "\(part.phase)\n  \(s.clearance) \(s.onWindowEnd) \(s.runPhase) \(s.pauses)\n  \(s.readings)"
            let more = "held \(s.isHeld) clock \(s.isClockTrusted) gone \(s.isGone) isolated \(s.isIsolated)"
            broken[property] = (0, "\(text)\n  \(more) outcome \(String(describing: s.outcome))")
        }
        broken[property]?.count += 1
    }

    var shown: String {
        broken.sorted { $0.key < $1.key }.map { "\($0.key), \($0.value.count) times, first: \($0.value.first)" }
            .joined(separator: "\n")
    }
}

extension Step {
    fileprivate var mayRunCommand: Bool { if case .drain = self { true } else { command != nil } }

    /// Past it goes only who was read. What a gate said needs no read of the node, unless nobody knows how that is for longer.
    fileprivate func takesTheNode(isCutOff: Bool) -> Bool {
        switch self {
        case .gate: isCutOff
        case .notify: false
        default: !isOrderedWait
        }
    }
}

extension PartPhase {
    /// As it is, and with every answer that it may have had to what its step asks.
    fileprivate func answered(_ step: Step) -> [PartPhase] {
        var phases = [self]
        switch step {
        case .approval:
            var approved = self
            approved.change {
                $0.approval = GivenApproval(actor: "ann", reason: "r", at: Timestamp(seconds: 1_800_000_000))
            }
            phases.append(approved)
        case .gate(let gate):
            for result in [GateResult.pass("1"), .fail("5"), .unknown("none")] {
                var measured = self
                measured.change {
                    $0.gate = gate.note(result, begun: $0.since, in: nil, of: NodeID(cluster: "c", name: "n"))
                }
                phases.append(measured)
            }
        default: break
        }
        return phases
    }
}

extension Part {
    /// As it is, released by force while its command runs, and exempt from windows and freezes, or from the gate that it is at.
    fileprivate var withLevers: [Part] {
        var parts = [self]
        if phase.kind == .committed, phase.command != nil {
            var ordered = self
            ordered.order = Order(happening: .release, reason: "by ann")
            parts.append(ordered)
        }
        if phase.kind == .out {
            var exempt = self
            exempt.exempt = [.exclusion, .window]
            parts.append(exempt)
        }
        if let work = phase.work, case .gate = Product.steps[work.step] {
            var exempt = self
            exempt.exempt = [.gate]
            parts.append(exempt)
        }
        return parts
    }
}

extension PartPhase {
    fileprivate func with(command: CommandID) -> PartPhase {
        switch self {
        case .out(var work):
            work.command = command
            return .out(work)
        case .committed(var work, let commitment):
            work.command = command
            return .committed(work, commitment)
        case .soaking(var work):
            work.command = command
            return .soaking(work)
        case .queued, .returning, .finished: return self
        }
    }
}
