import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What is wanted of a node's mode: the strictest claim, how firmly, and who may veto it.
struct WishTests {
    /// A run has the node drained (`out`) or its upgrade behind it (`committed`), or none has it; the policy yields to
    /// people or not; a hold, for an hour where it is said; and what an earlier failure keeps it at.
    static let rows = Row.table(
        """
        part       yields  hold            kept        wish        strength
        -          no      -               -           -           -
        -          no      hands off       -           -           -
        -          no      reserved        -           -           -
        -          no      session         -           session     firm
        -          no      session 1h      -           session     firm
        -          no      session over    -           -           -
        -          no      -               connection  connection  yielding
        -          no      hands off       connection  connection  yielding
        -          no      keep open       connection  -           -
        -          no      keep open over  connection  connection  yielding
        -          no      session         connection  connection  firm
        -          no      connection      session     connection  firm
        out        no      -               -           connection  firm
        out        yes     -               -           connection  yielding
        out        yes     hands off       -           connection  firm
        out        no      session         -           connection  firm
        out        no      keep open       -           -           -
        committed  no      -               -           connection  firm
        committed  yes     -               -           connection  firm
        """)

    @Test(arguments: rows) func `the strictest claim`(row: Row) throws {
        let id = NodeID(cluster: "c", name: "a1")
        let sequence =
            try row.text("part") == "committed" ? StartDecisionTests.committing : StartDecisionTests.waiting
        var set = ScriptedRehearsal.rollout(Strategy(), sequence: sequence, names: ["a1", "a2"])
        if try row.optional("part") == nil { set.policies[0].selector = Selector(nodes: ["a2"]) }
        set.policies[0].onDrift = try row.flag("yields") == true ? .yield : .reassert
        var rehearsal = ScriptedRehearsal(set)
        rehearsal.advance(by: .minutes(1))
        if let kept = try row.mode("kept") {
            let stay = FailedStay(
                run: LedgerTests.id, policy: "other", mode: kept, reason: "it broke", since: Moment.start.wall)
            rehearsal.perform(.notes(.stayPlaced(id, stay, .of(id))))
        }
        if let text = try row.optional("hold") {
            let words = text.split(separator: " ").map(String.init)
            let wish: Hold.Wish =
                switch words[0] {
                case "hands": .handsOff
                case "reserved": .reserved
                case "keep": .keepOpen
                default: Word.mode(words[0]).map(Hold.Wish.mode) ?? .handsOff
                }
            var until: Timestamp?
            if words.last == "1h" { until = Moment.start.wall + .hours(1) }
            if words.last == "over" { until = Moment.start.wall + .seconds(30) }
            let hold = Hold(wish: wish, actor: "ann", reason: "looks", since: Moment.start.wall, until: until)
            rehearsal.perform(.notes(.holdPlaced(id, hold)))
        }
        let node = try #require(rehearsal.controller.ledger.index(of: id))
        let wish = rehearsal.controller.wish(of: node, rehearsal.now)
        #expect(wish.mode == (try row.mode("wish")))
        if let strength = try row.optional("strength") { #expect("\(wish.strength)" == strength) }
    }
}
