import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What is counted of a cluster: who is out of service, who sees whom, who was read. Lists as in `RosterTests`.
struct FleetTests {
    private static let cluster = ClusterIndex(0)
    private static let now = Moment.start + .seconds(5)

    /// The configured nodes, then those that left the policies and that nagi is not through with; `members` is what every
    /// node that answers lists, `before` what they listed before. All but those that are `out` serve; `silent` ones were not
    /// read lately.
    private static func fleet(_ row: Row, isClustered: Bool = true) throws -> Fleet {
        let configured = try row.words("nodes")
        let retained = (try? row.words("left")) ?? []
        func set(_ names: [String]) -> PolicySet {
            PolicySet(
                clusters: [
                    ClusterPolicy(
                        name: "c", topology: isClustered ? .clustered : .standalone,
                        nodes: names.map { ClusterNode(name: $0, api: "http://\($0)/") },
                        budget: Budget(maxUnavailable: .count(2)))
                ], digest: names.joined())
        }
        var ledger = Ledger(folding: [Record(at: .start, fact: .policiesLoaded(set(configured + retained)))])
        for name in retained {
            ledger.apply(
                Record(at: .start, fact: .modeAdopted(NodeID(cluster: "c", name: name), .blockNewSession)))
        }
        ledger.apply(Record(at: .start, fact: .policiesLoaded(set(configured))))
        var fleet = Fleet(ledger, keeping: nil, at: .start)
        let silent = (try? row.words("silent")) ?? []
        let out = try row.words("out") + silent
        for text in [(try? row.optional("before")) ?? nil, try row.optional("members")].compactMap({ $0 }) {
            for (place, entry) in ledger.nodes.enumerated() where !silent.contains(entry.id.name) {
                _ = fleet[cluster].roster.take(RosterTests.members(text), from: place, begun: .start)
            }
            if let found = fleet[cluster].roster.membership {
                let names = ledger.nodes.map(\.id.name)
                fleet[cluster].membership = found.following(fleet[cluster].membership) { names.contains($0) }
                fleet.noteMembership(of: cluster)
            }
        }
        for (place, entry) in ledger.nodes.enumerated() where !silent.contains(entry.id.name) {
            let isOut = out.contains(entry.id.name)
            _ = fleet[NodeIndex(place)].take(.known(isOut ? .blockNewSession : .normal), begun: .start)
            _ = fleet.setOut(isOut, NodeIndex(place))
        }
        return fleet
    }

    static let uses = Row.table(
        """
        nodes    left  before    members           out  silent  N  U  regular  named
        a b c    -     -         a b c             -    -       3  0  0        -
        a b c    -     -         a b c             b    -       3  1  1        b
        a b c    -     -         a b c             b    c       3  2  2        b c
        a b c    -     -         -                 b    -       3  1  1        b
        a b c    -     -         a b c x           -    -       4  0  0        -
        a b c    -     -         a b c x!          b    -       4  2  2        b x
        a b c    -     -         a b c x=session   -    -       4  1  1        x
        a b c    -     -         a b c x=normal    -    -       4  0  0        -
        a b c    -     a b c x   a b c             -    -       3  0  0        -
        a b c    -     -         a b c t~          -    -       3  0  0        -
        a b c    -     -         a b c t~=session  -    -       3  1  0        t
        a b c    -     a b c t~  a b c             -    -       3  0  0        -
        a b c t  -     -         a b c t~          t    -       3  1  0        t
        a b c t  -     -         a b c t~          a t  -       3  2  1        a t
        a b c t  -     a b c t~  a b c             a    -       3  1  1        a
        a b c    d     -         a b c d           d    -       4  1  1        d
        a b c    d     -         a b c             d    -       3  1  1        d
        a b c    d     a b c d   a b c d!          -    d       4  1  1        d
        a b      -     -         a b               a b  -       2  2  2        a b
        """)

    @Test(arguments: uses) func `who counts as out of service`(row: Row) throws { try Self.check(row) }

    /// Those that do not count are no reason, and are not named as one.
    static let gone = Row.table(
        """
        nodes    left  before    members  out  silent  N  U  regular  named
        a b c t  -     a b c t~  a b c    -    t       3  0  0        -
        a b c t  -     a b c t~  a b c    a    t       3  1  1        a
        a b c    d     a b c d   a b c    -    d       3  0  0        -
        a b c    d     -         a b c    b    d       3  1  1        b
        """)

    @Test(arguments: gone) func `who is gone does not count and is not named`(row: Row) throws {
        try Self.check(row)
    }

    private static func check(_ row: Row) throws {
        let fleet = try fleet(row)
        let use = fleet.budgetUse(of: cluster, at: now)
        #expect(use.total == (try row.number("N")))
        #expect(use.unavailable == (try row.number("U")))
        #expect(use.unavailableRegular == (try row.number("regular")))
        let named = fleet.out(of: cluster, at: now, atMost: .max).map {
            $0.replacing(" (not in the policies)", with: "")
        }
        #expect(named == (try row.words("named")))
    }

