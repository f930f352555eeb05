import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// What reads make of a node that is watched. `staleAfter` is 20 s.
struct NodeWatchTests {
    static let id = NodeID(cluster: "c", name: "n")

    private static func watch(hasProbe: Bool = true) -> NodeWatch {
        NodeWatch(id: id, cluster: ClusterIndex(0), hasReadinessProbe: hasProbe, staleAfter: .seconds(20))
    }

    /// Reads in the order in which their answers came. `whole MODE VERSION COUNTER`: everything, with the readiness probe at
    /// 200 where it is not said otherwise; `mode MODE`; `fails`. After each: the mode that is believed, the node's life by
    /// that read, and whether it is in service.
    static let stories = Row.stories(
        """
        begun  handled  read                     believed  life     serving
        0      0        whole normal 1 5         normal    another  yes
        5s     5s       whole normal 1 6         normal    same     yes
        6s     6s       mode session             session   unknown  no
        7s     7s       whole session 1 6        session   same     no
        8s     8s       mode normal              normal    unknown  yes
        9s     9s       whole normal 1 6         normal    same     yes

        5s     5s       mode session             session   unknown  no
        4s     6s       mode normal              session   unknown  no
        4s     6s       whole normal 1 5         session   another  no
        6s     7s       whole normal 1 5         normal    same     yes

        0      0        whole normal 1 5         normal    another  yes
        5s     8s       fails                    -         -        no
        6s     9s       mode normal              normal    unknown  yes
        5.5s   9.5s     fails                    normal    -        yes
        7s     10s      fails                    -         -        no
        6.5s   11s      mode normal              -         unknown  no
        12s    12s      whole normal 1 5         normal    same     yes

        0      0        whole normal 1 5         normal    another  yes
        0      20s      mode normal              normal    unknown  yes
        1s     21.1s    mode normal              -         unknown  no

        0      0        whole normal 1 5         normal    another  yes
        5s     5s       whole normal 1 0         normal    another  yes
        6s     6s       whole normal 2 0         normal    another  yes
        7s     7s       whole normal 2 3         normal    same     yes

        0      0        whole normal 1 5 503     normal    another  no
        1s     1s       mode initial             initial   unknown  no
        2s     2s       mode initial             initial   unknown  no
        3s     3s       mode normal              normal    another  no
        4s     4s       whole normal 1 0         normal    same     yes

        0      0        whole normal 1 5         normal    another  yes
        1s     1s       whole initial 1 5        initial   same     no
        2s     2s       whole normal 1 5         normal    another  yes
        3s     3s       whole normal 1 5         normal    same     yes

        0      0        whole normal 1 5         normal    another  yes
        1s     1s       whole initial 2 0        initial   another  no
        2s     2s       whole normal 2 0         normal    same     yes

        0      0        whole normal 1 5         normal    another  yes
        1s     1s       whole normal 1 5 503     normal    same     no
        2s     2s       whole normal 1 5 silent  normal    same     no
        3s     3s       whole draining 1 5       draining  same     no
        """)

    @Test(arguments: stories) func `what is believed, whose life it is, and whether it serves`(story: [Row]) throws {
        var watch = Self.watch()
        for row in story {
            let now = try #require(try row.moment("handled"))
            let life = try Self.take(row, into: &watch, at: now)
            #expect(watch.freshMode(at: now) == (try row.observed("believed")), "\(row)")
            #expect(life.map { "\($0)" } == (try row.optional("life")), "\(row)")
            #expect(watch.isServing(at: now) == (try row.flag("serving")), "\(row)")
        }
    }

    private static func take(_ row: Row, into watch: inout NodeWatch, at now: Moment) throws -> NodeWatch.Life? {
        let begun = try #require(try row.moment("begun"))
        let words = try row.words("read")
        guard words[0] != "fails" else {
            watch.take(.timedOut, begun: begun, at: now)
            return nil
        }
        let mode = Word.observed(words[1])
        if words[0] == "mode" { return watch.take(mode, begun: begun) }
        let load = Int(words[3]).map {
            NodeLoad(ongoingConnections: 0, sessionsCreated: $0, sessionsDestroyed: $0, connectionsCreated: $0)
        }
        let ready: Bool? = words.last == "silent" ? nil : words.last != "503"
        let seen = Observation(
            node: Self.id, begun: begun, mode: mode, load: load, version: NodeText(exactly: words[2]), ready: ready)
        return watch.take(seen, known: nil, at: now)
    }

    /// One boot is one more life, however often `initial` is read meanwhile, whole or alone.
    @Test func `a boot that is read as it joins is one life`() {
        var watch = Self.watch()
        var lives = 0
        func note(_ life: NodeWatch.Life) { if life == .another { lives += 1 } }
        note(watch.take(Self.seen(.known(.normal), 5, at: 0), known: nil, at: .start))
        for boot in 0..<3 {
            let second = boot * 10
            note(watch.take(Self.seen(.known(.initial), 0, at: second + 1), known: nil, at: .start + .seconds(second)))
            note(watch.take(.known(.initial), begun: .start + .seconds(second + 2)))
            note(watch.take(.known(.normal), begun: .start + .seconds(second + 3)))
            note(
                watch.take(Self.seen(.known(.normal), 0, at: second + 4), known: nil, at: .start + .seconds(second + 4))
            )
            note(
                watch.take(Self.seen(.known(.normal), 5, at: second + 5), known: nil, at: .start + .seconds(second + 5))
            )
            #expect(lives == boot + 2)
        }
    }

