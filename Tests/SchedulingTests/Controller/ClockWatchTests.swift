import Primitives
import Testing

@testable import Scheduling

/// The wall clock beside the uptime: when it is believed.
struct ClockWatchTests {
    /// Samples: the uptime that passed, and how far the wall clock is from it. Whether the clock is trusted then, and from
    /// when on it might be.
    static let stories = Row.stories(
        """
        at    off   trusted  from
        0     0     yes      -
        30s   0     yes      -
        60s   60s   yes      -
        90s   0     yes      -
        91s   61s   no       121s
        100s  61s   no       121s
        120s  61s   no       121s
        121s  61s   yes      -

        0     0     yes      -
        10s   1h    no       40s
        20s   1h    no       40s
        30s   0     no       60s
        59s   0     no       60s
        60s   0     yes      -

        0     0     yes      -
        10s   -2h   no       40s
        50s   -2h   yes      -

        0     0     yes      -
        10s   -61s  no       40s
        40s   0     no       70s
        70s   -30s  yes      -

        0     0     yes      -
        1h    0     yes      -
        2h    59s   yes      -
        """)

    @Test(arguments: stories) func `a jump is believed after half a minute without another`(story: [Row]) throws {
        var watch = ClockWatch()
        watch.begin(.start, latest: nil, wasTrusted: true)
        for row in story {
            var now = try #require(try row.moment("at"))
            now.wall = now.wall + (try #require(try row.duration("off")))
            watch.note(now)
            #expect(watch.isTrusted == (try row.flag("trusted")), "\(row)")
            #expect(watch.trustedFrom == (try row.moment("from"))?.uptime, "\(row)")
        }
    }

    /// So long before the start the journal's last record was made, by its wall clock.
    static let starts = Row.table(
        """
        latest  believed  trusted
        -       yes       yes
        1h      yes       yes
        0       yes       yes
        -1ms    yes       no
        -3h     yes       no
        1h      no        no
        """)

    @Test(arguments: starts)
    func `a start before the latest record is not believed, nor one within half a minute of a jump`(row: Row) throws {
        var watch = ClockWatch()
        let before = try row.duration("latest")
        watch.begin(
            .start, latest: before.map { Moment.start.wall - $0 }, wasTrusted: try row.flag("believed") == true)
        let isTrusted = try row.flag("trusted") == true
        #expect(watch.isTrusted == isTrusted)
        #expect(watch.trustedFrom == (isTrusted ? nil : (Moment.start + .seconds(30)).uptime))
        watch.note(.start + .seconds(29))
        #expect(watch.isTrusted == isTrusted)
        watch.note(.start + .seconds(30))
        #expect(watch.isTrusted)
    }
}