    /// Whether the cluster keeps its majority while the node is disrupted; `committed`: others in disruptive steps.
    static let quorums = Row.table(
        """
        nodes      left  members      out  silent  committed  node  quorum
        a b c      -     a b c        -    -       -          a     yes
        a b c      -     a b c        b c  -       -          a     yes
        a b c      -     a b c        -    -       b          a     no
        a b c      -     a b c!       -    -       -          a     no
        a b c      -     a b c!       -    -       -          c     yes
        a b c      -     a b c        -    c       -          a     yes
        a b c      -     -            -    -       -          a     no
        a b        -     a b          -    -       -          a     no
        a          -     a            -    -       -          a     no
        a b c d e  -     a b c d e    -    -       b          a     yes
        a b c d e  -     a b c d e    -    -       b c        a     no
        a b c d e  -     a b c! d! e  -    -       -          a     no
        a b c      -     a b c x      -    -       -          a     yes
        a b c      -     a b c x!     -    -       -          a     no
        a b c      -     a b c x y    -    -       b          a     yes
        a b t      -     a b t~       -    -       -          a     no
        a b c t    -     a b c t~     -    -       t          a     yes
        a b c t    -     a b c t~     -    -       b          t     yes
        a b c t    -     a b c t~!    -    -       -          a     yes
        a b c      d     a b c d      -    -       -          a     yes
        a b c      d     a b c d!     -    d       -          a     no
        a b c      d     a b c        -    d       -          a     yes
        """)

    @Test(arguments: quorums) func `a node is disrupted only where the rest is a majority`(row: Row) throws {
        let fleet = try Self.fleet(row)
        func index(_ name: String) -> NodeIndex? {
            fleet.nodes.firstIndex { $0.id.name == name }.map { NodeIndex($0) }
        }
        let committed = try row.words("committed").compactMap(index)
        let node = try #require(index(try row.text("node")))
        let missing = fleet.missingForQuorum(disrupting: [node], isCommitted: committed.contains, at: Self.now)
        #expect((missing == nil) == (try row.flag("quorum")))
        // What stands alone needs none.
        let apart = Row.table("nodes  members  out\n\(try row.words("nodes").joined(separator: " "))  -  -")
        let standalone = try Self.fleet(try #require(apart.first), isClustered: false)
        #expect(
            standalone.missingForQuorum(disrupting: [NodeIndex(0)], isCommitted: { _ in true }, at: Self.now) == nil)
    }

    /// By the lists of the regular nodes; standalone nodes are connected unless their lists name others.
    static let connections = Row.table(
        """
        kind        nodes    members    silent  node  votes  connected
        clustered   a b c    a b c      -       a     3      yes
        clustered   a b c    a! b c     -       a     0      no
        clustered   a b c    a b c      b       a     2      yes
        clustered   a b c    a b c      b c     a     1      no
        clustered   a b c    -          -       a     0      no
        clustered   a b c t  a b c t~   -       t     3      yes
        clustered   a b c t  a b c t~   c       a     2      yes
        clustered   a b t u  a b t~ u~  b       a     1      no
        clustered   a b c    a b c x y  -       a     3      yes
        clustered   a b c    a b c x y  c       a     2      no
        standalone  a b c    -          -       a     0      yes
        standalone  a b c    a          -       a     3      yes
        standalone  a b c    a b c      -       a     3      yes
        standalone  a b c    a! b c     -       a     0      no
        """)

