import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What is wanted, what nagi wrote, what somebody else set and what the node shows; and the one step that follows.
struct ReconcileTests {
    static let node = NodeID(cluster: "c", name: "n")

    static let rows = Row.table(
        """
        claim       written     floor       shows       answer
        -           -           -           normal      unmanaged
        -           -           -           session     floor session
        -           -           -           connection  floor connection
        -           -           session     session     unmanaged
        -           -           session     connection  floor connection
        -           -           connection  session     floor session
        -           -           session     normal      floor none
        session     -           -           normal      send session (claim)
        session     session     -           session     in desired mode
        session     -           -           session     floor session
        session     -           session     session     in desired mode
        session     -           connection  connection  in desired mode
        session     -           connection  normal      floor none
        session     session     -           connection  floor connection
        session     session     connection  connection  in desired mode
        connection  session     -           session     send connection (claim)
        connection  -           session     session     send connection (claim)
        connection  connection  session     connection  in desired mode
        connection  connection  -           normal      send connection (drift)
        connection  connection  -           session     send connection (drift)
        connection  session     -           normal      send connection (drift)
        connection  connection  session     session     send connection (drift)
        connection  connection  session     normal      floor none
        session     connection  -           connection  send session (claim)
        session     connection  session     connection  send session (claim)
        session     connection  -           session     in desired mode
        session     connection  -           normal      send session (drift)
        -           session     -           session     send normal (release)
        -           connection  -           connection  send normal (release)
        -           connection  session     connection  send session (release)
        -           session     -           connection  floor connection
        -           session     connection  connection  drop foreign
        -           connection  -           session     drop foreign
        -           connection  connection  connection  drop foreign
        -           connection  -           normal      drop already normal
        -           connection  session     normal      floor none
        -           -           -           initial     wait: initial
        -           connection  -           initial     wait: initial
        connection  connection  -           initial     wait: initial
        connection  -           -           draining    wait: unknown mode
        -           connection  -           draining    wait: unknown mode
        connection  connection  -           -           wait: unreadable
        -           connection  -           -           wait: unreadable
        """)

    @Test(arguments: rows) func `one step towards the desired mode`(row: Row) throws {
        let ledger = Self.ledger(written: try row.mode("written"), floor: try row.mode("floor"))
        let answer = reconcile(
            ModeWish(mode: try row.mode("claim")), view: ModeView(mode: try row.observed("shows")), ledger: ledger,
            at: Moment.start.wall)
        #expect(answer.word == (try row.text("answer")))
    }

    /// A claimed mode that was there and is not any more: who did that, and whose it is now. `life`: whether the node is in
    /// the life in which the mode was last seen.
    static let losses = Row.table(
        """
        strength  life     contested  shows    answer
        firm      same     no         normal   send connection (drift)
        firm      same     yes        normal   wait: contested
        firm      same     yes        session  wait: contested
        firm      another  no         normal   send connection (restarted)
        firm      another  yes        normal   send connection (restarted)
        firm      unknown  no         normal   send connection (restarted)
        firm      unknown  yes        normal   wait: contested
        yielding  same     no         normal   drop already normal
        yielding  same     no         session  drop foreign
        yielding  same     yes        normal   drop already normal
        yielding  another  no         normal   send connection (restarted)
        yielding  unknown  no         normal   wait: incarnation
        yielding  unknown  no         session  wait: incarnation
        """)

    @Test(arguments: losses) func `a lost block is put back, or is theirs who opened it`(row: Row) throws {
        let wish = ModeWish(
            mode: .blockNewConnection, strength: try row.text("strength") == "firm" ? .firm : .yielding)
        let life: Bool? =
            switch try row.text("life") {
            case "same": true
            case "another": false
            default: nil
            }
        let view = ModeView(
            mode: try row.observed("shows"), isSameIncarnation: life, isContested: try row.flag("contested") ?? false)
        let answer = reconcile(
            wish, view: view, ledger: Self.ledger(written: .blockNewConnection), at: Moment.start.wall)
        #expect(answer.word == (try row.text("answer")))
    }

    /// While the clock is not trusted nothing is raised; what was there is put back, and what is owed is given back.
    static let untrusted = Row.table(
        """
        claim       written     shows       answer
        session     -           normal      wait: clock
        connection  session     session     wait: clock
        connection  connection  normal      send connection (drift)
        session     session     session     in desired mode
        -           connection  connection  send normal (release)
        session     connection  connection  send session (claim)
        """)

