import ModeCore
import ModeServer
import Testing

private let settings = TrafficSettings(
    arrivalsPerSecond: 5, meanHold: .seconds(4), maxHold: .seconds(10), channels: 20, seed: 42)

private func at(milliseconds: Int64) -> Timestamp { Timestamp(nanoseconds: milliseconds * 1_000_000) }

private struct Trial {
    var cluster: Cluster
    var traffic: TrafficGenerator

    init(seed: UInt64 = 42) {
        cluster = Cluster(nodes: (1...3).map { NodeSettings(name: "node-0\($0)", gracePeriod: .seconds(1)) })
        cluster.joinAll(at: at(milliseconds: 0))
        var settings = settings
        settings.seed = seed
        traffic = TrafficGenerator(settings, startingAt: at(milliseconds: 0))
    }

    mutating func advance(to milliseconds: Int64, step: Int64) {
        for time in stride(from: step, through: milliseconds, by: Int(step)) {
            traffic.advance(to: at(milliseconds: time), in: &cluster)
            cluster.advance(to: at(milliseconds: time))
        }
    }

    var digest: String {
        cluster.nodes.map { "\($0.counters) \($0.sessions)" }.joined(separator: "\n")
            + " \(traffic.admitted) \(traffic.refused) \(traffic.hungUp)"
    }
}

struct TrafficGeneratorTests {
    @Test func `the same seed makes the same calls, however time is cut into steps`() {
        var (coarse, fine) = (Trial(), Trial())
        coarse.advance(to: 120_000, step: 60_000)
        fine.advance(to: 120_000, step: 20)
        #expect(coarse.digest == fine.digest)
        #expect(coarse.traffic.admitted > 400)
    }

    @Test func `another seed makes other calls`() {
        var (one, other) = (Trial(seed: 1), Trial(seed: 2))
        one.advance(to: 60_000, step: 1000)
        other.advance(to: 60_000, step: 1000)
        #expect(one.digest != other.digest)
    }

    @Test func `arrivals and hold times are about what was asked for`() {
        var trial = Trial()
        trial.advance(to: 600_000, step: 1000)
        #expect((2700...3300).contains(trial.traffic.admitted))
        let live = trial.cluster.nodes.reduce(0) { $0 + $1.connectionCount }
        #expect(trial.traffic.admitted - trial.traffic.hungUp == live)
        #expect(trial.traffic.cut == 0)
    }

    @Test func `clients of a drained node go elsewhere and none is cut`() {
        var trial = Trial()
        trial.advance(to: 30_000, step: 1000)
        trial.cluster.changeMode(.blockNewSession, on: 0, at: at(milliseconds: 30_000))
        let before = trial.traffic.admitted
        for time in stride(from: 31_000, through: 120_000, by: 1000) as StrideThrough<Int64> {
            trial.traffic.advance(to: at(milliseconds: time), in: &trial.cluster)
            trial.cluster.advance(to: at(milliseconds: time))
        }
        #expect(trial.cluster[0].sessionCount == 0)
        #expect(trial.traffic.admitted > before + 300)
        #expect(trial.traffic.refused == 0)
        #expect(trial.cluster.nodes.allSatisfy { $0.connectionsCut == 0 })
    }

    @Test func `nobody comes where every node blocks`() {
        var trial = Trial()
        for index in 0..<3 { trial.cluster.changeMode(.blockNewConnection, on: index, at: at(milliseconds: 0)) }
        trial.advance(to: 10_000, step: 1000)
        #expect(trial.traffic.admitted == 0)
        #expect(trial.traffic.refused > 20)
    }

    @Test func `connections that were cut are counted when they would have hung up`() {
        var trial = Trial()
        trial.advance(to: 30_000, step: 1000)
        let cut = trial.cluster.restart(0, at: at(milliseconds: 30_000))
        #expect(cut > 0)
        trial.traffic.advance(to: at(milliseconds: 45_000), in: &trial.cluster)
        #expect(trial.traffic.cut == cut)
    }
}
