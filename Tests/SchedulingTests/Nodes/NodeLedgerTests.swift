import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What is durable about one node, fact by fact.
struct NodeLedgerTests {
    /// One ChangeMode to `block_new_connection`, from intent to settlement: what nagi had written before, what became of the
    /// call, what its read before the write showed, and whether the node then showed the target. After it: what is nagi's,
    /// somebody else's floor, and what may still arrive.
    static let claims = Row.table(
        """
        before      answer         read        reached  written     floor    late
        -           accepted       normal      yes      connection  -        -
        -           accepted       session     yes      connection  session  -
        session     accepted       session     yes      connection  -        -
        session     accepted       normal      yes      connection  -        -
        -           accepted       -           yes      connection  -        -
        -           unknown        normal      yes      connection  -        -
        -           unknown        session     yes      connection  session  -
        -           rejected       normal      yes      connection  -        -
        -           none           -           yes      connection  -        -
        -           already there  connection  yes      -           -        -
        session     already there  connection  yes      session     -        -
        connection  already there  connection  yes      connection  -        -
        -           declined       initial     yes      -           -        -
        -           not sent       -           yes      -           -        -
        -           not sent       normal      yes      -           -        -
        -           accepted       normal      no       -           -        connection
        -           accepted       session     no       -           session  connection
        session     accepted       session     no       session     -        connection
        -           unknown        normal      no       -           -        connection
        -           rejected       normal      no       -           -        connection
        -           none           -           no       -           -        connection
        -           already there  connection  no       -           -        -
        session     already there  connection  no       session     -        -
        -           declined       initial     no       -           -        -
        -           not sent       normal      no       -           -        -
        connection  not sent       -           no       connection  -        -
        """)

    @Test(arguments: claims) func `whose the mode is after a claim was sent`(row: Row) throws {
        try Self.check(row, target: .blockNewConnection, cause: .claim)
    }

    /// The same of a ChangeMode to `normal` that takes back what nagi wrote.
    static let releases = Row.table(
        """
        before      answer         read        reached  written     floor  late
        connection  accepted       connection  yes      -           -      -
        connection  unknown        connection  yes      -           -      -
        connection  none           -           yes      -           -      -
        connection  already there  normal      yes      -           -      -
        connection  declined       session     yes      connection  -      -
        connection  not sent       -           yes      connection  -      -
        connection  accepted       connection  no       connection  -      normal
        connection  unknown        connection  no       connection  -      normal
        connection  rejected       connection  no       connection  -      normal
        connection  declined       session     no       connection  -      -
        connection  not sent       connection  no       connection  -      -
        """)

    @Test(arguments: releases) func `whose the mode is after a release was sent`(row: Row) throws {
        try Self.check(row, target: .normal, cause: .release)
    }

    /// Down to the floor, it is theirs from there on.
    @Test func `a release that stops at a floor leaves nothing of nagi's`() {
        var ledger = NodeLedger()
        ledger.setFloor(.blockNewSession, at: Moment.start.wall)
        ledger.adopt(.blockNewConnection)
        ledger.settled(.blockNewSession, .release, "accepted", read: .known(.blockNewConnection), isReached: true)
        #expect(ledger.written == nil)
        #expect(ledger.floor == .blockNewSession)
    }

    private static func check(_ row: Row, target: RequestableMode, cause: ModeChange.Cause) throws {
        var ledger = NodeLedger()
        if let before = try row.mode("before") { ledger.adopt(before) }
        ledger.settled(
            target, cause, try row.text("answer"), read: try row.observed("read"),
            isReached: try row.flag("reached") ?? false)
        #expect(ledger.open == nil)
        #expect(ledger.written?.mode == (try row.mode("written")))
        #expect(ledger.floor == (try row.mode("floor")))
        let late = try row.mode("late").map { [$0] } ?? []
        #expect(ledger.unsettled.map(\.mode) == late)
        #expect(ledger.isAttached(at: Moment.start.wall) == (ledger.written != nil || !late.isEmpty))
    }

    /// Somebody set `block_new_session`; nagi sends more, and its own write is found there when it is sent once more.
    @Test func `a floor that was found before the write stays when nagi escalates`() {
        var ledger = NodeLedger()
        ledger.setFloor(.blockNewSession, at: Moment.start.wall)
        ledger.settled(.blockNewConnection, .claim, "accepted", read: .known(.blockNewSession), isReached: true)
        #expect(ledger.floor == .blockNewSession)
        #expect(ledger.written?.mode == .blockNewConnection)
    }