    @Test(arguments: untrusted) func `nothing is raised on a clock that is not trusted`(row: Row) throws {
        let answer = reconcile(
            ModeWish(mode: try row.mode("claim"), mayRaise: false), view: ModeView(mode: try row.observed("shows")),
            ledger: Self.ledger(written: try row.mode("written")), at: Moment.start.wall)
        #expect(answer.word == (try row.text("answer")))
    }

    static let cutOff = Row.table(
        """
        claim       written     floor    shows       answer
        -           connection  -        connection  wait: isolated
        -           session     -        session     wait: isolated
        -           connection  session  connection  send session (release)
        -           connection  -        normal      drop already normal
        connection  connection  -        normal      send connection (drift)
        session     connection  -        connection  send session (claim)
        normal      connection  -        connection  wait: isolated
        -           -           -        normal      unmanaged
        """)

    @Test(arguments: cutOff) func `a node that the others do not see is never opened`(row: Row) throws {
        let answer = reconcile(
            ModeWish(mode: try row.mode("claim")), view: ModeView(mode: try row.observed("shows"), isConnected: false),
            ledger: Self.ledger(written: try row.mode("written"), floor: try row.mode("floor")), at: Moment.start.wall)
        #expect(answer.word == (try row.text("answer")))
    }

    /// A block that nagi gave up at 0 and that may arrive until a minute after its `notAfter`, which is at 6 s.
    static let late = Row.table(
        """
        at     claim    written  shows       answer
        10s    -        -        connection  adopt connection
        1m5s   -        -        connection  adopt connection
        66s    -        -        connection  floor connection
        1h     -        -        connection  floor connection
        10s    -        -        session     floor session
        10s    session  session  connection  adopt connection
        1h     session  session  connection  floor connection
        10s    -        -        normal      unmanaged
        """)

    @Test(arguments: late) func `a write that was given up is adopted in time only`(row: Row) throws {
        var ledger = Self.ledger(written: try row.mode("written"))
        let change = ModeChange(
            id: 1, node: Self.node, target: .blockNewConnection, cause: .claim, written: nil,
            notAfter: .start + .seconds(6))
        ledger.intend(change, at: .start)
        ledger.settle(1, isReached: false, at: .start)
        let answer = reconcile(
            ModeWish(mode: try row.mode("claim")), view: ModeView(mode: try row.observed("shows")), ledger: ledger,
            at: try #require(try row.moment("at")).wall)
        #expect(answer.word == (try row.text("answer")))
    }

    @Test func `nothing else is asked while a change is open`() {
        for claim in [nil, .normal, .blockNewSession, .blockNewConnection] as [RequestableMode?] {
            for shown in RequestableMode.allCases {
                var ledger = NodeLedger()
                let change = ModeChange(
                    id: 1, node: Self.node, target: .blockNewSession, cause: .claim, written: nil, notAfter: .start)
                ledger.intend(change, at: .start)
                let answer = reconcile(
                    ModeWish(mode: claim), view: ModeView(mode: .known(shown.mode)), ledger: ledger,
                    at: Moment.start.wall)
                #expect(answer == .waiting(.openChange))
            }
        }
    }

    static let modes: [RequestableMode?] = [nil, .blockNewSession, .blockNewConnection]

    /// Everything that may stand in the ledger, with everything that the node may show.
    private static func eachState(
        late: [RequestableMode?] = [nil], _ check: (RequestableMode?, NodeLedger, RequestableMode) -> Void
    ) {
        for claim in modes {
            for written in modes {
                for floor in modes {
                    for late in late {
                        for shown in RequestableMode.allCases {
                            check(claim, ledger(written: written, floor: floor, late: late), shown)
                        }
                    }
                }
            }
        }
    }

    /// nagi never sends a mode looser than the one that is there, unless that is its own, and closes nothing unasked.
    @Test func `no step loosens what somebody else set`() {
        Self.eachState { claim, ledger, shown in
            let answer = reconcile(
                ModeWish(mode: claim), view: ModeView(mode: .known(shown.mode)), ledger: ledger, at: Moment.start.wall)
            guard case .send(let target, let cause) = answer else { return }
            #expect(target > shown || shown == ledger.written?.mode, "\(answer) at \(shown), \(ledger)")
            #expect(target >= ledger.floor ?? .normal, "\(answer) at \(shown), \(ledger)")
            #expect(target >= claim ?? .normal, "\(answer) at \(shown), \(ledger)")
            #expect(cause == .release ? target < shown : claim != nil, "\(answer) at \(shown), \(ledger)")
        }
    }

    /// With a node that does what it is told, from wherever it starts: a few steps, and then the strictest wish of all holds.
    @Test func `whatever was there, it comes to rest in the desired mode`() {
        Self.eachState { claim, ledger, shown in
            let end = Self.end(claim, ledger, shown)
            #expect(end.answer == (claim == nil ? .unmanaged : .inDesiredMode))
            #expect(end.shown == max(claim ?? .normal, end.ledger.floor ?? .normal), "\(ledger)")
            #expect(claim != nil || end.ledger.written == nil)
        }
    }

    /// A release down to a floor was lost and sent again: what stood there was adopted and dropped, adopted and dropped, in
    /// one event, until there was no memory left.
    @Test func `it comes to rest also where a lost write may still arrive`() {
        Self.eachState(late: Self.modes + [.normal]) { claim, ledger, shown in
            let end = Self.end(claim, ledger, shown)
            #expect(
                end.answer == (claim == nil ? .unmanaged : .inDesiredMode),
                "claim \(claim.word) at \(shown.word), \(ledger)")
        }
    }

