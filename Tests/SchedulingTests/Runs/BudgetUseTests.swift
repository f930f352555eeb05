import Primitives
import Scheduling
import Testing

/// How much of a cluster's budget is used, and what is left.
struct BudgetUseTests {
    /// `out`: nodes out of service, `regular` of them the regular ones; whether one more may go, a temporary one too; how
    /// many would have to come back; how many may be out at the very most.
    static let rows = Row.table(
        """
        nodes  out  regular  max  min  one more  temporary  excess  limit
        3      0    0        1    -    yes       yes        0       1
        3      1    1        1    -    no        no         0       1
        3      2    2        1    -    no        no         1       1
        3      3    3        1    -    no        no         2       1
        3      0    0        2    3    no        yes        0       0
        3      0    0        2    2    yes       yes        0       1
        3      1    1        2    2    no        yes        0       1
        3      2    2        2    2    no        no         1       1
        5      1    1        3    3    yes       yes        0       2
        5      2    2        3    3    no        yes        0       2
        5      4    4        3    3    no        no         2       2
        5      4    4        4    3    no        no         2       2
        10     1    1        25%  -    yes       yes        0       2
        10     2    2        25%  -    no        no         0       2
        3      0    0        10%  -    yes       yes        0       1
        3      0    0        0    -    no        no         0       0
        10     0    0        5    85%  yes       yes        0       1
        10     1    1        5    85%  no        yes        0       1
        10     0    0        5    100%  no       yes        0       0
        4      1    0        1    -    no        no         0       1
        4      1    0        2    4    no        yes        0       0
        4      1    0        2    3    yes       yes        0       1
        4      2    1        2    3    no        no         0       1
        4      3    1        2    3    no        no         1       1
        3      0    0        9    -    yes       yes        0       9
        2      0    0        1    3    no        no         1       0
        """)

    @Test(arguments: rows) func `one more, and how many too many`(row: Row) throws {
        let use = BudgetUse(
            total: try #require(try row.number("nodes")), unavailable: try #require(try row.number("out")),
            unavailableRegular: try row.number("regular"),
            budget: Budget(
                maxUnavailable: try #require(try Self.amount(row, "max")), minAvailable: try Self.amount(row, "min")))
        #expect(use.hasRoom() == (try row.flag("one more")))
        #expect(use.hasRoom(forTemporary: true) == (try row.flag("temporary")))
        #expect(use.excess == (try row.number("excess")))
        #expect(use.limit == (try row.number("limit")))
    }

    private static func amount(_ row: Row, _ name: String) throws -> Amount? {
        guard let text = try row.optional(name) else { return nil }
        let number = try #require(Int(text.replacing("%", with: "")))
        return text.hasSuffix("%") ? .percent(number) : .count(number)
    }

    /// Whatever is out: while there is room nothing is too much, and what is given back for an excess is enough.
    @Test func `room and excess never contradict each other`() {
        for total in 0...6 {
            for out in 0...total {
                for most in 0...total {
                    for least in [nil] + Array(0...total) as [Int?] {
                        let budget = Budget(maxUnavailable: .count(most), minAvailable: least.map { .count($0) })
                        let use = BudgetUse(total: total, unavailable: out, budget: budget)
                        let later = BudgetUse(total: total, unavailable: out + 1, budget: budget)
                        #expect(use.hasRoom() == (later.excess == 0), "\(use)")
                        let mended = BudgetUse(total: total, unavailable: out - use.excess, budget: budget)
                        #expect(mended.excess == 0, "\(use)")
                        #expect(out > use.limit || use.excess == 0, "\(use)")
                    }
                }
            }
        }
    }
}
