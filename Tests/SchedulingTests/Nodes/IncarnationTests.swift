import Primitives
import Scheduling
import Testing

/// What tells one life of a node's process from the next.
struct IncarnationTests {
    /// Version, sessions created and destroyed, connections created; `away`: last seen `initial`.
    static let rows = Row.table(
        """
        before          after           same
        1 10 8 30       1 10 8 30       yes
        1 10 8 30       1 11 9 31       yes
        1 10 8 30       2 10 8 30       no
        1 10 8 30       1 9 8 30        no
        1 10 8 30       1 10 7 30       no
        1 10 8 30       1 10 8 29       no
        1 10 8 30       1 0 0 0         no
        1 0 0 0         1 0 0 0         yes
        1 - - -         1 0 0 0         yes
        1 10 8 30       1 - - -         yes
        1 10 8 30       - 10 8 30       yes
        - 10 8 30       2 10 8 30       yes
        - - - -         2 0 0 0         yes
        1 10 8 30       1 10 8 30 away  yes
        1 10 8 30 away  1 10 8 30 away  yes
        1 10 8 30 away  1 10 8 30       no
        1 - - - away    1 - - -         no
        1 10 8 30 away  1 0 0 0 away    no
        """)

    @Test(arguments: rows) func `the marks of one process only grow`(row: Row) throws {
        let before = Self.marks(try row.words("before"))
        #expect(before.mayBeSame(as: Self.marks(try row.words("after"))) == (try row.flag("same")))
    }

    /// What is not said later is kept from before.
    static let updates = Row.table(
        """
        before     after      known
        1 10 8 30  2 11 9 31  2 11 9 31
        1 10 8 30  - 11 9 31  1 11 9 31
        1 10 8 30  2 - - -    2 10 8 30
        - - - -    2 11 9 31  2 11 9 31
        """)

    @Test(arguments: updates) func `marks that are not said are kept`(row: Row) throws {
        let known = Self.marks(try row.words("before")).updated(by: Self.marks(try row.words("after")))
        #expect(known == Self.marks(try row.words("known")))
    }

    private static func marks(_ words: [String]) -> IncarnationMarks {
        var marks = IncarnationMarks(version: words[0] == "-" ? nil : NodeText(exactly: words[0]))
        marks.sessionsCreated = Int(words[1])
        marks.sessionsDestroyed = Int(words[2])
        marks.connectionsCreated = Int(words[3])
        return words.last == "away" ? marks.away : marks
    }

    /// Counters come from outside; nonsense never looks like an empty node.
    static let loads = Row.table(
        """
        created               destroyed             live
        5                     3                     2
        0                     0                     0
        0                     5                     9223372036854775807
        9223372036854775807   -1                    9223372036854775807
        -9223372036854775808  1                     9223372036854775807
        """)

    @Test(arguments: loads) func `live sessions are what was created and not destroyed`(row: Row) throws {
        let load = NodeLoad(
            ongoingConnections: 0, sessionsCreated: try #require(try row.number("created")),
            sessionsDestroyed: try #require(try row.number("destroyed")), connectionsCreated: 0)
        #expect(load.sessions == (try row.number("live")))
    }
}
