import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The table of section 5, cell by cell, as the parts of a run really move.
struct PartMoveTests {
    static let steps: [Step] = [
        .run(RunStep(name: "prefetch", command: ["/prefetch"], timeout: .minutes(15))),
        .drain(DrainStep(deadline: .minutes(30))), .block,
        .run(RunStep(name: "upgrade", command: ["/upgrade"], retries: 1, isDisruptive: true)),
        .verify(VerifyStep(connected: true, version: "{revision}")), .restore, .soak(.minutes(1)),
    ]
    static let sequence = StepSequence(name: "upgrade", steps: steps)

    /// Where a part can be, each waiting for something that has not happened yet.
    enum Place: String, CaseIterable {
        /// Its prefetch runs; it has no slot.
        case prefetching
        /// Ready for its drain, and not granted.
        case ungranted
        case draining
        /// Blocked, before its upgrade; it looks for live sessions once more.
        case blocked
        case upgrading, verifying, returning
        /// Given back while its upgrade runs.
        case killing
        case soaking
    }

    static func part(_ place: Place) -> Part {
        var part = Part(node: ReconcileTests.node, since: Moment.start.wall)
        func work(_ step: Int, _ claim: RequestableMode?, runs: Bool = false) -> PartPhase.Work {
            var work = PartPhase.Work(
                step: step, since: .start, claim: claim, isGranted: step > 1,
                timer: steps[step].deadline().map { Countdown($0, from: .start) })
            if runs {
                work.command = CommandID(number: 1)
                work.attempt = 1
                work.timer = Countdown(.minutes(17), from: .start)
            }
            return work
        }
        let commitment = PartPhase.Commitment(incarnation: 0, version: "1", hasDisrupted: true)
        switch place {
        case .prefetching: part.phase = .out(work(0, nil, runs: true))
        case .ungranted: part.phase = .out(PartPhase.Work(step: 1, since: .start, isGranted: false))
        case .draining:
            var work = work(1, .blockNewSession)
            work.isGranted = true
            part.phase = .out(work)
        case .blocked: part.phase = .out(work(3, .blockNewConnection))
        case .upgrading: part.phase = .committed(work(3, .blockNewConnection, runs: true), commitment)
        case .verifying: part.phase = .committed(work(4, .blockNewConnection), commitment)
        case .returning: part.phase = .returning(PartPhase.Returning(after: .goOn(step: 5), since: .start))
        case .killing:
            part.phase = .returning(
                PartPhase.Returning(
                    after: .end(.finish(.released)), since: .start, command: CommandID(number: 1),
                    timer: Countdown(.minutes(17), from: .start)))
        case .soaking: part.phase = .soaking(work(6, nil))
        }
        return part
    }

    /// What a happening makes of a part that otherwise just waits.
    static func situation(_ happening: String, _ place: Place) throws -> PartSituation {
        var situation = situation(of: part(place), in: sequence)
        if place == .returning || place == .killing { situation.readings.mode = .known(.blockNewConnection) }
        situation.isSettled = place == .soaking
        for word in happening.split(separator: ",").map({ $0.trimming() }) { try situation.note(word) }
        return situation
    }

    /// In which the part just waits.
    static func situation(of part: Part, in sequence: StepSequence) -> PartSituation {
        var readings = StepContext(now: .start)
        readings.mode = .known(part.phase.claim?.mode ?? .normal)
        readings.isObservedSinceStep = true
        readings.version = "1"
        readings.revision = "2"
        readings.ready = true
        readings.sessions = 2
        readings.connections = 2
        return PartSituation(
            now: .start + .seconds(30), sequence: sequence, onWindowEnd: .restore, readings: readings)
    }

