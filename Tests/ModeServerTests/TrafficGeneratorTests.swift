import ModeCore
import ModeServer
import Primitives
import Testing

private let settings = TrafficSettings(
    arrivalsPerSecond: 5, meanHold: .seconds(4), maxHold: .seconds(10), channels: 20, seed: 42)

private func altered(_ change: (inout TrafficSettings) -> Void) -> TrafficSettings {
    var changed = settings
    change(&changed)
    return changed
}

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

    /// Clients of one node that is never full, with the settings changed.
    private func calls(
        for seconds: Int64, every step: Int64 = 1, _ change: (inout TrafficSettings) -> Void,
        at each: (Cluster, TrafficGenerator) -> Void = { _, _ in }
    ) -> (cluster: Cluster, traffic: TrafficGenerator) {
        var cluster = Cluster(
            isClustered: false,
            nodes: [NodeSettings(name: "node-01", maxConnections: 1_000_000, interest: .all, eventLimit: .max)])
        var settings = TrafficSettings(arrivalsPerSecond: 50, meanHold: .seconds(60), channels: 100, seed: 7)
        change(&settings)
        var traffic = TrafficGenerator(settings, startingAt: at(milliseconds: 0))
        for second in stride(from: step, through: seconds, by: Int(step)) {
            traffic.advance(to: at(milliseconds: second * 1000), in: &cluster)
            each(cluster, traffic)
        }
        return (cluster, traffic)
    }

    @Test func `hold times are log-normal with the mean and the spread that were asked for`() {
        // Of a log-normal variable with spread 1 the median is exp(-1/2) of the mean.
        var (begun, holds): ([ConnectionID: Timestamp], [Double]) = ([:], [])
        var (cluster, _) = calls(for: 7200) { $0.maxHold = nil }
        for event in cluster.takeEvents(of: 0) {
            switch event.kind {
            case .connectionCreated(let id, _, _): begun[id] = event.at
            case .connectionDestroyed(let id, _, _):
                if let start = begun[id] { holds.append((event.at - start).inSeconds) }
            default: break
            }
        }
        holds.sort()
        #expect(holds.count > 40_000)
        let median = holds[holds.count / 2]
        #expect((33.0...40.0).contains(median), "\(median)")
        let mean = holds.reduce(0, +) / Double(holds.count)
        #expect((55.0...63.0).contains(mean), "\(mean)")
        #expect(holds.last ?? 0 > 600, "a few stay very long")
    }

    @Test func `without spread all calls are the same length`() {
        let (cluster, traffic) = calls(for: 600) { $0.holdSpread = 0 }
        #expect(traffic.admitted > 25_000)
        let counters = cluster[0].counters
        #expect(counters.connectedTime == .seconds(60) * counters.connectionsDestroyed)
    }

    @Test func `popular channels get their share by Zipf's law`() {
        var (cluster, _) = calls(for: 600) { $0.popularity = 1 }
        var clients: [ChannelID: Int] = [:]
        for case .connectionCreated(_, _, let channel) in cluster.takeEvents(of: 0).map(\.kind) {
            clients[channel, default: 0] += 1
        }
        let shares = [0, 1, 9].map { Double(clients[ChannelID("channel-\($0)"), default: 0]) }
        #expect((1.85...2.15).contains(shares[0] / shares[1]), "\(shares)")
        #expect((8.5...11.5).contains(shares[0] / shares[2]), "\(shares)")
    }

    @Test func `more clients come by day than by night`() {
        var byHour: [Int] = []
        _ = calls(for: 86_400, every: 3600) {
            $0.arrivalsPerSecond = 1
            $0.dayNight = 0.8
            $0.peakTime = .hours(12)
        } at: { _, traffic in
            byHour.append(traffic.admitted)
        }
        let hours = zip(byHour, [0] + byHour).map { $0 - $1 }
        // The hours around midnight at 0.2 of the average, around noon at 1.8.
        #expect((600...900).contains(hours[0]), "\(hours)")
        #expect((6200...6700).contains(hours[11]), "\(hours)")
        #expect((84_000...89_000).contains(byHour[23]), "\(byHour[23])")
    }

    @Test(
        arguments: [
            ("arrivals", altered { $0.arrivalsPerSecond = -1 }), ("channels", altered { $0.channels = 0 }),
            ("mean", altered { $0.meanHold = .zero }), ("longest", altered { $0.maxHold = .seconds(-1) }),
            ("spread", altered { $0.holdSpread = 6 }), ("popularity", altered { $0.popularity = -1 }),
            ("swing", altered { $0.dayNight = 1.5 }), ("peak", altered { $0.peakTime = .hours(25) }),
            ("day", altered { $0.dayLength = .zero }), ("node", altered { $0.contacts = 1 }),
        ])
    func `traffic that can't be is refused in words`(word: String, traffic: TrafficSettings) {
        do throws(ModeServerError) {
            _ = try ModeServer(ModeServerSettings(traffic: [traffic]))
            Issue.record("\(word) is taken")
        } catch {
            #expect("\(error)".contains(word), "\(error)")
        }
    }
}
