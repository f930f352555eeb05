import Scheduling
import Testing

/// Majorities, as a table.
struct QuorumTests {
    static let rows = Row.table(
        """
        nodes  majority  slack
        0      1         0
        1      1         0
        2      2         0
        3      2         1
        4      3         1
        5      3         2
        6      4         2
        7      4         3
        8      5         3
        9      5         4
        100    51        49
        """)

    @Test(arguments: rows) func `more than half`(row: Row) throws {
        let quorum = Quorum(total: try #require(try row.number("nodes")))
        let majority = try #require(try row.number("majority"))
        #expect(quorum.majority == majority)
        #expect(quorum.slack == (try row.number("slack")))
        #expect(quorum.isMajority(majority) && !quorum.isMajority(majority - 1))
    }

    /// Who is left is a majority of all.
    @Test func `one more may go while the rest is a majority`() {
        for total in 0...40 {
            for missing in 0...total {
                let isMajority = (total - missing - 1) * 2 > total
                #expect(Quorum(total: total).survives(missing + 1) == isMajority, "\(missing) of \(total)")
            }
        }
    }
}