    /// A cell: `=` nothing moves; `stands` its deadline stands from now on; `again` queued again, `again 10m` after so long
    /// within budget; a result, `+ stays` with its claim left behind; `kills` given back when its command has ended.
    static let table = """
        happens                      prefetching      ungranted    draining   blocked    upgrading       verifying       returning  killing     soaking
        nothing                      =                =            =          =          =               =               =          =           =
        late                         kills failed     =            skipped    failed     failed + stays  failed + stays  =          released    failed
        window ends                  kills ended      not-reached  ended      ended      =               =               =          =           =
        window ends, finish          =                not-reached  =          =          =               =               =          =           =
        window pauses                kills again      =            again      again      =               =               =          =           =
        window pauses, finish        =                =            =          =          =               =               =          =           =
        window is taken away         kills ended      =            ended      ended      =               =               =          =           =
        freeze                       kills again      =            again      again      =               =               =          =           =
        freeze, finish               kills again      =            again      again      =               =               =          =           =
        pause with restore           kills again      =            again      again      =               =               =          =           =
        aborted                      kills ended      ended        ended      ended      =               =               =          =           ended
        suspended                    kills ended      ended        ended      ended      =               =               =          =           ended
        policy removed               kills ended      ended        ended      ended      =               =               =          =           ended
        superseded                   kills ended      ended        ended      ended      =               =               =          =           =
        paused                       =                =            stands     stands     =               =               =          =           =
        held                         =                =            stands     stands     =               =               held       kills held  held
        clock                        =                =            stands     stands     =               =               =          =           =
        paused, late                 =                =            stands     stands     failed + stays  failed + stays  =          released    failed
        held, late                   =                =            stands     stands     failed + stays  failed + stays  held       kills held  held
        over budget                  kills again 10m  =            again 10m  again 10m  =               =               =          =           =
        quorum missing               kills again 10m  =            again 10m  again 10m  =               =               =          =           =
        opened by hand, yields       kills yielded    =            yielded    yielded    =               =               =          =           =
        isolated                     =                =            =          =          =               =               =          =           =
        isolated, late               kills failed     =            skipped    failed     failed + stays  failed + stays  =          released    failed
        initial                      =                =            =          =          =               =               =          =           =
        initial, late                kills failed     =            failed     failed     failed + stays  failed + stays  =          released    failed
        unread                       =                =            =          =          =               =               =          =           =
        unread, late                 =                =            =          =          =               =               =          released    =
        gone                         =                =            =          =          =               =               =          =           =
        gone, late                   kills failed     =            failed     failed     failed + stays  failed + stays  =          released    failed
        nothing answers              =                =            stands     stands     =               stands          =          =           =
        nothing answers, gone, late  =                =            stands     stands     =               stands          =          released    =
        floor                        =                =            =          =          =               =               =          =           =
        wrong address                =                =            failed     failed     =               =               =          =           =
        command ends                 drain            =            =          =          verify          =               =          released    =
        command fails                failed           =            =          =          again           =               =          released    =
        command fails, held          =                =            stands     stands     again           =               held       held        held
        """

    @Test(arguments: Row.table(table)) func `each cell of the table`(row: Row) throws {
        for place in Place.allCases {
            let part = Self.part(place)
            var situation = try Self.situation(try row.text("happens"), place)
            if part.phase.command == nil { situation.outcome = nil }
            let word = part.move(in: situation)?.word(from: part) ?? "="
            #expect(word == (try row.text(place.rawValue)), "\(place)")
        }
    }

    /// One move after another, where something has happened that lets it go on.
    static let moves = Row.table(
        """
        place        happens                                     becomes
        prefetching  command ends                                drain
        prefetching  command fails                               failed
        draining     drained                                     block
        draining     drained, opened by hand                     =
        draining     drained, paused                             stands
        draining     drained, held                               stands
        draining     drained, isolated                           =
        draining     drained, gone                               =
        draining     drained, late                               block
        draining     drained, floor                              block
        draining     drained, window ends, finish                block
        draining     late, abort at deadline                     skipped, ends the run
        draining     late, proceed at deadline                   block
        draining     late, proceed at deadline, opened by hand   failed
        draining     late, proceed at deadline, isolated         failed
        blocked      drained                                     =
        blocked      drained, drained again                      starts upgrade
        blocked      drained, drained again, paused              stands
        blocked      drained, drained again, held                stands
        blocked      drained, drained again, clock               stands
        blocked      drained, drained again, opened by hand      =
        blocked      drained, drained again, isolated            =
        blocked      drained, drained again, quorum missing      again 10m
        blocked      drained, drained again, wrong address       failed
        blocked      drained, drained again, window ends, finish  starts upgrade
        blocked      drained, drained again, freeze, finish      again
        blocked      refilled                                    drain, evidence void
        upgrading    command ends, opened by hand                verify
        upgrading    command ends, isolated                      verify
        upgrading    command ends, gone                          verify
        upgrading    command ends, paused                        verify
        upgrading    command fails, late                         again
        verifying    upgraded                                    returning
        verifying    upgraded, window ends                       returning
        verifying    upgraded, freeze                            returning
        verifying    upgraded, aborted                           returning
        verifying    upgraded, paused                            returning
        verifying    upgraded, clock                             returning
        verifying    upgraded, held                              held
        verifying    upgraded, isolated                          =
        verifying    upgraded, opened by hand                    =
        verifying    upgraded, over budget                       returning
        verifying    upgraded, quorum missing                    =
        verifying    late, restore on failure                    failed
        upgrading    late, restore on failure                    failed + stays
        returning    normal, settled                             soak
        returning    normal                                      =
        returning    normal, settled, not seen since             =
        returning    normal, settled, probe                      soak
        returning    normal, settled, probe, not ready           =
        returning    shut by others, settled                     foreign
        returning    initial, settled                            =
        returning    gone, settled                               =
        returning    gone, settled, waited                       =
        returning    gone, waited, window ends                   ended
        returning    gone, window ends                           =
        returning    normal, settled, paused                     soak
        returning    normal, settled, held                       held
        soaking      soaked                                      done
        soaking      soaked, late                                done
        soaking      soaked, aborted                             ended
        soaking      soaked, window ends                         done
        """)

