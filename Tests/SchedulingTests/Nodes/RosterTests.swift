import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What the nodes' lists of each other come to. A list is `WHO: MEMBERS`; `~` a temporary member, `!` one that is not
/// connected.
struct RosterTests {
    static let memberships = Row.table(
        """
        configured  lists                                         regular    temporary
        a b c       a: a b c; b: a b c; c: a b c                  a b c      -
        a b c       a: a b c; b: a b c                            a b c      -
        a b c       a: a b c                                      unknown    unknown
        a b c       -                                             unknown    unknown
        a b         a: a b                                        unknown    unknown
        a b         a: a b; b: a b                                a b        -
        a           a: a                                          a          -
        a b c       a: a b! c!; b: a! b c!; c: a! b! c            a b c      -
        a b c       a: a b c x; b: a b c x; c: a b c x            a b c x    -
        a b c       a: a b c x y z; b: a b c; c: a b c            a b c      -
        a b c       a: a b; b: a b; c: c                          a b        -
        a b c       a: a; b: b; c: c                              -          -
        a b c       a: a b c t~; b: a b c t~; c: a b c            a b c      t
        a b c       a: a b c t~; b: a b c t; c: a b c t~          a b c      t
        a b c       a: a b c t~; b: a b c t; c: a b c             a b c t    -
        a b c       a: a b~ c; b: a b~ c; c: a b~ c               a c        b
        a b c       a: a b c d e; b: a b c d e; c: a b c d e      a b c d e  -
        a b c       a: a b c d e; b: a b c d e                    a b c d e  -
        a b c d e   a: a b c d e; b: a b c d e                    unknown    unknown
        """)

    @Test(arguments: memberships) func `a member is who a majority of the configured nodes lists`(row: Row) throws {
        let membership = try Self.roster(row).membership
        let isKnown = try row.text("regular") != "unknown"
        #expect((membership != nil) == isKnown)
        guard isKnown else { return }
        #expect(membership?.regular == (try row.words("regular")))
        #expect(membership?.temporary == (try row.words("temporary")))
    }

    /// What the lists say one after another, `-`: one of the nodes says nothing; and who is a member then.
    static let words = Row.stories(
        """
        a        b        c        d        regular
        a b c d  a b c d  a b c d  a b c d  a b c d
        -        a b c d  a b d    a b c d  a b c d
        -        a b d    a b c d  a b d    a b c d
        a b d    a b d    a b c d  a b d    a b d
        a b d    a b d    a b c d  a b c d  a b d
        a b d    a b c d  a b c d  a b c d  a b c d

        -        a b      a b c    a b c    a b

        a b c d  a b c d  a b c d  a b c d  a b c d
        a b c    a b c    a b c d  -        a b c
        """)

    /// One odd list, while another node was away, made a node a stranger, and N less by one.
    @Test(arguments: words) func `a member is one until a majority says that it is none`(story: [Row]) throws {
        var roster = Roster(names: ["a", "b", "c", "d"])
        for row in story {
            for (column, name) in ["a", "b", "c", "d"].enumerated() {
                let list = try row.text(name) == "-" ? nil : Self.members(row.text(name))
                _ = roster.take(list, from: column, begun: .start)
            }
            #expect(roster.membership?.regular == (try row.words("regular")), "\(row)")
        }
    }

    /// What the majority said last is known to the next process, and to the next policies.
    @Test func `what a majority said is kept where the lists do not agree`() throws {
        let membership = Membership(regular: ["a", "b", "c", "x"], temporary: ["t"])
        var roster = Roster(names: ["a", "b", "c"], after: membership)
        _ = roster.take(Self.members("a b c x t"), from: 0, begun: .start)
        _ = roster.take(Self.members("a b c"), from: 1, begun: .start)
        #expect(roster.membership == membership)
        let moved = roster.moved(to: ["b", "a"], left: 0, after: membership)
        #expect(moved.membership == membership)
    }

