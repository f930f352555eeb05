import ModeCore
import Primitives
import Scheduling
import Testing

/// The table of the design's section 5, cell by cell: what happens to a node in each phase when something happens.
struct NodeRunTableTests {
    static let upgrade = StepSequence(
        name: "upgrade",
        steps: [
            .drain(DrainStep(deadline: .minutes(30))), .block,
            .run(RunStep(name: "upgrade", command: ["/upgrade"], retries: 1, isDisruptive: true)),
            .verify(VerifyStep(connected: true, version: "{revision}", timeout: .minutes(10))), .restore,
            .soak(.minutes(1)),
        ])

    /// A node in the phase, at the step of the sequence that belongs to it.
    static func node(_ phase: NodePhase) -> NodeRun {
        var node = NodeRun(node: NodeID(cluster: "c", name: "n"), since: start).started(
            wave: 1, sequence: upgrade, at: start)
        switch phase {
        case .closed: node = place(node, phase, step: 2, claim: .blockNewConnection)
        case .committed:
            node = place(node, phase, step: 2, claim: .blockNewConnection)
            node.attempt = 1
            node.command = CommandID(number: 1)
        case .restoring: node = place(node, phase, step: 4, claim: nil)
        case .soaking: node = place(node, phase, step: 5, claim: nil)
        default: break
        }
        return node
    }

    static let start = Moment(wall: Timestamp(seconds: 1_800_000_000), uptime: Uptime(nanoseconds: 0))

    private static func place(_ node: NodeRun, _ phase: NodePhase, step: Int, claim: RequestableMode?) -> NodeRun {
        var node = node
        node.phase = phase
        node.step = step
        node.claim = claim
        node.deadline = Deadline(.minutes(10), from: start)
        return node
    }

    enum Happening: String, CaseIterable {
        case nothing
        case windowEndsRestore, windowEndsFinish, exclusionRestore, aborted, suspended, superseded, paused
        case overBudget, isolated, initial, unreachableInTime, unreachableTooLong
    }

    /// What a happening makes of a node that otherwise just waits.
    static func situation(_ happening: Happening, for node: NodeRun) -> NodeSituation {
        var situation = NodeSituation(
            now: start + .seconds(5), gate: .open(until: nil), onWindowEnd: .restore, sequence: upgrade,
            revision: "2", isReadable: true, mode: node.claim.map { .known($0.mode) } ?? .known(.blockNewConnection),
            version: "1", ready: false, hasGate: true, isReconciled: false)
        let closed = Gate.closed(.outsideWindow, until: nil, reopens: false)
        switch happening {
        case .nothing: break
        case .windowEndsRestore: situation.gate = closed
        case .windowEndsFinish:
            situation.gate = closed
            situation.onWindowEnd = .finish
        case .exclusionRestore: situation.gate = .closed(.excluded(by: "x", reason: nil), until: nil, reopens: true)
        case .aborted: situation.runPhase = .ending(.aborted("operator"))
        case .suspended: situation.runPhase = .ending(.suspended)
        case .superseded: situation.runPhase = .ending(.superseded)
        case .paused: situation.runPhase = .paused(reason: "failures")
        case .overBudget: situation.isOverBudget = true
        case .isolated: situation.isConnected = false
        case .initial: situation.mode = .known(.initial)
        case .unreachableInTime: situation.isReadable = false
        case .unreachableTooLong:
            situation.isReadable = false
            situation.now = start + .hours(2)
        }
        return situation
    }

    /// Rows are happenings, columns closing, closed, committed, restoring, soaking; `-` is "on, or waits".
    static let table = """
        nothing             -                    -                 -        -  -
        windowEndsRestore   restoring>ended      restoring>ended   -        -  -
        windowEndsFinish    -                    -                 -        -  -
        exclusionRestore    restoring>queued     restoring>queued  -        -  -
        aborted             restoring>ended      restoring>ended   -        -  ended
        suspended           restoring>ended      restoring>ended   -        -  ended
        superseded          restoring>ended      restoring>ended   -        -  -
        paused              -                    -                 -        -  -
        overBudget          restoring>queued     -                 -        -  -
        isolated            -                    -                 -        -  -
        initial             -                    -                 -        -  -
        unreachableInTime   -                    -                 -        -  -
        unreachableTooLong  failed+hold          failed+hold       -        -  failed
        """

    @Test func `each cell of the table`() {
        let phases: [NodePhase] = [.closing, .closed, .committed, .restoring, .soaking]
        var actual: [String] = []
        for happening in Happening.allCases {
            let cells = phases.map { phase -> String in
                let node = NodeRunTableTests.node(phase)
                return text(node.move(in: NodeRunTableTests.situation(happening, for: node)))
            }
            actual.append(([happening.rawValue] + cells).joined(separator: " "))
        }
        let expected = NodeRunTableTests.table.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(actual == expected)
    }

    private func text(_ move: NodeMove?) -> String {
        guard let move else { return "-" }
        var text = move.nodeRun.phase.word
        if move.nodeRun.phase == .restoring {
            switch move.nodeRun.afterRestore {
            case .requeue: text += ">queued"
            case .finish(let result): text += ">\(result.word)"
            case nil: break
            }
        }
        return move.hold == nil ? text : text + "+hold"
    }