    @Test(arguments: moves) func `what lets a part go on`(row: Row) throws {
        let place = try #require(Place(rawValue: try row.text("place")))
        let part = Self.part(place)
        let situation = try Self.situation(try row.text("happens"), place)
        #expect(part.move(in: situation)?.word(from: part) ?? "=" == (try row.text("becomes")))
    }

    /// A committed part whose command ended without success: whether anything ran before, and what becomes of the part.
    static let ends = Row.table(
        """
        ended        attempt  disrupted  on failure  becomes
        1            2        no         stay        failed + stays
        1            2        no         restore     failed
        interrupted  1        no         stay        failed + stays
        timeout      2        no         stay        failed + stays
        unstarted    2        no         stay        failed
        unstarted    2        yes        stay        failed + stays
        unstarted    2        yes        restore     failed
        unstarted    1        no         stay        out again
        never        1        no         stay        out again
        1            1        no         stay        again
        never        2        yes        stay        again
        """)

    @Test(arguments: ends) func `what could not be started has disrupted nothing`(row: Row) throws {
        var part = Self.part(.upgrading)
        guard case .committed(var work, var commitment) = part.phase else { return }
        work.attempt = try #require(try row.number("attempt"))
        commitment.hasDisrupted = try row.flag("disrupted") ?? false
        part.phase = .committed(work, commitment)
        var situation = try Self.situation("nothing", .upgrading)
        situation.outcome = CommandOutcome(word: try row.text("ended"))
        situation.sequence.onFailure = OnFailure(rawValue: try row.text("on failure"))
        #expect(part.move(in: situation)?.word(from: part) == (try row.text("becomes")))
    }

    /// Nothing has run on the node: it is out, as it was before, and its window's end gives it back.
    @Test(arguments: ["never", "unstarted"]) func `a part whose command never ran is not committed`(
        ended: String
    ) throws {
        var part = Self.part(.upgrading)
        guard case .committed(let work, _) = part.phase else { return }
        part.phase = .committed(work, PartPhase.Commitment(incarnation: 0, version: "1"))
        var situation = try Self.situation("nothing", .upgrading)
        situation.outcome = CommandOutcome(word: ended)
        let next = try #require(part.move(in: situation)?.part)
        #expect(next.phase.kind == .out)
        var later = try Self.situation("window ends, drained, drained again", .blocked)
        #expect(next.move(in: later)?.command == nil)
        later = try Self.situation("late", .blocked)
        #expect(next.move(in: later)?.word(from: next) == "failed", "and stays")
    }

    @Test func `given back for others, it waits longer each time, and then no more`() throws {
        var part = Self.part(.draining)
        var waits: [String] = []
        for _ in 0..<4 {
            part.phase = Self.part(.draining).phase
            part = try #require(part.move(in: try Self.situation("over budget", .draining))?.part)
            guard case .queued(let queued) = part.phase else { break }
            waits.append(queued.backOff?.written ?? "none")
        }
        #expect(waits == ["10m", "20m", "40m"])
        #expect(part.phase == .finished(.ended))
        #expect(part.error == "given back 4 times: more nodes are out of service than the budget allows: b")
    }

