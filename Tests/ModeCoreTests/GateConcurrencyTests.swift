import Dispatch
import Foundation
import ModeCore
import Primitives
import Synchronization
import Testing

/// Many threads in one gate. What they did is checked against what it says afterwards.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct GateConcurrencyTests {
    private static let threads = 6
    private static let rounds = 4_000

    /// Runs the body on threads of its own, each with its number, and waits for all of them.
    private func together(_ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<GateConcurrencyTests.threads {
            group.enter()
            Thread.detachNewThread {
                body(number)
                group.leave()
            }
        }
        group.wait()
    }

    private func gate(grace: Duration = .zero, license: Int = 1_000_000) -> AdmissionGate {
        AdmissionGate(
            NodeSettings(
                name: "node-01", isClustered: false, gracePeriod: grace, maxConnections: license,
                eventLimit: 1_000_000), shards: 8)
    }

    @Test(arguments: [1, 7]) func `the license is never exceeded and its last place is given`(license: Int) {
        let gate = gate(license: license)
        let (inside, most, full) = (Atomic<Int>.Box(), Atomic<Int>.Box(), Atomic<Int>.Box())
        together { number in
            var random = Lehmer(seed: UInt64(number))
            for round in 0..<GateConcurrencyTests.rounds {
                let time = Timestamp(seconds: Int64(round))
                switch gate.connect(ChannelID("channel-\(random.below(20))"), at: time) {
                case .rejected: full.value.add(1, ordering: .relaxed)
                case .admitted(let connection, _):
                    most.value.max(inside.value.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .relaxed)
                    if random.below(4) == 0 { spin(200) }
                    inside.value.subtract(1, ordering: .sequentiallyConsistent)
                    #expect(gate.disconnect(connection, at: time))
                }
            }
        }
        #expect(most.value.load(ordering: .relaxed) <= license)
        #expect(gate.connectionCount == 0)
        #expect(gate.sessionCount == 0)
        let counters = gate.counters
        #expect(
            counters.connectionsCreated + full.value.load(ordering: .relaxed)
                == GateConcurrencyTests.threads * GateConcurrencyTests.rounds)
        #expect(counters.ongoingConnections == 0)
        #expect(counters.ongoingSessions == 0)
        var connections: [ConnectionID] = []
        for _ in 0..<license {
            if case .admitted(let connection, _) = gate.connect(ChannelID("spam"), at: .distantPast) {
                connections.append(connection)
            }
        }
        #expect(connections.count == license)
        #expect(gate.rejection(of: ChannelID("spam")) == .full)
    }

    /// One thread blocks, looks at the counters twice and opens again, while the others come and go.
    @Test func `once a block has been answered nobody is admitted against it`() {
        let gate = gate()
        let stop = Atomic<Int>.Box()
        let observations = Mutex<[String]>([])
        together { number in
            if number > 0 {
                var random = Lehmer(seed: UInt64(number))
                while stop.value.load(ordering: .relaxed) == 0 {
                    let channel = ChannelID("channel-\(random.below(50))")
                    if case .admitted(let connection, _) = gate.connect(channel, at: .distantPast) {
                        gate.disconnect(connection, at: .distantPast)
                    }
                }
                return
            }
            for round in 0..<300 {
                let time = Timestamp(seconds: Int64(round))
                let admitted = gate.counters.connectionsCreated
                var patience = 100_000
                while gate.counters.connectionsCreated < admitted + 20, patience > 0 {
                    spin(20)
                    patience -= 1
                }
                let mode: RequestableMode = round % 2 == 0 ? .blockNewConnection : .blockNewSession
                gate.changeMode(mode, at: time)
                let before = gate.counters
                spin(2_000)
                let after = gate.counters
                if mode == .blockNewConnection, after.connectionsCreated != before.connectionsCreated {
                    observations.withLock { $0.append("round \(round): a connection came in") }
                }
                if after.sessionsCreated != before.sessionsCreated {
                    observations.withLock { $0.append("round \(round): a session began") }
                }
                gate.changeMode(.normal, at: time)
            }
            stop.value.store(1, ordering: .relaxed)
        }
        #expect(observations.withLock { $0 } == [])
        #expect(gate.connectionCount == 0)
        #expect(gate.counters.connectionsCreated >= 300 * 20)
    }

    /// Every round fills the gate, blocks it, and lets all threads leave at once: it empties once.
    @Test(arguments: [Duration.zero, .seconds(1)])
    func `an emptied node vanishes once, whoever leaves last`(grace: Duration) {
        let gate = gate(grace: grace)
        for round in 0..<200 {
            let time = Timestamp(seconds: Int64(round) * 10)
            gate.changeMode(.normal, at: time)
            let connections = (0..<24).compactMap { number -> ConnectionID? in
                guard case .admitted(let connection, _) = gate.connect(ChannelID("channel-\(number)"), at: time)
                else { return nil }
                return connection
            }
            #expect(connections.count == 24)
            gate.changeMode(round % 2 == 0 ? .blockNewSession : .blockNewConnection, at: time)
            together { number in
                for (place, connection) in connections.enumerated()
                where place % GateConcurrencyTests.threads == number {
                    gate.disconnect(connection, at: time)
                }
                gate.advance(to: time + grace)
            }
            // The time of whoever was ahead was the time for all: some left that much later.
            gate.advance(to: time + grace * 2)
            let vanished = gate.takeEvents().count { $0.kind == .sessionVanished }
            #expect(vanished == 1, "round \(round)")
            #expect(gate.sessionCount == 0)
        }
    }

    /// Everything at once: modes, faults of the process, the clock, listings. At the end the books agree.
    @Test func `counts agree after anything at once`() {
        let gate = gate(grace: .milliseconds(20), license: 40)
        let clock = Atomic<Int>.Box()
        let wrong = Atomic<Int>.Box()
        together { number in
            var random = Lehmer(seed: UInt64(number) + 99)
            var live: [ConnectionID] = []
            for _ in 0..<GateConcurrencyTests.rounds {
                let now = clock.value.add(1, ordering: .relaxed).newValue
                let time = Timestamp(nanoseconds: Int64(now) * 1_000_000)
                let channel = ChannelID("channel-\(random.below(12))")
                switch random.below(40) {
                case 0..<18:
                    if case .admitted(let connection, _) = gate.connect(channel, at: time) { live.append(connection) }
                case 18..<34: if !live.isEmpty { gate.disconnect(live.remove(at: random.below(live.count)), at: time) }
                case 34: gate.terminateSession(of: channel, at: time)
                case 35: gate.disconnectChannel(channel, at: time)
                case 36: gate.changeMode(RequestableMode.allCases[random.below(3)], at: time)
                case 37:
                    let counters = gate.counters
                    let isSane =
                        counters.ongoingConnections >= 0 && counters.ongoingConnections <= 40
                        && counters.ongoingSessions >= 0 && gate.sessions.count <= 12
                    if !isSane { wrong.value.add(1, ordering: .relaxed) }
                case 38: if random.below(20) == 0 { gate.restart(at: time) }
                default: if let last = live.popLast() { gate.cut(last, at: time) }
                }
                if gate.connectionCount > 40 { wrong.value.add(1, ordering: .relaxed) }
            }
            for connection in live { gate.disconnect(connection, at: .distantPast) }
        }
        #expect(wrong.value.load(ordering: .relaxed) == 0)
        gate.advance(to: .distantFuture)
        #expect(gate.connectionCount == 0)
        #expect(gate.sessionCount == 0)
        #expect(gate.sessions == [])
        #expect(gate.connections == [])
        #expect(gate.nextExpiry == nil)
        #expect(gate.counters.ongoingConnections == 0)
        #expect(gate.counters.ongoingSessions == 0)
        checkStory(of: gate.takeEvents())
    }

    /// In the order of the events no mode changes to what it was, and nothing vanishes in `normal`.
    private func checkStory(of events: [NodeEvent]) {
        var mode = NodeMode.normal
        for event in events {
            switch event.kind {
            case .modeChanged(let former, let next, _):
                #expect(former == mode)
                mode = next
            case .sessionVanished: #expect(mode == .blockNewSession || mode == .blockNewConnection)
            default: break
            }
        }
        #expect(events.contains { $0.kind == .sessionVanished })
    }
}

extension Atomic where Value == Int {
    /// An atomic number that closures can share.
    fileprivate final class Box: Sendable {
        let value = Atomic<Int>(0)
    }
}

/// Keeps a thread busy for a moment without a clock.
private func spin(_ times: Int) {
    let sink = Atomic<Int>(0)
    for _ in 0..<times { sink.add(1, ordering: .relaxed) }
}