    @Test func `a drained node goes from step to step`() throws {
        let closing = NodeRunTableTests.node(.closing)
        #expect(closing.claim == .blockNewSession)
        var situation = NodeRunTableTests.situation(.nothing, for: closing)
        situation.isDrained = true
        let blocking = try #require(closing.move(in: situation)).nodeRun
        #expect(blocking.step == 1)
        #expect(blocking.claim == .blockNewConnection)
        #expect(blocking.move(in: situation) == nil, "the block is not seen yet")
        situation.mode = .known(.blockNewConnection)
        let closed = try #require(blocking.move(in: situation)).nodeRun
        #expect(closed.phase == .closed)
        #expect(closed.move(in: situation) == nil, "the evidence has to be read once more")
        situation.isDrainedSinceStep = true
        let start = try #require(closed.move(in: situation))
        #expect(start.nodeRun.phase == .committed)
        #expect(start.command?.name == "upgrade")
    }

    @Test func `without quorum no command starts, and sessions that came back are drained again`() throws {
        let closed = NodeRunTableTests.node(.closed)
        var situation = NodeRunTableTests.situation(.nothing, for: closed)
        situation.isDrained = true
        situation.isDrainedSinceStep = true
        situation.hasQuorum = false
        #expect(closed.move(in: situation) == nil)
        situation.isRefilled = true
        let again = try #require(closed.move(in: situation)).nodeRun
        #expect(again.phase == .closing)
        #expect(again.step == 0)
        #expect(again.claim == .blockNewConnection, "nothing loosens the claim before restore")
    }

    @Test func `a command that fails is tried again with new evidence, then the node stays`() throws {
        var node = NodeRunTableTests.node(.committed)
        var situation = NodeRunTableTests.situation(.nothing, for: node)
        situation.outcome = .exited(status: 1)
        node = try #require(node.move(in: situation)).nodeRun
        #expect(node.command == nil)
        #expect(node.phase == .committed)
        situation.outcome = nil
        #expect(node.move(in: situation) == nil)
        situation.isDrainedSinceStep = true
        situation.isDrained = true
        var move = try #require(node.move(in: situation))
        #expect(move.nodeRun.attempt == 2)
        move.nodeRun.command = CommandID(number: 2)
        situation.outcome = .exited(status: 1)
        let last = try #require(move.nodeRun.move(in: situation))
        #expect(last.nodeRun.phase == .finished(.failed))
        #expect(last.hold == .blockNewConnection)
    }

    @Test func `deadline of a drain: skip gives the node back, abort ends the run, proceed goes on`() throws {
        for onDeadline in DrainStep.OnDeadline.allCases {
            let sequence = StepSequence(
                name: "s", steps: [.drain(DrainStep(deadline: .minutes(1), onDeadline: onDeadline)), .block, .restore])
            let node = NodeRun(node: NodeID(cluster: "c", name: "n"), since: NodeRunTableTests.start).started(
                wave: 1, sequence: sequence, at: NodeRunTableTests.start)
            var situation = NodeRunTableTests.situation(.nothing, for: node)
            situation.sequence = sequence
            situation.now = NodeRunTableTests.start + .seconds(59)
            #expect(node.move(in: situation) == nil)
            situation.now = NodeRunTableTests.start + .seconds(60)
            let move = try #require(node.move(in: situation))
            switch onDeadline {
            case .proceed:
                #expect(move.nodeRun.step == 1)
                #expect(move.nodeRun.mayCut)
            case .skip:
                #expect(move.nodeRun.phase == .restoring)
                #expect(move.nodeRun.afterRestore == .finish(.skipped))
            case .abort:
                #expect(move.abort != nil)
            case .terminate:
                #expect(move.nodeRun.phase == .restoring)
                #expect(move.nodeRun.error?.contains("not carried out") == true)
            }
        }
    }

    @Test func `a step that this version does not carry out fails, it is never left out in silence`() throws {
        let probe = HealthGate(name: "g", probe: .command(["true"]))
        let steps: [Step] = [
            .http(HTTPStep(request: HTTPRequest(url: "http://a.example/"))), .approval(ApprovalStep()),
            .terminate(TerminateStep(reason: "maintenance")), .gate(probe),
            .notify(NotifyStep(notification: "n", text: "t")),
        ]
        for step in steps {
            let sequence = StepSequence(name: "s", steps: [step, .block, .restore])
            let node = NodeRun(node: NodeID(cluster: "c", name: "n"), since: NodeRunTableTests.start).started(
                wave: 1, sequence: sequence, at: NodeRunTableTests.start)
            var situation = NodeRunTableTests.situation(.nothing, for: node)
            situation.sequence = sequence
            situation.now = NodeRunTableTests.start
            let move = try #require(node.move(in: situation))
            #expect(move.nodeRun.error?.contains("`\(step.word)` is not carried out") == true, "\(step.word)")
            #expect(move.nodeRun.phase == .restoring, "\(step.word)")
        }
    }

    @Test func `restore waits for normal and ready, then the soak counts`() throws {
        let restoring = NodeRunTableTests.node(.restoring)
        var situation = NodeRunTableTests.situation(.nothing, for: restoring)
        situation.isReconciled = true
        situation.mode = .known(.normal)
        #expect(restoring.move(in: situation) == nil, "not ready")
        situation.ready = true
        let soaking = try #require(restoring.move(in: situation)).nodeRun
        #expect(soaking.phase == .soaking)
        situation.serviceFor = .seconds(59)
        #expect(soaking.move(in: situation) == nil)
        situation.serviceFor = .seconds(60)
        #expect(try #require(soaking.move(in: situation)).nodeRun.phase == .finished(.done))
    }
}