    /// What the marks before a disruptive step are compared with: those of its first attempt.
    @Test func `a retry keeps the marks of before the first attempt`() throws {
        var situation = try Self.situation("drained, drained again", .blocked)
        situation.incarnation = 3
        situation.readings.version = "1"
        var part = try #require(Self.part(.blocked).move(in: situation)?.part)
        part.phase = part.phase.running(CommandID(number: 1))
        situation.outcome = .exited(status: 1)
        part = try #require(part.move(in: situation)?.part)
        situation.outcome = nil
        situation.incarnation = 4
        situation.readings.version = "1.5"
        part = try #require(part.move(in: situation)?.part)
        guard case .committed(let work, let commitment) = part.phase else {
            Issue.record("\(part)")
            return
        }
        #expect(work.attempt == 2)
        #expect(commitment.incarnation == 3 && commitment.version == "1")
        #expect(commitment.hasDisrupted)
    }

    @Test func `a part goes from its grant through every step`() throws {
        var part = Part(node: ReconcileTests.node, since: Moment.start.wall)
        part = part.started(try Self.situation("nothing", .prefetching))
        var course = [part.stepWord]
        func go(_ happens: String, _ place: Place) throws {
            var situation = try Self.situation(happens, place)
            if part.phase.command == nil { situation.outcome = nil }
            guard let move = part.move(in: situation) else {
                course.append("waits")
                return
            }
            part = move.part
            if move.command != nil { part.phase = part.phase.running(CommandID(number: course.count)) }
            course.append(part.stepWord)
        }
        try go("nothing", .prefetching)
        try go("command ends", .prefetching)
        try go("nothing", .ungranted)
        part = part.started(try Self.situation("nothing", .ungranted))
        course.append(part.stepWord)
        try go("drained", .draining)
        try go("drained, opened by hand", .blocked)
        try go("drained", .blocked)
        try go("drained, drained again", .blocked)
        try go("command ends", .upgrading)
        try go("upgraded", .verifying)
        try go("normal, settled", .returning)
        try go("soaked", .soaking)
        #expect(
            course == [
                "out prefetch", "out prefetch runs", "out drain, no slot", "waits", "out drain session",
                "out block connection", "waits", "out upgrade connection", "committed upgrade connection runs",
                "committed verify connection", "returning", "soaking soak", "done",
            ])
        #expect(part.milestones.claimedAt != nil && part.milestones.restoredAt != nil)
    }

    /// It starts from where it stands: shut, with a slot, at the first step.
    @Test func `a node that is taken over keeps its claim`() throws {
        var part = Part(node: ReconcileTests.node, isTakenOver: true, since: Moment.start.wall)
        part = part.started(try Self.situation("nothing", .prefetching), carrying: .blockNewConnection)
        #expect(part.phase.claim == .blockNewConnection && part.phase.holdsSlot)
        #expect(part.milestones.claimedAt == (Moment.start + .seconds(30)).wall)
    }
}

extension Part {
    fileprivate var stepWord: String {
        guard let work = phase.work else { return phase.word }
        let step = PartMoveTests.steps[work.step]
        var word = "\(phase.kind.rawValue) \(step.word)"
        if case .run(let run) = step { word = "\(phase.kind.rawValue) \(run.name)" }
        if step.takesOut, !work.isGranted { word += ", no slot" }
        if let claim = work.claim { word += " \(claim.word)" }
        return work.command == nil ? word : word + " runs"
    }
}

extension PartPhase {
    /// With the id that the controller puts in.
    fileprivate func running(_ id: CommandID) -> PartPhase {
        switch self {
        case .out(var work):
            work.command = id
            return .out(work)
        case .committed(var work, let commitment):
            work.command = id
            return .committed(work, commitment)
        default: return self
        }
    }
}

