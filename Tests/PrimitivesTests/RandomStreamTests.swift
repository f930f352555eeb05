import Primitives
import Testing

struct RandomStreamTests {
    /// The first numbers of the published SplitMix64.
    static let published: [(UInt64, [UInt64])] = [
        (0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]),
        (1_234_567, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]),
    ]

    @Test(arguments: published) func `the numbers are those of SplitMix64`(_ seed: UInt64, _ numbers: [UInt64]) {
        var stream = RandomStream(seed: seed)
        let drawn = numbers.map { _ in stream.next() }
        #expect(drawn == numbers)
    }

    @Test func `streams of one seed are told apart by their labels`() {
        var traffic = RandomStream(seed: 7, label: "traffic")
        var again = RandomStream(seed: 7, label: "traffic")
        var network = RandomStream(seed: 7, label: "network")
        let numbers = (0..<10).map { _ in traffic.next() }
        let same = (0..<10).map { _ in again.next() }
        let others = (0..<10).map { _ in network.next() }
        #expect(numbers == same)
        #expect(Set(numbers).isDisjoint(with: others))
    }

    @Test func `what is drawn stays within its bounds`() {
        var stream = RandomStream(seed: 1)
        let mean = Duration.seconds(10)
        var sum = Duration.zero
        for _ in 0..<10_000 {
            let (unit, below) = (stream.unit(), stream.below(7))
            #expect((0..<1).contains(unit))
            #expect((0..<7).contains(below))
            let length = stream.duration(.seconds(1)...(.seconds(2)))
            #expect((.seconds(1)...(.seconds(2))).contains(length))
            let gap = stream.exponential(mean: mean)
            #expect((.zero...mean * 20).contains(gap))
            sum += gap
        }
        #expect((9.5...10.5).contains((sum / 10_000).inSeconds))
        let nothing = [stream.below(0), stream.below(-1)]
        #expect(nothing == [0, 0])
        let certain = [stream.chance(0), stream.chance(1)]
        #expect(certain == [false, true])
    }

    @Test func `a place and an instant have one share, spread evenly`() {
        let shares = (0..<1000).map { RandomStream.unit(place: $0, at: Uptime(nanoseconds: 5_000_000_000)) }
        #expect(shares == (0..<1000).map { RandomStream.unit(place: $0, at: Uptime(nanoseconds: 5_000_000_000)) })
        #expect(Set(shares).count == 1000)
        for tenth in 0..<10 {
            #expect((60...140).contains(shares.count { Int($0 * 10) == tenth }))
        }
    }
}
