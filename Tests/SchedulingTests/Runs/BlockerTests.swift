import ModeCore
import Primitives
import Scheduling
import Testing

/// What each reason says about itself: its code, what kind of thing would lift it, and whether the policy orders the wait.
struct BlockerTests {
    static let rows = Row.table(
        """
        reason           code              class     ordered
        suspended        suspended         config    no
        policiesMissing  waiting-policies  human     no
        runPaused        paused            human     no
        allPaused        paused            human     no
        runEnding        waiting-previous  ours      no
        clock            waiting-clock     ours      no
        excluded         excluded          clock     no
        outsideWindow    waiting-window    clock     no
        cutoff           waiting-window    clock     no
        wrongTopology    wrong-topology    config    no
        approval         waiting-approval  human     yes
        promotion        waiting-approval  human     yes
        stepApproval     waiting-approval  human     yes
        canarySoak       waiting-previous  clock     yes
        canaryBroken     waiting-previous  health    no
        canaryFirst      waiting-previous  capacity  no
        groupFirst       waiting-previous  capacity  no
        groupWait        waiting-previous  clock     yes
        betweenNodes     waiting-previous  clock     yes
        backOff          waiting-budget    clock     no
        held             held              human     no
        keptOpen         kept-open         human     no
        reserved         reserved          human     no
        nodeBusy         node-busy         capacity  no
        failedStay       failed            human     no
        owed             owed              ours      no
        notRead          not-read-yet      health    no
        unreachable      unreachable       health    no
        stale            stale             health    no
        unknownMode      unknown-mode      health    no
        initial          initial           health    no
        foreign          foreign           human     no
        faulted          faulted           health    no
        isolated         isolated          health    no
        notReady         stale             health    no
        notNormal        foreign           health    no
        listedOtherwise  wrong-address     health    no
        quorum           waiting-quorum    capacity  no
        runFull          waiting-previous  capacity  no
        budget           waiting-budget    capacity  no
        identity         waiting-previous  ours      no
        gate             waiting-gate      health    no
        sweep            waiting-budget    ours      no
        """)

    /// Other programs build on these: none goes, and a new one is a new version of the API.
    @Test func `the verdict codes are a closed list`() {
        let codes =
            """
            in-desired-mode unmanaged draining blocked running-command rejoining verifying restoring soaking
            waiting-step waiting-window excluded suspended waiting-budget waiting-quorum waiting-gate waiting-approval
            waiting-previous waiting-clock waiting-policies not-read-yet node-busy reserved held kept-open paused foreign
            contested faulted refused isolated initial unreachable stale unknown-mode not-listed wrong-address
            wrong-topology owed failed not-covered journal-lost would
            """
        let words = codes.split { $0 == " " || $0 == "\n" }.map(String.init)
        #expect(VerdictCode.allCases.map(\.rawValue) == words)
    }

    static let reasons: [Blocker.Reason] = [
        .suspended, .policiesMissing, .runPaused(Pause(.failures, reason: "one", since: Timestamp(seconds: 0))),
        .allPaused(Pause(.person, reason: "two", actor: "ann", since: Timestamp(seconds: 0))), .runEnding(.windowEnded),
        .clock,
        .excluded(by: "freeze", reason: nil), .outsideWindow, .cutoff(.minutes(30)), .wrongTopology,
        .approval("drain → restore on 2 nodes"), .promotion, .stepApproval(["a"]),
        .canarySoak(["a"]),
        .canaryBroken("a"), .canaryFirst(["a"]), .groupFirst("x", ["a"]), .groupWait(previous: "x"), .betweenNodes,
        .backOff(.minutes(10), why: "x", holders: ["a"]), .held(actor: "ann", reason: "r"),
        .keptOpen(actor: "ann", reason: "r"),
        .reserved(actor: "ann", reason: "r"), .nodeBusy(LedgerTests.id), .failedStay(LedgerTests.id), .owed, .notRead,
        .unreachable(.timedOut), .stale, .unknownMode("draining"), .initial, .foreign(.blockNewSession), .faulted,
        .isolated, .notReady, .notNormal(.blockNewSession), .listedOtherwise(.known(.initial)), .quorum(missing: []),
        .runFull(have: 1, limit: 1, holders: ["a"]), .budget(have: 1, limit: 1, holders: ["a"]), .identity("a"),
        .gate(name: "g", "bad"), .sweep,
    ]

    @Test func `every reason has its sample and its row`() throws {
        #expect(Self.reasons.map(\.kind) == Blocker.Reason.Kind.allCases)
        #expect(try Self.rows.map { try $0.text("reason") } == Self.reasons.map(\.word))
    }

    @Test(arguments: zip(rows, reasons)) func `code and class`(row: Row, reason: Blocker.Reason) throws {
        let blocker = Blocker(reason)
        #expect(blocker.code.rawValue == (try row.text("code")))
        #expect(blocker.class.rawValue == (try row.text("class")))
        #expect(blocker.isOrdered == (try row.flag("ordered")))
        #expect(!blocker.text.isEmpty && !blocker.lift.isEmpty)
    }

    @Test func `what lifts a gate is a good measurement, not the node`() {
        let reason = Blocker.Reason.gate(name: "calm", "bad: 7 is more than 0.5")
        #expect(Blocker(reason).lift == "a good measurement")
    }
}

extension Blocker.Reason {
    /// The cases without their values: a new case does not compile before it has one, and then wants sample and row.
    enum Kind: String, CaseIterable {
        case suspended, policiesMissing, runPaused, allPaused, runEnding, clock, excluded, outsideWindow, cutoff,
            wrongTopology,
            approval, promotion, stepApproval, canarySoak, canaryBroken, canaryFirst, groupFirst, groupWait,
            betweenNodes, backOff,
            held,
            keptOpen, reserved, nodeBusy, failedStay, owed, notRead, unreachable, stale, unknownMode, initial,
            foreign, faulted, isolated, notReady, notNormal, listedOtherwise, quorum, runFull, budget, identity, gate,
            sweep
    }

    var word: String { kind.rawValue }

    var kind: Kind {
        switch self {
        case .suspended: .suspended
        case .policiesMissing: .policiesMissing
        case .runPaused: .runPaused
        case .allPaused: .allPaused
        case .runEnding: .runEnding
        case .clock: .clock
        case .excluded: .excluded
        case .outsideWindow: .outsideWindow
        case .cutoff: .cutoff
        case .wrongTopology: .wrongTopology
        case .approval: .approval
        case .promotion: .promotion
        case .stepApproval: .stepApproval
        case .canarySoak: .canarySoak
        case .canaryBroken: .canaryBroken
        case .canaryFirst: .canaryFirst
        case .groupFirst: .groupFirst
        case .groupWait: .groupWait
        case .betweenNodes: .betweenNodes
        case .backOff: .backOff
        case .held: .held
        case .keptOpen: .keptOpen
        case .reserved: .reserved
        case .nodeBusy: .nodeBusy
        case .failedStay: .failedStay
        case .owed: .owed
        case .notRead: .notRead
        case .unreachable: .unreachable
        case .stale: .stale
        case .unknownMode: .unknownMode
        case .initial: .initial
        case .foreign: .foreign
        case .faulted: .faulted
        case .isolated: .isolated
        case .notReady: .notReady
        case .notNormal: .notNormal
        case .listedOtherwise: .listedOtherwise
        case .quorum: .quorum
        case .runFull: .runFull
        case .budget: .budget
        case .identity: .identity
        case .gate: .gate
        case .sweep: .sweep
        }
    }
}
