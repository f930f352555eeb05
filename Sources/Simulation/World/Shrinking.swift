import Primitives
import Scheduling

extension Scenario {
    /// The same scenario with as few faults as show the violation: halves of the plan are left out, then quarters, and
    /// so on, for as long as what is left still shows it; in the end the run stops where it has shown it.
    ///
    /// - Parameter isSame: whether a violation is the one that is looked for.
    package func shrunk(where isSame: (Violation) -> Bool) -> Scenario {
        var smallest = self
        func shows(_ scenario: Scenario) -> Violation? { World.run(scenario).violations.first(where: isSame) }
        guard let first = shows(smallest) else { return self }
        smallest.length = min(smallest.length, first.after + .minutes(1))
        var chunk = max(1, smallest.plan.faults.count / 2)
        while chunk >= 1 {
            var place = 0
            while place < smallest.plan.faults.count {
                var candidate = smallest
                candidate.plan.faults.removeSubrange(place..<min(place + chunk, candidate.plan.faults.count))
                candidate.length = length
                if let violation = shows(candidate) {
                    candidate.length = min(length, violation.after + .minutes(1))
                    smallest = candidate
                } else {
                    place += chunk
                }
            }
            chunk /= 2
        }
        for number in smallest.plan.commands.keys.sorted() {
            var candidate = smallest
            candidate.plan.commands[number] = nil
            if shows(candidate) != nil { smallest = candidate }
        }
        return smallest
    }
}
