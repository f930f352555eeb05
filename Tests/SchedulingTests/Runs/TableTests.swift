import Testing

@testable import Scheduling

/// The table of section 5: what a part's phase makes of each happening, as the documentation shows it.
struct TableTests {
    static let variants: [Table.Traits] = OnWindowEnd.allCases.flatMap { end in
        OnFailure.allCases.map { Table.Traits(onWindowEnd: end, onFailure: $0) }
    }

    /// What the table must keep, whatever its cells say.
    @Test(arguments: variants) func `the point of no return is one`(traits: Table.Traits) {
        for happening in Table.Happening.allCases {
            let cells = Dictionary(
                uniqueKeysWithValues: Table.Phase.allCases.map {
                    ($0, Table.response(of: $0, to: happening, traits))
                })
            // Only what still can be undone is given back, and what has no claim has nothing to give back.
            for phase in [Table.Phase.queued, .returning, .soaking] {
                if case .giveBack = cells[phase] { Issue.record("\(happening) gives back what is \(phase)") }
            }
            if case .giveBack = cells[.committed], happening != .stepFails {
                Issue.record("\(happening) gives back what is committed")
            }
            // A claim stays behind only after commitment.
            for phase in Table.Phase.allCases where phase != .committed {
                #expect(cells[phase] != .failAndStay, "\(happening) \(phase)")
            }
            // Whatever gives back a node that is out never lets a queued one start.
            if case .giveBack = cells[.out] { #expect(cells[.queued] != .on, "\(happening)") }
        }
    }

    @Test func `the words of results are those that the journal keeps`() {
        #expect(
            PartResult.allCases.map(\.rawValue) == [
                "done", "skipped", "failed", "released", "yielded", "held", "foreign", "not-reached", "not-covered",
                "already-there", "ended", "would",
            ])
        #expect(
            Table.Phase.allCases.map(\.rawValue) == PartPhase.Kind.allCases.map(\.rawValue).filter { $0 != "finished" })
    }
}
