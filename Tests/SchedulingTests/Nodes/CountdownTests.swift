import Primitives
import Scheduling
import Testing

/// Time left that runs or stands. Each story is one countdown of ten minutes: what happens to it when, and what is left.
struct CountdownTests {
    static let stories = Row.stories(
        """
        at   happens    left  over
        0    -          10m   no
        4m   -          6m    no
        10m  -          0     yes
        1h   -          0     yes

        3m   stands     7m    no
        1h   -          7m    no
        1h   stands     7m    no
        1h   runs       7m    no
        65m  -          2m    no
        65m  runs       2m    no
        67m  -          0     yes

        3m   runs       7m    no
        4m   reset 20m  20m   no
        6m   -          18m   no
        6m   stands     18m   no
        7m   reset 1m   1m    no
        9m   -          1m    no
        9m   runs       1m    no
        10m  -          0     yes

        15m  stands     0     yes
        20m  runs       0     yes
        """)

    @Test(arguments: stories) func `it runs, stands and is set anew`(story: [Row]) throws {
        var countdown = Countdown(.minutes(10), from: .start)
        for row in story {
            let now = try #require(try row.moment("at"))
            let words = try row.words("happens")
            switch words.first {
            case "stands": countdown.stand(at: now)
            case "runs": countdown.run(from: now)
            case "reset": countdown.reset(to: try #require(Word.duration(words[1])), at: now)
            default: break
            }
            #expect(countdown.timeLeft(at: now) == (try row.duration("left")), "\(row)")
            #expect(countdown.hasPassed(at: now) == (try row.flag("over")), "\(row)")
            let end = countdown.isRunning ? countdown.end : nil
            #expect(end.map { $0 <= now.uptime } == (countdown.isRunning ? try row.flag("over") : nil), "\(row)")
        }
    }

    /// The host was rebooted: the last record of the boot before was made with so much left; so much time went by since, by
    /// the wall clock.
    static let reboots = Row.table(
        """
        left  runs  passed  then  later
        10m   yes   0       10m   9m
        10m   yes   4m      6m    5m
        10m   yes   10m     0     0
        10m   yes   3h      0     0
        10m   yes   -2h     10m   9m
        10m   no    4m      10m   10m
        """)

    @Test(arguments: reboots) func `it is carried over a reboot, and is never less than zero`(row: Row) throws {
        let left = try #require(try row.duration("left"))
        var countdown = Countdown(left + .minutes(5), from: .start)
        let last = Moment.start + .minutes(5)
        if try row.flag("runs") == false { countdown.stand(at: last) }
        let passed = try #require(try row.duration("passed"))
        let now = Moment(wall: last.wall + passed, uptime: Uptime(nanoseconds: 20_000_000_000))
        let carried = countdown.carried(over: BootChange(from: last, to: now))
        #expect(carried.timeLeft(at: now) == (try row.duration("then")))
        #expect(carried.timeLeft(at: now + .minutes(1)) == (try row.duration("later")))
    }

    @Test func `one that stands from the beginning waits to be run`() {
        var countdown = Countdown(standing: .minutes(1))
        #expect(countdown.timeLeft(at: .start + .hours(1)) == .minutes(1))
        #expect(countdown.end == nil)
        countdown.run(from: .start + .hours(1))
        #expect(countdown.end == (Moment.start + .minutes(61)).uptime)
    }

    /// An uptime never goes back; if one does, no time is given.
    @Test func `an earlier uptime gives no time`() {
        let countdown = Countdown(.minutes(1), from: .start + .minutes(5))
        #expect(countdown.timeLeft(at: .start) == .minutes(1))
    }
}
