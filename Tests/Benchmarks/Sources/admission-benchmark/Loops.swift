import BenchmarkHarness
import ModeCore
import Primitives
import Synchronization

/// What is measured, each as a loop over the same names on two threads.
struct Loops: Sendable {
    static let threads = 2
    static let sessions = 100_000

    /// Every name is its own, as those of clients' requests are; in an order that does not follow the memory.
    let channels: [ChannelID]
    let names: [String]

    init() {
        names = (0..<Loops.sessions).map { "channel-\($0 &* 48_271 % Loops.sessions)" }
        channels = names.map { ChannelID($0) }
    }

    /// The walk over the names that all the loops make, and one atomic load for each.
    func bareLoad(_ count: Int) -> Double {
        let word = SharedWord()
        return rate(of: count, threads: Loops.threads) { number in
            var (seen, place) = (0, start(number))
            for _ in 0..<count {
                keep(channels[place])
                seen &+= word.value.load(ordering: .acquiring)
                place = next(place)
            }
            keep(seen)
        }
    }

    func bareLookup(_ table: [String: Int], _ count: Int) -> Double {
        rate(of: count, threads: Loops.threads) { number in
            var (seen, place) = (0, start(number))
            for _ in 0..<count {
                seen &+= table[names[place]] ?? 0
                place = next(place)
            }
            keep(seen)
        }
    }

    func decisions(_ gate: AdmissionGate, _ count: Int) -> Double {
        rate(of: count, threads: Loops.threads) { number in
            var (rejected, place) = (0, start(number))
            for _ in 0..<count {
                if gate.rejection(of: channels[place]) != nil { rejected += 1 }
                place = next(place)
            }
            keep(rejected)
        }
    }

    /// A client comes and leaves again.
    func visits(_ gate: AdmissionGate, _ count: Int) -> Double {
        rate(of: count, threads: Loops.threads) { number in
            var place = start(number)
            for step in 0..<count {
                let time = Timestamp(nanoseconds: Int64(step))
                if case .admitted(let connection, _) = gate.connect(channels[place], at: time) {
                    gate.disconnect(connection, at: time)
                }
                place = next(place)
            }
        }
    }

    var plainTable: [String: Int] { Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) }) }

    /// A gate with one connection in each of the channels.
    func filledGate() -> AdmissionGate {
        let gate = AdmissionGate(
            NodeSettings(name: "node-01", isClustered: false, gracePeriod: .zero, maxConnections: 1_000_000))
        for channel in channels { _ = gate.connect(channel, at: .distantPast) }
        return gate
    }

    private func start(_ number: Int) -> Int { number * 50_021 % Loops.sessions }

    private func next(_ place: Int) -> Int { place + 1 == Loops.sessions ? 0 : place + 1 }
}

private final class SharedWord: Sendable {
    let value = Atomic<Int>(1)
}
