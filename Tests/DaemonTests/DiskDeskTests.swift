import Daemon
import Primitives
import Synchronization
import Testing

@Suite struct DiskDeskTests {
    private let disk = DiskDesk()

    @Test(.timeLimit(.minutes(1))) func `a file that hangs holds up nobody who asks for another`() async throws {
        let far = await HangingFile("far", on: disk)
        #expect(try await disk.answer(about: "near", within: .seconds(20)) { 7 } == 7)
        far.goOn()
    }

    @Test(.timeLimit(.minutes(1))) func `whoever is cancelled leaves at once`() async throws {
        let far = await HangingFile("far", on: disk)
        let asking = Task { [disk] in try await disk.answer(about: "far", within: .seconds(600)) { 7 } }
        asking.cancel()
        await #expect(throws: DiskDesk.Unanswered(file: "far", isGivenUp: true)) { try await asking.value }
        far.goOn()
    }

    @Test(.timeLimit(.minutes(1))) func `one thing is done about a file at a time, and nothing for whoever has left`()
        async throws
    {
        let far = await HangingFile("far", on: disk)
        let done = Mutex<[Int]>([])
        for number in 1...100 {
            await #expect(throws: DiskDesk.Unanswered(file: "far")) {
                try await disk.answer(about: "far", within: .milliseconds(1)) { done.withLock { $0.append(number) } }
            }
        }
        far.goOn()
        try await disk.answer(about: "far", within: .seconds(20)) { done.withLock { $0.append(0) } }
        #expect(done.withLock { $0 } == [0])
    }

    @Test func `it is said which file gave no answer`() {
        #expect("\(DiskDesk.Unanswered(file: "/run/token"))" == "the file /run/token gave no answer in time")
    }
}
