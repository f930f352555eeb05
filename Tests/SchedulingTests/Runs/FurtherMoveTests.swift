import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The cells of the table of section 5 once more, of parts that ask people, measure, call, end calls and tell somebody. The words
/// are those of `PartMoveTests`.
struct FurtherMoveTests {
    static let steps: [Step] = [
        .approval(Approval(timeout: .hours(1))), .drain(DrainStep(deadline: .minutes(30))), .block,
        .gate(HealthGate(name: "calm", probe: .command(["/calm"]))),
        .http(HTTPStep(request: HTTPRequest(method: .post, url: "http://a.example/"))),
        .terminate(TerminateStep(reason: "maintenance")), .notify(NotifyStep(notification: "team", text: "shut")),
        .http(
            HTTPStep(request: HTTPRequest(method: .put, url: "http://a.example/up"), retries: 1, isDisruptive: true)),
        .gate(
            HealthGate(
                name: "errors", probe: .prometheus(PrometheusQuery(url: "http://b.example/", query: "errors", max: 1)))),
        .notify(NotifyStep(notification: "team", text: "up")), .restore, .soak(.minutes(1)),
    ]
    static let sequence = StepSequence(name: "words", steps: steps)

    /// Where a part can be.
    enum Place: String {
        /// It waits for a person's word; it has no slot. And it has that word.
        case approving, approved
        /// At a gate that is a program, of which nothing is heard yet; that is good, or bad.
        case measuring, good, bad
        /// Before a call that disrupts nothing, and while that is under way.
        case beforeCall, calling
        case beforeEnding, ending
        case telling
        /// Before a call that restarts the node, and while that is under way.
        case beforeRestart, restarting
        /// Restarted, at a gate that is none; that is good, or bad.
        case proving, proven, failing
        /// Its last step before `restore`.
        case tellingLast
    }

    static func part(_ place: Place) -> Part {
        switch place {
        case .approving: part(at: 0)
        case .approved:
            part(at: 0) { $0.approval = GivenApproval(actor: "ann", reason: "r", at: Moment.start.wall) }
        case .measuring: part(at: 3)
        case .good: part(at: 3) { $0.gate = measured(3, .pass("1")) }
        case .bad: part(at: 3) { $0.gate = measured(3, .fail("5")) }
        case .beforeCall: part(at: 4)
        case .calling: part(at: 4, runs: true)
        case .beforeEnding: part(at: 5)
        case .ending: part(at: 5, runs: true)
        case .telling: part(at: 6)
        case .beforeRestart: part(at: 7)
        case .restarting: part(at: 7, isCommitted: true, runs: true)
        case .proving: part(at: 8, isCommitted: true)
        case .proven: part(at: 8, isCommitted: true) { $0.gate = measured(8, .pass("1")) }
        case .failing: part(at: 8, isCommitted: true) { $0.gate = measured(8, .fail("5")) }
        case .tellingLast: part(at: 9, isCommitted: true)
        }
    }

    private static func part(
        at step: Int, isCommitted: Bool = false, runs: Bool = false, _ change: (inout PartPhase.Work) -> Void = { _ in }
    ) -> Part {
        var work = PartPhase.Work(
            step: step, since: .start, claim: step == 0 ? nil : .blockNewConnection, isGranted: step > 0,
            timer: steps[step].deadline().map { Countdown($0, from: .start) })
        if runs {
            work.command = CommandID(number: 1)
            work.attempt = 1
            work.timer = Countdown(.minutes(17), from: .start)
        }
        change(&work)
        var part = Part(node: ReconcileTests.node, since: Moment.start.wall)
        part.phase =
            isCommitted
            ? .committed(work, PartPhase.Commitment(incarnation: 0, version: "1", hasDisrupted: true)) : .out(work)
        return part
    }

    private static func measured(_ step: Int, _ result: GateResult) -> GateState? {
        guard case .gate(let gate) = steps[step] else { return nil }
        return gate.note(result, begun: .start, in: nil, of: ReconcileTests.node)
    }

    /// What a happening makes of the part.
    private func word(_ happening: String, _ place: Place) throws -> String {
        let part = Self.part(place)
        var situation = PartMoveTests.situation(of: part, in: Self.sequence)
        for word in happening.split(separator: ",").map({ $0.trimming() }) { try situation.note(word) }
        if part.phase.command == nil { situation.outcome = nil }
        return part.move(in: situation)?.word(from: part, in: Self.steps) ?? "="
    }