    /// What nagi wrote and gave up is nobody else's floor when the next write finds it.
    @Test func `a write of nagi's own that arrived late is no floor`() {
        var ledger = NodeLedger()
        ledger.settled(.blockNewSession, .claim, "unknown", read: .known(.normal), isReached: false)
        ledger.settled(.blockNewConnection, .claim, "accepted", read: .known(.blockNewSession), isReached: true)
        #expect(ledger.floor == nil)
        var other = NodeLedger()
        other.settled(.blockNewConnection, .claim, "unknown", read: .known(.normal), isReached: false)
        other.settled(.blockNewConnection, .claim, "already there", read: .known(.blockNewConnection), isReached: true)
        #expect(other.written?.mode == .blockNewConnection)
    }

    /// `notAfter` is at 6 s; what is lost may arrive until a minute after that, by the wall clock.
    static let expiry = Row.table(
        """
        at      may arrive  attached
        0       yes         yes
        1m5.9s  yes         yes
        1m6s    no          no
        1h      no          no
        """)

    @Test(arguments: expiry) func `a lost write is forgotten a minute after its notAfter`(row: Row) throws {
        var ledger = NodeLedger()
        ledger.settled(.blockNewConnection, .claim, "unknown", read: .known(.normal), isReached: false)
        let now = try #require(try row.moment("at"))
        #expect(ledger.mayStillArrive(.blockNewConnection, at: now.wall) == (try row.flag("may arrive")))
        #expect(!ledger.mayStillArrive(.blockNewSession, at: now.wall))
        #expect(ledger.isAttached(at: now.wall) == (try row.flag("attached")))
        ledger.intend(.to(.blockNewSession, .claim, at: now), at: now)
        #expect(ledger.unsettled.isEmpty == (try row.flag("may arrive") == false))
    }

    @Test func `a mode that is lost twice may arrive until a minute after the later`() {
        var ledger = NodeLedger()
        ledger.settled(.blockNewConnection, .claim, "unknown", read: .known(.normal), isReached: false)
        ledger.settled(
            .blockNewConnection, .claim, "unknown", read: .known(.normal), isReached: false, at: .start + .seconds(30))
        #expect(ledger.unsettled.count == 1)
        #expect(ledger.mayStillArrive(.blockNewConnection, at: (.start + .seconds(95)).wall))
    }

    @Test func `an answer to another change settles nothing`() {
        var ledger = NodeLedger()
        let change = ModeChange.to(.blockNewSession, .claim, id: 7, at: .start)
        ledger.intend(change, at: .start)
        ledger.answer(ModeChangeAnswer(.accepted), of: 6, at: .start)
        ledger.settle(6, isReached: true, at: .start)
        #expect(ledger.open?.change == change)
        #expect(ledger.open?.answer == nil)
        #expect(ledger.written == nil)
    }

    /// Another life of the node's process: what becomes of each thing that is known.
    @Test func `a restart of the node ends debt and floor, and keeps what is claimed`() {
        var claimed = NodeLedger()
        claimed.adopt(.blockNewSession)
        claimed.setFloor(.blockNewConnection, at: Moment.start.wall)
        claimed.loosened(at: Moment.start.wall)
        let hold = Hold(wish: .handsOff, actor: "ann", reason: "looks at it", since: Moment.start.wall)
        claimed.hold = hold
        claimed.intend(.to(.blockNewConnection, .claim, at: .start), at: .start)
        var owed = claimed
        owed.owe(since: Moment.start.wall)
        for (name, before, stays) in [("claimed", claimed, true), ("owed", owed, false)] {
            var ledger = before
            ledger.restarted(IncarnationMarks(version: "2"))
            #expect(ledger.incarnation == 1, "\(name)")
            #expect((ledger.written != nil) == stays, "\(name)")
            #expect(ledger.written.map(\.incarnation) == (stays ? 0 : nil), "of the life before")
            #expect(ledger.floor == nil && ledger.loosenings.isEmpty, "\(name)")
            #expect(ledger.hold == hold && ledger.open != nil, "\(name)")
            ledger.seenAgain()
            #expect(ledger.written.map(\.incarnation) == (stays ? 1 : nil), "\(name)")
        }
    }

    @Test func `a debt survives a write that confirms the mode, and an adoption is no debt`() {
        var ledger = NodeLedger()
        ledger.adopt(.blockNewSession)
        ledger.owe(since: Moment.start.wall)
        ledger.settled(.blockNewSession, .drift, "accepted", read: .known(.normal), isReached: true)
        #expect(ledger.written?.owedSince == Moment.start.wall)
        ledger.adopt(.blockNewConnection)
        #expect(ledger.written?.owedSince == nil)
    }

