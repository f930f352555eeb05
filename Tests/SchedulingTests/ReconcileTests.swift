import ModeCore
import Primitives
import Scheduling
import Testing

/// One row per line: claim, what nagi wrote, somebody else's floor, what the node shows, and the answer.
struct ReconcileTests {
    struct Row: CustomTestStringConvertible {
        var claim: RequestableMode?
        var written: RequestableMode?
        var floor: RequestableMode?
        var observed: ObservedMode
        var answer: Reconciliation
        var testDescription: String {
            "claim \(claim?.rawValue ?? "-"), written \(written?.rawValue ?? "-"), floor \(floor?.rawValue ?? "-"),"
                + " observed \(observed)"
        }

        init(
            _ claim: RequestableMode?, _ written: RequestableMode?, _ floor: RequestableMode?, _ observed: NodeMode,
            _ answer: Reconciliation
        ) {
            self.claim = claim
            self.written = written
            self.floor = floor
            self.observed = .known(observed)
            self.answer = answer
        }
    }

    static let rows: [Row] = [
        // Nobody claims it, and nothing was written.
        Row(nil, nil, nil, .normal, .unmanaged),
        Row(nil, nil, nil, .blockNewSession, .setFloor(.blockNewSession)),
        Row(nil, nil, .blockNewSession, .blockNewSession, .unmanaged),
        Row(nil, nil, .blockNewSession, .normal, .setFloor(nil)),
        // A claim.
        Row(.blockNewSession, nil, nil, .normal, .send(.blockNewSession, .claim)),
        Row(.blockNewSession, .blockNewSession, nil, .blockNewSession, .inDesiredMode),
        Row(.blockNewConnection, .blockNewSession, nil, .blockNewSession, .send(.blockNewConnection, .claim)),
        Row(.blockNewSession, nil, .blockNewConnection, .blockNewConnection, .inDesiredMode),
        Row(.blockNewConnection, nil, .blockNewSession, .blockNewSession, .send(.blockNewConnection, .claim)),
        // What was claimed and written is gone.
        Row(.blockNewConnection, .blockNewConnection, nil, .normal, .send(.blockNewConnection, .drift)),
        Row(.blockNewConnection, .blockNewConnection, nil, .blockNewSession, .send(.blockNewConnection, .drift)),
        // Giving back what was written, down to what somebody else wants.
        Row(nil, .blockNewConnection, nil, .blockNewConnection, .send(.normal, .release)),
        Row(nil, .blockNewConnection, .blockNewSession, .blockNewConnection, .send(.blockNewSession, .release)),
        Row(nil, .blockNewSession, nil, .blockNewConnection, .setFloor(.blockNewConnection)),
        Row(nil, .blockNewSession, .blockNewConnection, .blockNewConnection, .drop(.foreign)),
        Row(nil, .blockNewConnection, nil, .blockNewSession, .drop(.foreign)),
        Row(nil, .blockNewConnection, nil, .normal, .drop(.alreadyNormal)),
        // `initial` is never written to.
        Row(.blockNewConnection, .blockNewConnection, nil, .initial, .waiting(.initial)),
        Row(nil, .blockNewConnection, nil, .initial, .waiting(.initial)),
    ]

    @Test(arguments: rows) func `one step towards the desired mode`(row: Row) {
        #expect(reconcile(desired: row.claim, view: view(row.observed), ledger: ledger(row)) == row.answer)
    }

    @Test func `a restarted node gets its block back without counting as drift`() {
        let row = Row(.blockNewConnection, .blockNewConnection, nil, .normal, .inDesiredMode)
        var view = view(row.observed)
        view.isRestarted = true
        let answer = reconcile(desired: row.claim, view: view, ledger: ledger(row))
        #expect(answer == .send(.blockNewConnection, .restarted))
    }

    @Test func `an isolated node is never opened`() {
        let row = Row(nil, .blockNewConnection, nil, .blockNewConnection, .inDesiredMode)
        var view = view(row.observed)
        view.isConnected = false
        #expect(reconcile(desired: nil, view: view, ledger: ledger(row)) == .waiting(.isolated))
    }

    @Test func `a node that cannot be read gets no write`() {
        let row = Row(.blockNewSession, nil, nil, .normal, .inDesiredMode)
        var view = view(row.observed)
        view.isReadable = false
        #expect(reconcile(desired: row.claim, view: view, ledger: ledger(row)) == .waiting(.unreadable))
    }

    @Test func `after three drifts in ten minutes the mode is contested`() {
        let row = Row(.blockNewSession, .blockNewSession, nil, .normal, .inDesiredMode)
        var ledger = ledger(row)
        ledger.drifts = (0..<3).map { Timestamp(seconds: $0) }
        #expect(reconcile(desired: row.claim, view: view(row.observed), ledger: ledger) == .waiting(.contested))
    }

    @Test func `a write that was given up and arrives late is nagi's own`() {
        let row = Row(nil, nil, nil, .blockNewSession, .inDesiredMode)
        var view = view(row.observed)
        view.doubts = [.blockNewSession]
        #expect(reconcile(desired: nil, view: view, ledger: ledger(row)) == .adopt(.blockNewSession))
    }

    @Test func `an unknown mode is observed and left alone`() {
        let answer = reconcile(desired: .blockNewSession, view: view(.unknown("draining")), ledger: NodeLedger())
        #expect(answer == .waiting(.unknownMode))
    }

    /// The read before the write never lets a stricter mode through that nagi did not write.
    @Test func `no write loosens what somebody else set`() {
        for target in RequestableMode.allCases {
            for read in RequestableMode.allCases {
                for written in [nil, .blockNewSession, .blockNewConnection] as [RequestableMode?] {
                    let change = ModeChange(
                        id: 1, node: NodeID(cluster: "c", name: "n"), target: target, cause: .claim, written: written)
                    let permission = change.permission(reading: .known(read.mode))
                    if target < read, read != written { #expect(permission == .decline) }
                    if target == read { #expect(permission == .alreadyThere) }
                    if target > read { #expect(permission == .send) }
                }
            }
        }
    }

    private func view(_ mode: ObservedMode) -> NodeView {
        NodeView(isReadable: true, mode: mode, isConnected: true, isRestarted: false)
    }

    private func ledger(_ row: Row) -> NodeLedger {
        var ledger = NodeLedger()
        ledger.written = row.written
        ledger.floor = row.floor
        return ledger
    }
}