    @Test(arguments: connections) func `a majority of the regular nodes sees it`(row: Row) throws {
        let shown = try row.text("silent")
        let built = Row.table(
            "nodes  members  out  silent\n\(try row.text("nodes"))  \(try row.text("members"))  -  \(shown)")
        let fleet = try Self.fleet(try #require(built.first), isClustered: try row.text("kind") == "clustered")
        let name = try row.text("node")
        let node = NodeIndex(try #require(fleet.nodes.firstIndex { $0.id.name == name }))
        #expect(fleet.votes(for: node, at: Self.now) == (try row.number("votes")))
        #expect(fleet.isConnected(node, at: Self.now) == (try row.flag("connected")))
        let later = Self.now + .seconds(30)
        #expect(fleet.votes(for: node, at: later) == 0, "lists are as old as everything else")
        let since = (Moment.start + .nanoseconds(1)).uptime
        #expect(fleet.votes(for: node, since: since, at: Self.now) == 0, "and may be too old for a question")
    }

    @Test func `nodes that stand alone by the policies and list each other are of the wrong topology`() throws {
        for (members, isWrong) in [("-", false), ("a", true), ("a b c", true)] {
            let row = try #require(Row.table("nodes  members  out\na b c  \(members)  -").first)
            #expect(try Self.fleet(row, isClustered: false).hasWrongTopology(Self.cluster) == isWrong, "\(members)")
            #expect(try !Self.fleet(row).hasWrongTopology(Self.cluster), "\(members)")
        }
        let alone = try #require(Row.table("nodes  members  out\na  a  -").first)
        #expect(try !Self.fleet(alone, isClustered: false).hasWrongTopology(Self.cluster))
    }

    /// Wishes for a sweep and reads that ended, in order: `wish`, `read a 3` (it began at second 3). Which nodes are asked
    /// when the sweep begins, whether it is over with that, and whether what it found serves a wish of that second.
    static let sweeps = Row.stories(
        """
        at     happens   asks   over  serves
        0      -         -      no    -
        1s     wish      a b c  no    -
        2s     read a 1  -      no    -
        3s     read b 0  -      no    -
        3s     read b 2  -      no    -
        4s     wish      -      no    -
        5s     read c 3  -      yes   1
        5s     -         a b c  no    1
        6s     read a 5  -      no    1
        6s     read b 5  -      no    1
        6s     read c 4  -      yes   4
        11s    -         -      no    4
        11.1s  -         -      no    -

        0      read a 0  -      no    -
        0      read b 0  -      no    -
        0      read c 0  -      no    -
        1s     wish      a b c  no    -
        1s     read a 1  -      no    -
        1s     read a 1  -      no    -
        1s     read b 1  -      no    -
        2s     read c 1  -      yes   1

        9s     read a 9  -      no    -
        9s     read b 9  -      no    -
        9s     read c 9  -      no    -
        9s     wish      -      no    9
        """)

    @Test(arguments: sweeps) func `one sweep serves every wish that is older`(story: [Row]) throws {
        let row = try #require(Row.table("nodes  members  out\na b c  -  a b c").first)
        var fleet = try Self.fleet(row)
        let names = ["a", "b", "c"]
        for row in story {
            let now = try #require(try row.moment("at")).uptime
            let words = try row.words("happens")
            var isOver = false
            if words.first == "wish" { fleet[Self.cluster].sweep.wish(at: now) }
            if words.first == "read", let place = names.firstIndex(of: words[1]), let second = Int(words[2]) {
                let begun = (Moment.start + .seconds(second)).uptime
                isOver = fleet.noteRead(NodeIndex(place), begun: begun, at: now).isSwept
            }
            let asked = words.first == "read" ? [] : fleet.beginSweep(of: Self.cluster, at: now)
            #expect(asked.map { names[$0.raw] } == (try row.words("asks")), "\(row)")
            #expect(isOver == (try row.flag("over")), "\(row)")
            let serves = (0..<12).last { second in
                fleet[Self.cluster].sweep.serves((Moment.start + .seconds(second)).uptime, at: now)
            }
            #expect(serves == (try row.number("serves")), "\(row)")
        }
    }

    @Test func `a cluster is known when every node was read once, or could not be`() throws {
        let row = try #require(Row.table("nodes  members  out\na b c  -  a b c").first)
        var fleet = try Self.fleet(row)
        var known: [Bool] = []
        for place in [0, 0, 1, 2, 2] {
            known.append(
                fleet.noteRead(NodeIndex(place), begun: Moment.start.uptime, at: Self.now.uptime).isClusterKnown)
        }
        #expect(known == [false, false, false, true, false])
        #expect(fleet[Self.cluster].isKnown)
    }

    /// After a reload: what was known of nodes that stay is known, counters are right, and nobody is asked twice.
    @Test func `a reload keeps what is known`() throws {
        let row = try #require(Row.table("nodes  left  members  out\na b c  -  a b c  b").first)
        let fleet = try Self.fleet(row)
        func ledger(_ names: String...) -> Ledger {
            Ledger(folding: [Record(at: .start, fact: .policiesLoaded(LedgerTests.set(names)))])
        }
        var moved = Fleet(ledger("c", "d", "a", "b"), keeping: fleet, at: Self.now)
        #expect(moved.nodes.map { $0.freshMode(at: Self.now) != nil } == [true, false, true, true])
        #expect(moved[Self.cluster].roster.listCount == 3)
        #expect(!moved[Self.cluster].isKnown)
        // Who is out is looked at anew; nobody is counted twice.
        #expect(moved.budgetUse(of: Self.cluster, at: Self.now).unavailable == 4)
        for place in [0, 2] { _ = moved.setOut(false, NodeIndex(place)) }
        #expect(moved.budgetUse(of: Self.cluster, at: Self.now).unavailable == 2)
        let isKnown = moved.noteRead(NodeIndex(1), begun: Self.now.uptime, at: Self.now.uptime).isClusterKnown
        #expect(isKnown)
        let smaller = Fleet(ledger("a", "c"), keeping: fleet, at: Self.now)
        #expect(smaller[Self.cluster].isKnown)
        #expect(smaller[Self.cluster].quorum.total == 2)
    }
}