    /// When somebody loosened the mode, and until when it is contested.
    static let contested = Row.table(
        """
        loosened             now     until
        -                    5m      -
        0 1m                 2m      -
        0 1m 2m              2m      10m
        0 1m 2m              9m59s   10m
        0 1m 2m              10m     -
        0 1m 2m 3m           5m      11m
        0 1m 2m 3m           10m     11m
        0 1m 2m 3m           11m     -
        0 5m 10m             10m     -
        0 5m 9m59s           9m59s   10m
        0 5m 10m 12m         12m     15m
        8m 9m 10m            1m      -
        8m 9m 10m 2m         2m      -
        """)

    /// An instant that is later than now comes from a clock that was wrong.
    @Test(arguments: contested) func `three loosenings in ten minutes contest the mode`(row: Row) throws {
        var ledger = NodeLedger()
        for word in try row.words("loosened") {
            ledger.loosened(at: (Moment.start + (try #require(Word.duration(word)))).wall)
        }
        let now = try #require(try row.moment("now"))
        #expect(ledger.contestedUntil(at: now.wall) == (try row.moment("until"))?.wall)
    }

    /// From one set of policies to the next: the address where nagi goes on to look for what it wrote.
    static let addresses = Row.table(
        """
        written  addresses  looks at
        no       A B        -
        yes      A A        -
        yes      A B        A
        yes      A B C      A
        """)

    @Test(arguments: addresses) func `a node that something of nagi's is on keeps its address`(row: Row) throws {
        var ledger = NodeLedger()
        if try row.flag("written") == true { ledger.adopt(.blockNewSession) }
        let addresses = try row.words("addresses").map { NodeAddress(api: $0, ready: nil) }
        for (old, new) in zip(addresses, addresses.dropFirst()) { ledger.noteAddress(from: old, to: new) }
        #expect(ledger.formerAddress?.api == (try row.optional("looks at")))
    }

    @Test(arguments: [["A", "B", "A"], ["A", "B", "C", "A"]])
    func `an address that is taken back was never left`(addresses: [String]) {
        var ledger = NodeLedger()
        ledger.adopt(.blockNewSession)
        for (old, new) in zip(addresses, addresses.dropFirst()) {
            ledger.noteAddress(from: NodeAddress(api: old, ready: nil), to: NodeAddress(api: new, ready: nil))
        }
        #expect(ledger.formerAddress == nil)
    }

    @Test func `whoever asked before a crash does not answer any more`() {
        var ledger = NodeLedger()
        ledger.intend(.to(.blockNewSession, .claim, at: .start), at: .start)
        // The host was rebooted: its uptime begins anew.
        let later = Moment(wall: (Moment.start + .minutes(5)).wall, uptime: Uptime(nanoseconds: 20_000_000_000))
        ledger.lostCaller(at: later)
        #expect(ledger.open.map { $0.change.notAfter.uptime <= later.uptime } == true)
        guard case .unknown? = ledger.open?.answer?.outcome else {
            Issue.record("\(String(describing: ledger.open))")
            return
        }
        #expect(ledger.open?.answeredAt == later)
    }
}

extension ModeChange {
    /// To be sent within six seconds.
    static func to(_ target: RequestableMode, _ cause: Cause, id: Int = 1, at now: Moment) -> ModeChange {
        ModeChange(
            id: id, node: ReconcileTests.node, target: target, cause: cause, written: nil, notAfter: now + .seconds(6))
    }
}

extension NodeLedger {
    /// From intent to settlement.
    ///
    /// - Parameter answer: as in the tables; `none`: no answer came.
    mutating func settled(
        _ target: RequestableMode, _ cause: ModeChange.Cause, _ answer: String, read: ObservedMode?, isReached: Bool,
        at now: Moment = .start
    ) {
        intend(.to(target, cause, at: now), at: now)
        let outcome: ModeChangeAnswer.Outcome? =
            switch answer {
            case "accepted": .accepted
            case "already there": .alreadyThere
            case "declined": .declined
            case "rejected": .rejected("403")
            case "not sent": .notSent("no connection")
            case "unknown": .unknown("no answer in time")
            default: nil
            }
        if let outcome { self.answer(ModeChangeAnswer(outcome, read: read), of: 1, at: now) }
        settle(1, isReached: isReached, at: now)
    }
}