    /// Where so many steps lead.
    private static func end(
        _ claim: RequestableMode?, _ ledger: NodeLedger, _ shown: RequestableMode
    ) -> (answer: Reconciliation, ledger: NodeLedger, shown: RequestableMode) {
        var (ledger, shown) = (ledger, shown)
        var last = Reconciliation.unmanaged
        for step in 1...8 {
            let now = Moment.start + .seconds(step)
            last = reconcile(
                ModeWish(mode: claim), view: ModeView(mode: .known(shown.mode)), ledger: ledger, at: now.wall)
            switch last {
            case .send(let target, let cause):
                let change = ModeChange(
                    id: step, node: node, target: target, cause: cause, written: ledger.written?.mode, notAfter: now)
                #expect(change.permission(reading: .known(shown.mode)) == .send)
                ledger.intend(change, at: now)
                ledger.answer(ModeChangeAnswer(.accepted, read: .known(shown.mode)), of: step, at: now)
                shown = target
                ledger.settle(step, isReached: true, at: now)
            case .drop: ledger.drop()
            case .setFloor(let floor): ledger.setFloor(floor, at: Moment.start.wall)
            case .adopt(let mode): ledger.adopt(mode)
            case .inDesiredMode, .unmanaged, .waiting: break
            }
        }
        return (last, ledger, shown)
    }

    private static func ledger(
        written: RequestableMode? = nil, floor: RequestableMode? = nil, late: RequestableMode? = nil
    ) -> NodeLedger {
        var ledger = NodeLedger()
        if let late { ledger.settled(late, .claim, "unknown", read: nil, isReached: false) }
        if let written { ledger.adopt(written) }
        ledger.setFloor(floor, at: Moment.start.wall)
        return ledger
    }
}

extension Reconciliation {
    /// For tables.
    var word: String {
        switch self {
        case .inDesiredMode: "in desired mode"
        case .unmanaged: "unmanaged"
        case .send(let mode, let cause): "send \(mode.word) (\(cause.rawValue))"
        case .drop(.alreadyNormal): "drop already normal"
        case .drop(.foreign): "drop foreign"
        case .drop(.writtenOff): "drop written off"
        case .setFloor(let floor): "floor \(floor?.word ?? "none")"
        case .adopt(let mode): "adopt \(mode.word)"
        case .waiting(let wait):
            switch wait {
            case .unreadable: "wait: unreadable"
            case .initial: "wait: initial"
            case .unknownMode: "wait: unknown mode"
            case .isolated: "wait: isolated"
            case .contested: "wait: contested"
            case .openChange: "wait: open change"
            case .clock: "wait: clock"
            case .incarnation: "wait: incarnation"
            }
        }
    }
}
