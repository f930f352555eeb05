import Primitives
import Scheduling
import Testing

/// In which order a run takes its nodes.
struct RunSortingTests {
    /// Nodes as `NAME ZONE RACK TRIED`, tried so long ago or never; `!` is taken over. Groups by zone, in order.
    static let rows = Row.table(
        """
        nodes                                              groups  by         order
        b x 1 -; a x 1 -; c x 1 -                          -       name       a b c
        b x 1 -; a x 1 2d; c x 1 1d                        -       name       b a c
        a x 1 1h; b x 1 2h; c x 1 3h                       -       name       c b a
        a y 1 -; b x 1 -; c y 1 -; d x 1 -                 x y     name       b d a c
        a y 1 -; b x 1 -; c z 1 -; d x 1 -                 y z     name       a c b d
        a y 1 -; b x 1 1d; c y 1 -                         x y     name       b a c
        a x 2 -; b x 1 -; c x 1 -                          -       rack       b c a
        a x 2 -; b x 1 1d; c x 1 -                         -       rack       c a b
        a x 10 -; b x 9 -                                  -       rack       a b
        a x 2 -; b x 1 -; c y 1 -                          -       zone rack  b a c
        a x - -; b x 1 -                                   -       rack       a b
        a x 1 -; b x 1 -; c! x 1 1h                        -       name       c a b
        a x 1 -; b! y 1 1h; c! x 1 1h                      x y     name       c b a
        a x 1 -; b x 1 -                                   -       name rack  a b
        b x 2 -; a x 1 -                                   -       name rack  a b
        b x 1 -; a x 2 -                                   -       rack name  b a
        """)

    @Test(arguments: rows) func `taken over first, then by group, by the last try, as the strategy says`(
        row: Row
    ) throws {
        let groups = try row.words("groups").map {
            NodeGroup(name: $0, selector: Selector(matchLabels: ["zone": $0]))
        }
        var tried: [String: Timestamp] = [:]
        var taken: Set<String> = []
        var nodes: [ClusterNode] = []
        for text in try row.text("nodes").split(separator: ";") {
            let words = text.split(separator: " ").map(String.init)
            let name = words[0].replacing("!", with: "")
            if words[0].hasSuffix("!") { taken.insert(name) }
            tried[name] = Word.duration(words[3]).map { RigWorld.midnight - $0 }
            nodes.append(
                ClusterNode(
                    name: name, api: "http://\(name)/",
                    labels: words[2] == "-" ? ["zone": words[1]] : ["zone": words[1], "rack": words[2]]))
        }
        let members = RunOrder.members(
            of: nodes, groups: groups, tried: { tried[$0] }, isTakenOver: { taken.contains($0) })
        let order: [Strategy.Order] = try row.words("by").map { $0 == "name" ? .name : .label($0) }
        let expected = try row.words("order")
        #expect(RunOrder.sorted(members, by: order).map(\.node.name) == expected)
        #expect(RunOrder.sorted(members.reversed(), by: order).map(\.node.name) == expected)
    }
}