    /// One of three lists has a name twice: it is still one voice.
    @Test func `a list that repeats a name has no more say`() throws {
        var roster = Roster(names: ["a", "b", "c"])
        for (column, list) in ["a b c x x", "a b c", "a b c"].enumerated() {
            _ = roster.take(Self.members(list), from: column, begun: .start)
        }
        #expect(roster.membership?.regular == ["a", "b", "c"])
        #expect(roster.others(listedBy: 0) == 3)
    }

    /// At which instant each list began to be read, and who lists `a` as connected for a question at 30 s.
    static let votes = Row.table(
        """
        lists                                  begun     since  voters  votes
        a: a b c; b: a b c; c: a b c           25s       0      a b c   3
        a: a b c; b: a! b c; c: a b c          25s       0      a b c   2
        a: a b c; b: b c; c: a b c             25s       0      a b c   2
        a: a b c; b: a b c                     25s       0      a b c   2
        a: a b c; b: a b c; c: a b c           25s       0      b c     2
        a: a b c; b: a b c; c: a b c           9.9s      0      a b c   0
        a: a b c; b: a b c; c: a b c           10s       0      a b c   3
        a: a b c; b: a b c; c: a b c           25s       25s    a b c   3
        a: a b c; b: a b c; c: a b c           25s       26s    a b c   0
        """)