    private static func seen(
        _ mode: ObservedMode, _ counter: Int, at second: Int, ready: Bool? = true, epoch: Int? = nil
    ) -> Observation {
        Observation(
            node: id, begun: .start + .seconds(second), mode: mode,
            load: NodeLoad(
                ongoingConnections: 0, sessionsCreated: counter, sessionsDestroyed: counter,
                connectionsCreated: counter), version: "1", ready: ready,
            members: epoch.map { [ClusterMember(name: "n", isConnected: true, epoch: $0)] })
    }

    @Test func `without a probe a node that is normal is in service`() {
        var watch = Self.watch(hasProbe: false)
        _ = watch.take(Self.seen(.known(.normal), 0, at: 0, ready: nil), known: nil, at: .start)
        #expect(watch.isServing(at: .start))
        #expect(!watch.isServing(at: .start + .seconds(21)))
    }

    /// Reads that fail at 5 s and later; the last that succeeded began at 2 s. The daemon began to watch at `watched`.
    static let gone = Row.table(
        """
        watched  succeeded  at     gone
        0        2s         20s    no
        0        2s         22s    no
        0        2s         22.1s  yes
        15s      2s         35s    no
        15s      2s         35.1s  yes
        0        -          20s    no
        0        -          20.1s  yes
        """)

    @Test(arguments: gone) func `a node is gone only after staleAfter without a read`(row: Row) throws {
        var watch = Self.watch()
        if let begun = try row.moment("succeeded") { _ = watch.take(.known(.normal), begun: begun) }
        watch.take(.timedOut, begun: .start + .seconds(5), at: .start + .seconds(5))
        let since = try #require(try row.moment("watched")).uptime
        let now = try #require(try row.moment("at"))
        #expect(watch.isGone(at: now, watchedSince: since) == (try row.flag("gone")))
        let due = watch.goneAt(watchedSince: since)
        #expect((now.uptime >= due) == (try row.flag("gone")), "it wakes up for that")
    }

    /// What voids the proof that nobody is on the node. It was complete at 5 s.
    static let voids = Row.table(
        """
        happens           complete
        nothing           yes
        read fails        no
        old read fails    yes
        counter falls     no
        version changes   no
        epoch changes     no
        refilled          no
        no counts         no
        looser            no
        boots             no
        """)

    @Test(arguments: voids) func `restart, failure and refill void the evidence`(row: Row) throws {
        var watch = Self.watch()
        let shut = ObservedMode.known(.blockNewConnection)
        func note(_ seen: Observation) {
            _ = watch.take(seen, known: nil, at: seen.begun)
            watch.noteEvidence(confirmed: .blockNewConnection, maxSessions: 0, maxConnections: 0, at: seen.begun)
        }
        for second in [0, 1, 4, 5] { note(Self.seen(shut, 7, at: second, epoch: 1)) }
        #expect(watch.evidence.isComplete(since: Moment.start.uptime))
        var next = Self.seen(shut, 7, at: 6, epoch: 1)
        switch try row.text("happens") {
        case "read fails": watch.take(.timedOut, begun: next.begun, at: next.begun)
        case "old read fails": watch.take(.timedOut, begun: .start + .seconds(3), at: next.begun)
        case "counter falls": note(Self.seen(shut, 6, at: 6, epoch: 1))
        case "version changes":
            next.version = "2"
            note(next)
        case "epoch changes": note(Self.seen(shut, 7, at: 6, epoch: 2))
        case "refilled":
            next.load?.sessionsCreated = 8
            note(next)
        case "no counts":
            next.load = nil
            note(next)
        case "looser": note(Self.seen(.known(.blockNewSession), 7, at: 6, epoch: 1))
        case "boots":
            _ = watch.take(.known(.initial), begun: next.begun)
            _ = watch.take(shut, begun: next.begun)
        default: note(next)
        }
        #expect(watch.evidence.isComplete(since: Moment.start.uptime) == (try row.flag("complete")))
    }

    @Test func `service begins with the read that first showed it, and nobody knows what went unread`() {
        var watch = Self.watch()
        for second in [0, 5, 10] {
            let seen = Self.seen(.known(.normal), 0, at: second)
            _ = watch.take(seen, known: nil, at: seen.begun)
        }
        #expect(watch.inServiceSince == Moment.start.uptime)
        let late = Self.seen(.known(.normal), 0, at: 31)
        _ = watch.take(late, known: nil, at: late.begun)
        #expect(watch.inServiceSince == late.begun.uptime)
    }

    /// After a restart of the daemon the journal's marks tell whether the node restarted meanwhile.
    static let resumed = Row.table(
        """
        known  shows  life
        7      7      same
        7      9      same
        7      2      another
        -      7      another
        """)

    @Test(arguments: resumed) func `a restart of the daemon is not one of the node`(row: Row) throws {
        var watch = Self.watch()
        let known = try row.number("known").map { count in
            IncarnationMarks(
                version: "1",
                load: NodeLoad(
                    ongoingConnections: 0, sessionsCreated: count, sessionsDestroyed: count, connectionsCreated: count))
        }
        let seen = Self.seen(.known(.normal), try #require(try row.number("shows")), at: 0)
        #expect("\(watch.take(seen, known: known, at: .start))" == (try row.text("life")))
    }
}