    static let table = """
        happens                      approving    measuring  calling          ending           telling    restarting      proving
        nothing                      =            =          =                =                http       =               =
        late                         =            failed     kills failed     kills failed     http       failed + stays  failed + stays
        window ends                  not-reached  ended      kills ended      kills ended      ended      =               =
        window ends, finish          not-reached  =          =                =                http       =               =
        window pauses                stands       again      kills again      kills again      again      =               =
        window pauses, finish        stands       =          =                =                http       =               =
        window is taken away         stands       ended      kills ended      kills ended      ended      =               =
        freeze                       stands       again      kills again      kills again      again      =               =
        freeze, finish               stands       again      kills again      kills again      again      =               =
        pause with restore           stands       again      kills again      kills again      again      =               =
        aborted                      ended        ended      kills ended      kills ended      ended      =               =
        superseded                   ended        ended      kills ended      kills ended      ended      =               =
        paused                       stands       stands     =                =                =          =               =
        held                         stands       stands     =                =                =          =               =
        clock                        stands       stands     =                =                =          =               =
        paused, late                 stands       stands     =                =                =          failed + stays  failed + stays
        held, late                   stands       stands     =                =                =          failed + stays  failed + stays
        over budget                  stands       again 10m  kills again 10m  kills again 10m  again 10m  =               =
        quorum missing               stands       again 10m  kills again 10m  kills again 10m  again 10m  =               =
        opened by hand, yields       =            yielded    kills yielded    kills yielded    yielded    =               =
        isolated                     stands       =          =                =                http       =               =
        isolated, late               stands       failed     kills failed     kills failed     http       failed + stays  failed + stays
        unread                       =            =          =                =                http       =               =
        unread, late                 =            =          =                =                http       =               =
        gone                         stands       =          =                =                http       =               =
        gone, late                   stands       failed     kills failed     kills failed     http       failed + stays  failed + stays
        nothing answers              stands       stands     =                =                http       =               stands
        floor                        stands       =          =                =                http       =               =
        wrong address                =            failed     kills failed     kills failed     failed     =               =
        command ends                 =            =          terminate        notify           http       gate            =
        command fails                =            =          failed           again            http       again           =
        command fails, held          stands       stands     =                =                =          again           =
        """

    static let columns: [Place] = [.approving, .measuring, .calling, .ending, .telling, .restarting, .proving]

    @Test(arguments: Row.table(table)) func `each cell of the table`(row: Row) throws {
        for place in Self.columns {
            #expect(try word(try row.text("happens"), place) == (try row.text(place.rawValue)), "\(place)")
        }
    }

    static let moves = Row.table(
        """
        place          happens                                 becomes
        approved       nothing                                 drain
        approved       late                                    drain
        approved       paused                                  stands
        approved       isolated                                stands
        approved       floor                                   stands
        approved       window ends                             not-reached
        good           nothing                                 http
        good           late                                    http
        good           unread                                  http
        good           opened by hand                          http
        good           floor                                   http
        good           window ends, finish                     http
        good           nothing answers                         http
        good           paused                                  stands
        good           held                                    stands
        good           clock                                   stands
        good           isolated                                =
        good           gone                                    =
        good           gone, late                              failed
        good           wrong address                           failed
        good           window ends                             ended
        bad            nothing                                 failed
        bad            isolated                                failed
        bad            paused                                  stands
        bad            window ends                             ended
        beforeCall     nothing                                 starts http POST http://a.example/
        beforeCall     late                                    starts http POST http://a.example/
        beforeCall     opened by hand                          starts http POST http://a.example/
        beforeCall     window ends, finish                     starts http POST http://a.example/
        beforeCall     paused                                  stands
        beforeCall     clock                                   stands
        beforeCall     isolated                                =
        beforeCall     gone, late                              failed
        beforeEnding   nothing                                 starts terminate
        beforeEnding   opened by hand                          =
        beforeEnding   opened by hand, late                    failed
        beforeEnding   paused                                  stands
        beforeEnding   isolated                                =
        beforeRestart  nothing                                 =
        beforeRestart  late                                    failed
        beforeRestart  drained, drained again                  starts http PUT http://a.example/up
        beforeRestart  drained, drained again, paused          stands
        beforeRestart  drained, drained again, clock           stands
        beforeRestart  drained, drained again, opened by hand  =
        beforeRestart  drained, drained again, isolated        =
        beforeRestart  drained, drained again, quorum missing  again 10m
        beforeRestart  drained, drained again, wrong address   failed
        beforeRestart  refilled                                drain, evidence void
        restarting     command ends, opened by hand            gate
        restarting     command ends, isolated                  gate
        restarting     late, restore on failure                failed + stays
        proven         nothing                                 notify
        proven         paused                                  notify
        proven         held                                    notify
        proven         clock                                   notify
        proven         window ends                             notify
        proven         aborted                                 notify
        proven         isolated                                =
        failing        nothing                                 failed + stays
        failing        paused                                  failed + stays
        failing        isolated                                failed + stays
        failing        restore on failure                      failed
        tellingLast    nothing                                 returning
        tellingLast    paused                                  returning
        tellingLast    isolated                                returning
        tellingLast    held                                    held
        """)

    @Test(arguments: moves) func `what lets a part go on`(row: Row) throws {
        let place = try #require(Place(rawValue: try row.text("place")))
        #expect(try word(try row.text("happens"), place) == (try row.text("becomes")))
    }
}