    @Test(arguments: votes) func `fresh lists have a vote`(row: Row) throws {
        let names = ["a", "b", "c"]
        var roster = try Self.roster(row, names: names, begun: try #require(try row.moment("begun")))
        let voters = try row.words("voters")
        for (column, name) in names.enumerated() { roster.setVoter(column, voters.contains(name)) }
        let votes = roster.votes(
            for: try #require(roster.place(of: "a")), since: try #require(try row.moment("since")).uptime,
            at: .start + .seconds(30), staleAfter: .seconds(20))
        #expect(votes == (try row.number("votes")))
    }

    /// What the lists say of the mode of `a`: `a=session`.
    static let sights = Row.table(
        """
        lists                                    sight
        -                                        unseen
        a: b; b: b                               absent
        a: a!=normal; b: b                       absent
        a: a; b: b                               connected
        a: b; b: a                               connected
        a: a=normal; b: a=normal                 normal
        a: a=normal; b: a=session                session
        a: a=session; b: a=normal                session
        a: a=connection; b: a=session; c: a      connection
        a: a; b: a=normal                        normal
        a: a=normal; b: a; c: b                  normal
        a: a=initial; b: a=normal                normal
        a: a=normal; b: a=initial                normal
        a: a=initial; b: a=initial               initial
        """)

    @Test(arguments: sights) func `the strictest that any list says`(row: Row) throws {
        let sight = try Self.roster(row, names: ["a", "b", "c"]).sight(
            of: 0, since: Moment.start.uptime, at: .start, staleAfter: .seconds(20))
        let word =
            switch sight {
            case .unseen: "unseen"
            case .absent: "absent"
            case .connected: "connected"
            case .mode(let mode): mode.requestable?.word ?? mode.description
            }
        #expect(word == (try row.text("sight")))
    }

    /// How many lists say that `x`, which is not in the policies, is connected and open.
    static let serving = Row.table(
        """
        lists                                         votes
        a: a b c x; b: a b c x; c: a b c x            3
        a: a b c x!; b: a b c x; c: a b c             1
        a: x=session; b: x=normal; c: x               2
        a: x=initial; b: x=connection; c: x=draining  0
        """)

    @Test(arguments: serving) func `whether a member that is not in the policies serves`(row: Row) throws {
        let roster = try Self.roster(row, names: ["a", "b", "c"])
        let place = try #require(roster.place(of: "x"))
        #expect(roster.servingVotes(for: place, at: .start, staleAfter: .seconds(20)) == (try row.number("votes")))
        #expect(roster.servingVotes(for: place, at: .start + .seconds(21), staleAfter: .seconds(20)) == 0)
    }

    /// Lists as they come in one after another: whether anything about membership may have changed.
    @Test func `the same list again changes nothing but its age`() {
        var roster = Roster(names: ["a", "b"])
        let late = Moment.start + .seconds(30)
        var changes = [
            roster.take(Self.members("a b"), from: 0, begun: .start), roster.take(nil, from: 1, begun: .start),
            roster.take(Self.members("a b"), from: 0, begun: late),
        ]
        #expect(changes == [.members, .nothing, .nothing])
        #expect(roster.votes(for: 0, since: late.uptime, at: late, staleAfter: .seconds(20)) == 1)
        changes = [
            roster.take(Self.members("a b!"), from: 0, begun: late), roster.take(nil, from: 0, begun: late),
        ]
        #expect(changes == [.voices, .members])
        #expect(roster.listCount == 0 && roster.membership == nil)
    }

    static let topologies = Row.table(
        """
        lists                     others of a  contradicts
        a: a b c; b: a b c        2            -
        a: a; b: b                0            a b
        a: -; b: a b c            -            -
        a: a b c t~; b: a b c     3            -
        a: a b x; b: a b c        2            a
        """)

    @Test(arguments: topologies) func `whom a list names beside itself, and whether it agrees`(row: Row) throws {
        let roster = try Self.roster(row, names: ["a", "b", "c"])
        #expect(roster.others(listedBy: 0) == (try row.number("others of a")))
        let odd = roster.columns(contradicting: Membership(regular: ["a", "b", "c"])).filter { $0 < 2 }
        #expect(odd.map { roster.names[$0] } == (try row.words("contradicts")))
    }

    /// From one policy set to the next: lists of nodes that stay are kept, those of others are not.
    @Test func `lists move with the nodes that gave them`() throws {
        var roster = Roster(names: ["a", "b", "c"])
        for column in 0..<3 { _ = roster.take(Self.members("a b c"), from: column, begun: .start) }
        let moved = roster.moved(to: ["c", "d", "a"], left: 0)
        #expect(moved.listCount == 2)
        #expect(moved.membership?.regular == ["a", "b", "c"])
        #expect(moved.place(of: "b") == 3)
        let votes = moved.votes(
            for: try #require(moved.place(of: "b")), since: Moment.start.uptime, at: .start,
            staleAfter: .seconds(20))
        #expect(votes == 2)
    }

    /// Temporary nodes vanish when they stop; those that are configured are remembered as what they were.
    static let departures = Row.stories(
        """
        regular  temporary  departed
        a b      t u        -
        a b      u          t
        a b      -          t u
        a b      t          u
        a b t    -          u
        """)

    @Test(arguments: departures) func `a temporary node that departed is no regular one`(story: [Row]) throws {
        var membership = Membership()
        for row in story {
            let next = Membership(regular: try row.words("regular"), temporary: try row.words("temporary"))
            membership = next.following(membership) { ["a", "b", "t", "u"].contains($0) }
            #expect(membership.departed == (try row.words("departed")), "\(row)")
            #expect(!membership.isTemporary("a") && membership.isMember("a"))
        }
    }

    @Test func `a temporary node that is not configured is forgotten`() {
        let former = Membership(regular: ["a"], temporary: ["t"])
        #expect(Membership(regular: ["a"]).following(former) { $0 == "a" }.departed.isEmpty)
    }

    private static func roster(_ row: Row, names: [String]? = nil, begun: Moment = .start) throws -> Roster {
        let names = (try? row.words("configured")) ?? names ?? []
        var roster = Roster(names: names)
        for list in try row.optional("lists")?.split(separator: ";") ?? [] {
            let halves = list.split(separator: ":").map { $0.drop { $0 == " " } }
            guard halves.count == 2, let column = names.firstIndex(of: String(halves[0])) else {
                throw Row.Unreadable(description: "no list: \(list)")
            }
            if halves[1] != "-" { _ = roster.take(members(halves[1]), from: column, begun: begun) }
        }
        return roster
    }

    static func members(_ text: some StringProtocol) -> [ClusterMember] {
        text.split(separator: " ").compactMap { word in
            let halves = word.split(separator: "=")
            let name = String(halves[0].filter { $0 != "~" && $0 != "!" })
            return NodeText(exactly: name).map {
                ClusterMember(
                    name: $0, isConnected: !halves[0].contains("!"),
                    mode: halves.count > 1 ? Word.observed(String(halves[1])) : nil,
                    isTemporary: halves[0].contains("~"))
            }
        }
    }
}
