import Primitives
import Testing

@testable import Scheduling

/// When the daemon suspects its own host.
struct NetworkWatchTests {
    /// Answers of nodes: `a+` answers, `a-` does not, `a?` could not be asked, `a+90s` answers and its host's clock is so far
    /// ahead. `remote` are the nodes that run elsewhere; others are embedded.
    static let stories = Row.stories(
        """
        at   remote   answers            silent since  deadlines stand  clocks differ
        0    a b c    a- b- c-           0             yes              -
        5s   a b c    a+                 -             no               -
        9s   a b c    a-                 9s            yes              -
        10s  a b c    b- c- a-           9s            yes              -
        608s  a b c   -                  9s            yes              -
        609s  a b c   -                  9s            no               -
        610s  a b c   b+                 -             no               -

        0    a b      a+ b+              -             no               -
        1s   a b      a- b-              -             no               -

        0    a b c    a+ b+ c+ x+        -             no               -
        1s   a b c    a- b- x+           -             no               -
        2s   a b c    c-                 2s            yes              -
        3s   a b c    x+                 2s            yes              -
        4s   a b c    a+ a-              4s            yes              -

        0    a b c d  a- b- c- d?        0             yes              -
        1s   a b c d  c?                 -             no               -
        2s   a b c d  c-                 2s            yes              -
        3s   a b c d  d-                 2s            yes              -
        4s   a b c d  d+                 -             no               -
        0    a b c    a? b? c?           -             no               -

        0    a b c    a+90s b+90s c+90s  -             no               90s
        1s   a b c    a-                 -             no               -

        0    a b c    a+2h b+0s c+0s     -             no               -
        0    a b c    b+61s              -             no               61s
        1s   a b c    b+60s              -             no               -
        1s   a b c    b+-61s c+-90s      -             no               -61s
        2s   a b c    b+                 -             no               -61s

        0    a b c d  a+0s b+61s c+61s d+61s  -        no               61s
        0    a b c d  d+0s               -             no               61s

        0    a b      a+2h b+2h          -             no               -
        0    a b c    a+2h b+2h c+ x+2h  -             no               -
        """)

    @Test(arguments: stories) func `nothing answers, or all clocks differ`(story: [Row]) throws {
        let names = ["a", "b", "c", "d", "x"]
        var watch = NetworkWatch(nodes: try Self.nodes(story[0]))
        for row in story {
            let now = try #require(try row.moment("at")).uptime
            for word in try row.words("answers") {
                let place = try #require(names.firstIndex(of: String(word.prefix(1))))
                let offset = Word.duration(String(word.dropFirst(2)))
                let reply = try #require(Self.replies[word.dropFirst().first ?? " "])
                watch.note(place, reply, offset: offset, at: now)
            }
            #expect(watch.silentSince == (try row.moment("silent since"))?.uptime, "\(row)")
            #expect(watch.suspendsDeadlines(at: now) == (try row.flag("deadlines stand")), "\(row)")
            #expect(watch.clockDifference == (try row.duration("clocks differ")), "\(row)")
        }
    }

    /// Every node shows another certificate than the policies trust: the network does its part.
    @Test func `only what the network may have done speaks against it`() {
        #expect([ReadFailure.unreachable("refused"), .timedOut, .badAnswer("502")].allSatisfy { $0.isOfNetwork })
        #expect(![ReadFailure.notSent("TOKEN is not set"), .distrusted("expired")].contains { $0.isOfNetwork })
    }

    private static let replies: [Character: NetworkWatch.Reply] = ["+": .answers, "-": .silent, "?": .notSent]

    private static func nodes(_ row: Row) throws -> [NodeID?] {
        let remote = try row.words("remote")
        return ["a", "b", "c", "d", "x"].map { remote.contains($0) ? NodeID(cluster: "c", name: $0) : nil }
    }

    @Test func `a reload changes nothing about nodes that stay`() throws {
        let row = try #require(Self.stories.first?.first)
        let nodes = try Self.nodes(row)
        var watch = NetworkWatch(nodes: nodes)
        let now = Moment.start.uptime
        for place in 0..<3 { watch.note(place, .answers, offset: .minutes(5), at: now) }
        var moved = watch.moved(to: nodes.reversed())
        #expect(moved.clockDifference == .minutes(5))
        for place in 0..<5 { moved.note(place, .silent, at: now) }
        #expect(moved.silentSince == now)
        #expect(moved.moved(to: nodes).silentSince == now)
        #expect(watch.moved(to: [nil, nil]).clockDifference == nil)
    }
}
