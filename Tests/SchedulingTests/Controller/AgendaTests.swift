import Primitives
import Testing

@testable import Scheduling

/// What is due when.
struct AgendaTests {
    private static func at(_ second: Int) -> Uptime { (Moment.start + .seconds(second)).uptime }

    private static func popped(_ agenda: inout Agenda, at second: Int) -> [String] {
        var popped: [String] = []
        while let (due, subject) = agenda.popDue(at: at(second)) {
            popped.append("\((due - at(0)).components.seconds) \(subject)")
        }
        return popped
    }

    @Test func `what is due comes out by its instant, modes before everything else`() {
        var agenda = Agenda()
        agenda.wake(.run(1), at: Self.at(2))
        agenda.wake(.cluster(1), at: Self.at(2))
        agenda.insertRead(.wholeRead(7), at: Self.at(2))
        agenda.insertRead(.modeRead(9), at: Self.at(2))
        agenda.insertRead(.wholeRead(3), at: Self.at(2))
        agenda.wake(.node(4), at: Self.at(2))
        agenda.insertRead(.wholeRead(1), at: Self.at(1))
        agenda.insertRead(.modeRead(1), at: Self.at(9))
        #expect(agenda.next == Self.at(1))
        let popped = Self.popped(&agenda, at: 5)
        #expect(
            popped == [
                "1 wholeRead(1)", "2 modeRead(9)", "2 wholeRead(3)", "2 wholeRead(7)", "2 node(4)", "2 run(1)",
                "2 cluster(1)",
            ])
        #expect(agenda.next == Self.at(9))
        agenda.removeAll()
        #expect(agenda.next == nil)
    }

    /// A subject that is looked at often does not fill the agenda: only an earlier instant is worth another entry.
    @Test func `a subject is woken at the earliest instant that was asked for`() {
        var agenda = Agenda()
        for second in [9, 20, 9, 12, 5, 30] { agenda.wake(.node(1), at: Self.at(second)) }
        #expect(agenda.next == Self.at(5))
        let first = Self.popped(&agenda, at: 5)
        #expect(first == ["5 node(1)"])
        // What was asked for later, beside the earlier instants, may come too; it is not lost when it is asked for again.
        agenda.wake(.node(1), at: Self.at(20))
        let later = Self.popped(&agenda, at: 40)
        #expect(later.contains("20 node(1)"))
        #expect(later.count <= 2)
        #expect(agenda.next == nil)
    }

    @Test func `the spread of reads draws nothing and keeps within its share`() {
        let interval = Duration.seconds(10)
        var spread: Set<Duration> = []
        for place in 0..<200 {
            let jittered = Cadence.jittered(interval, share: 0.1, place: place, at: Self.at(place % 7))
            #expect(jittered >= .seconds(9) && jittered <= .seconds(11))
            #expect(jittered == Cadence.jittered(interval, share: 0.1, place: place, at: Self.at(place % 7)))
            spread.insert(jittered)
        }
        #expect(spread.count > 150)
        #expect(Cadence.jittered(interval, share: 0, place: 3, at: Self.at(3)) == interval)
    }

    @Test func `a work queue holds each place once, in the order of its first coming`() {
        var queue = WorkQueue()
        for place in [3, 1, 3, 200, 1] { queue.insert(place) }
        var popped: [Int] = []
        while let place = queue.popFirst() {
            popped.append(place)
            // What is put in while it is worked on comes after the rest.
            if place == 3, popped.count < 3 { queue.insert(3) }
        }
        #expect(popped == [3, 1, 200, 3])
        #expect(queue.isEmpty)
        queue.insert(5)
        queue.removeAll()
        let last = queue.popFirst()
        #expect(last == nil)
    }
}
