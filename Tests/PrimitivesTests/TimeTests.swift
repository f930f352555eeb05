import Primitives
import Testing

struct TimeTests {
    static let texts: [(Duration, written: String, spoken: String)] = [
        (.zero, "0s", "0s"), (.milliseconds(500), "500ms", "500ms"), (.seconds(90), "1m30s", "1m 30s"),
        (.hours(2), "2h", "2h"), (.days(1) + .minutes(1), "1d1m", "1d 1m"), (.seconds(-1), "0s", "0s"),
    ]

    @Test(arguments: texts) func `a duration is written and spoken`(_ row: (Duration, written: String, spoken: String))
    {
        #expect(row.0.written == row.written)
        #expect(row.0.spoken == row.spoken)
    }

    @Test(arguments: [(0, 0), (1, 0), (999_999_999, 0), (1_000_000_000, 1), (-1, -1), (-1_000_000_000, -1)])
    func `whole seconds are rounded down`(_ nanoseconds: Int64, _ seconds: Int64) {
        #expect(Timestamp(nanoseconds: nanoseconds).seconds == seconds)
    }

    @Test func `arithmetic stops at the ends of the range`() {
        let late = Timestamp(nanoseconds: .max - 1)
        #expect(late + .seconds(1) == .distantFuture)
        #expect(Timestamp.distantPast - .seconds(1) == .distantPast)
        #expect(Timestamp.distantFuture - Timestamp.distantPast == .nanoseconds(Int64.max))
        #expect(Uptime(nanoseconds: .max) + .seconds(1) == Uptime(nanoseconds: .max))
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).nanoseconds == .max)
        #expect(Duration.nanoseconds(Int64.min).nanoseconds == .min)
    }

    /// What is less than a nanosecond is cut off, towards zero.
    @Test func `a duration in nanoseconds is what its parts say`() {
        var random = RandomStream(seed: 1, label: "durations")
        for _ in 0..<10_000 {
            let nanoseconds = Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(64))
            let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            let less = Int64(nanoseconds < 0 ? -random.below(1_000_000_000) : random.below(1_000_000_000))
            let duration = Duration(
                secondsComponent: seconds, attosecondsComponent: rest * 1_000_000_000 + less)
            #expect(duration.nanoseconds == nanoseconds)
        }
    }

    @Test func `a moment moves both clocks`() {
        let moment = Moment(wall: Timestamp(seconds: 100), uptime: Uptime(nanoseconds: 5)) + .seconds(2)
        #expect(moment == Moment(wall: Timestamp(seconds: 102), uptime: Uptime(nanoseconds: 2_000_000_005)))
    }
}
