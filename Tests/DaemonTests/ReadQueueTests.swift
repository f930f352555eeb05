import Daemon
import Primitives
import Testing

@testable import Scheduling

@Suite struct ReadQueueTests {
    private let began = Uptime(nanoseconds: 1_000_000_000)
    private let address = NodeAddress(api: "http://127.0.0.1:1/", ready: nil)

    private func read(_ number: Int, _ scope: ReadScope = .whole) -> NodeRead {
        NodeRead(node: NodeID(cluster: "tokyo", name: "node-\(number)"), scope: scope, address: address)
    }

    private func taken(_ queue: inout ReadQueue, at now: Uptime) -> [NodeRead] {
        var reads: [NodeRead] = []
        while let read = queue.next(at: now) { reads.append(read) }
        return reads
    }

    @Test func `whole reads that hang keep no mode from being read`() {
        let late = began + .seconds(60)
        var queue = ReadQueue(modeLimit: 2, wholeLimit: 3, began: began)
        for number in 1...5 { queue.add(read(number), at: late) }
        #expect(taken(&queue, at: late) == [read(1), read(2), read(3)])
        queue.add(read(9, .mode), at: late)
        #expect(taken(&queue, at: late) == [read(9, .mode)])
        queue.ended(.whole)
        #expect(taken(&queue, at: late) == [read(4)])
    }

    @Test func `the whole read of a node whose mode is wanted alone goes before those of others`() {
        let late = began + .seconds(60)
        var queue = ReadQueue(modeLimit: 2, wholeLimit: 1, began: began)
        queue.add(read(7, .mode), at: late)
        for number in [1, 2, 7] { queue.add(read(number), at: late) }
        #expect(taken(&queue, at: late) == [read(7, .mode), read(7)])
        queue.add(read(7), at: late + ReadQueue.closeFor + .seconds(1))
        for expected in [read(1), read(2), read(7)] {
            queue.ended(.whole)
            #expect(taken(&queue, at: late) == [expected], "what was close once is one of all again")
        }
    }

    @Test func `soon after a start fewer whole reads begin, and nodes that do not answer hold up nothing for long`() {
        var queue = ReadQueue(modeLimit: 8, wholeLimit: 256, began: began)
        for number in 1...300 { queue.add(read(number), at: began) }
        let counts = [0, 10, 20, 40, 139, 140, 10_000].map { milliseconds in
            taken(&queue, at: began + .milliseconds(milliseconds)).count
        }
        #expect(counts == [32, 0, 32, 32, 128, 32, 0])
    }

    @Test func `somebody is to come back as long as the limit grows and reads wait for it`() {
        var queue = ReadQueue(modeLimit: 8, wholeLimit: 40, began: began)
        #expect(!queue.isHeldBack(at: began))
        for number in 1...50 { queue.add(read(number), at: began) }
        #expect(taken(&queue, at: began).count == 32)
        #expect(queue.isHeldBack(at: began))
        let grown = began + ReadQueue.growthPause
        #expect(!queue.isHeldBack(at: grown))
        #expect(taken(&queue, at: grown).count == 8)
        #expect(!queue.isHeldBack(at: grown), "the other ten wait for the end of a read")
    }
}