extension PartMove {
    func word(from former: Part, in steps: [Step] = PartMoveTests.steps) -> String {
        var word =
            switch part.phase {
            case .queued(let queued): queued.backOff.map { "again \($0.written)" } ?? "again"
            case .finished(let result): result.rawValue
            case .returning(let returning):
                switch returning.after {
                case .goOn: "returning"
                case .end(.finish(let result)): "kills \(result.rawValue)"
                case .end(.again(.whenClear)): "kills again"
                case .end(.again(.forOthers)): "kills again 10m"
                }
            case .out(let work), .committed(let work, _), .soaking(let work): step(work, former, steps)
            }
        if stay != nil { word += " + stays" }
        if abort != nil { word += ", ends the run" }
        if voidsEvidence { word += ", evidence void" }
        return word
    }

    private func step(_ work: PartPhase.Work, _ former: Part, _ steps: [Step]) -> String {
        if let command { return "starts \(command.name)" }
        if part.phase.kind == .out, former.phase.kind == .committed { return "out again" }
        if part.phase.kind == former.phase.kind, work.step == former.phase.work?.step {
            if work.command != former.phase.work?.command { return "again" }
            return part.phase.timer?.isRunning == true ? "runs" : "stands"
        }
        if case .run(let run) = steps[work.step] { return run.name }
        return steps[work.step].word
    }
}

extension PartSituation {
    /// One happening of the tables.
    mutating func note(_ word: String) throws {
        func closed(_ cause: Clearance.Closure.Cause, reopens: Bool) -> Clearance {
            .closed(Clearance.Closure(cause: cause, reopens: reopens))
        }
        switch word {
        case "nothing": break
        case "finish": onWindowEnd = .finish
        case "window ends":
            clearance = closed(.outsideWindow, reopens: false)
            runPhase = .ending(.windowEnded)
        case "window pauses": clearance = closed(.outsideWindow, reopens: true)
        case "window is taken away": clearance = closed(.outsideWindow, reopens: false)
        case "freeze": clearance = closed(.excluded(by: "year-end", reason: nil), reopens: true)
        case "pause with restore":
            pauses = [Pause(.person, reason: "p", actor: "ann", since: now.wall, givesBack: true)]
        case "aborted": runPhase = .ending(.aborted("ann"))
        case "suspended": runPhase = .ending(.suspended)
        case "policy removed": runPhase = .ending(.policyRemoved)
        case "superseded": runPhase = .ending(.superseded)
        case "paused": pauses = [Pause(.failures, reason: "failures", since: now.wall)]
        case "held": isHeld = true
        case "clock": isClockTrusted = false
        case "over budget": mustMakeRoomFor = ["b"]
        case "quorum missing":
            isQuorumMissing = true
            readings.hasQuorum = false
        case "opened by hand": readings.mode = .known(.normal)
        case "yields": isYieldDue = true
        case "isolated": isIsolated = true
        case "initial":
            isIsolated = true
            readings.mode = .known(.initial)
        case "unread": readings.mode = nil
        case "gone":
            readings.mode = nil
            isGone = true
        case "nothing answers": doesNothingAnswer = true
        case "floor": hasFloor = true
        case "wrong address": readings.identity = .refuted
        case "late": now = Moment.start + .hours(2)
        case "command ends": outcome = .exited(status: 0)
        case "command fails": outcome = .exited(status: 1)
        case "drained":
            readings.isDrained = true
            readings.sessions = 0
        case "drained again": readings.isDrainedSinceStep = true
        case "refilled": readings.isRefilled = true
        case "blocked": readings.mode = .known(.blockNewConnection)
        case "upgraded": readings.version = "2"
        case "settled": isSettled = true
        case "normal": readings.mode = .known(.normal)
        case "shut by others": readings.mode = .known(.blockNewSession)
        case "not ready": readings.ready = false
        case "no probe":
            readings.ready = nil
            readings.hasReadinessProbe = false
        case "probe": readings.hasReadinessProbe = true
        case "not seen since": readings.isObservedSinceStep = false
        case "waited": hasWaitedLong = true
        case "restore on failure": sequence.onFailure = .restore
        case "abort at deadline": sequence.steps[1] = .drain(DrainStep(deadline: .minutes(30), onDeadline: .abort))
        case "proceed at deadline": sequence.steps[1] = .drain(DrainStep(deadline: .minutes(30), onDeadline: .proceed))
        case "soaked": readings.serviceFor = .minutes(1)
        case "another life": incarnation = 1
        default: throw Row.Unreadable(description: "nothing of the kind happens: \(word)")
        }
    }
}

extension StringProtocol {
    func trimming() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
