import Calendars
import Primitives
import Scheduling
import Testing

/// `progressDeadline`: when a run that stands still pauses, and which time counts.
struct ProgressDeadlineTests {
    /// The drain that never ends: a run that stands still.
    static let stuck = StepSequence(
        name: "stuck", steps: [.drain(DrainStep(maxSessions: -1, deadline: .hours(9))), .restore])
    static let canary = Canary(count: 1, soak: .hours(1))

    /// Minutes 10 to 30.
    static let freeze = Exclusion(
        window: Window(
            name: "freeze", recurrence: .at(ZoneRules.utc.local(RigWorld.midnight + .minutes(10))),
            length: .elapsed(.minutes(20)), timeZone: ZoneRules.utc.name))

    struct Course: CustomTestStringConvertible {
        var testDescription: String
        var strategy = Strategy(progressDeadline: .minutes(30))
        var sequence = stuck
        var exclusions: [Exclusion] = []
        var script: [(Int64, ScriptedRehearsal.Deed)] = []
        var broken: [String] = []
        /// The minute in which it pauses.
        var pauses: String
    }

    static let courses = [
        Course(testDescription: "a drain that never ends", pauses: "30m"),
        Course(testDescription: "a freeze does not count", exclusions: [freeze], pauses: "50m"),
        Course(testDescription: "a restart keeps it", script: [(12, .restarts), (20, .restarts)], pauses: "30m"),
        Course(
            testDescription: "like any deadline it goes on while the daemon is away",
            script: [(5, .away(minutes: 10))], pauses: "30m"),
        Course(
            testDescription: "whoever comes back late has a quarter of it to show progress",
            script: [(5, .away(minutes: 40))], pauses: "52m"),
        Course(testDescription: "the wall clock has no say", script: [(5, .wallJumps(minutes: 120))], pauses: "30m"),
        Course(testDescription: "nor when it goes back", script: [(5, .wallJumps(minutes: -120))], pauses: "30m"),
        Course(
            testDescription: "a reload keeps it",
            script: [(12, .loads(ScriptedRehearsal.rollout(Strategy(progressDeadline: .hours(5)), sequence: stuck)))],
            pauses: "30m"),
        Course(
            testDescription: "no node can be started", sequence: ScriptedRehearsal.fiveMinutes,
            broken: ScriptedRehearsal.five,
            pauses: "30m"),
        Course(
            testDescription: "a wait step is ordered",
            sequence: StepSequence(name: "s", steps: [.drain(DrainStep()), .wait(.duration(.minutes(40))), .restore]),
            pauses: "never"),
        Course(
            testDescription: "the wait for a group is ordered",
            strategy: Strategy(groups: ScriptedRehearsal.groups(waiting: .hours(2)), progressDeadline: .minutes(30)),
            sequence: ScriptedRehearsal.fiveMinutes, pauses: "never"),
        Course(
            testDescription: "the soak of a canary is ordered",
            strategy: Strategy(canary: canary, progressDeadline: .minutes(30)), sequence: ScriptedRehearsal.fiveMinutes,
            pauses: "never"),
        Course(
            testDescription: "a canary out of service is not",
            strategy: Strategy(canary: canary, progressDeadline: .minutes(30)), sequence: ScriptedRehearsal.fiveMinutes,
            script: [(10, .breaks("a1"))], pauses: "40m"),
        Course(
            testDescription: "the pause between nodes is ordered",
            strategy: Strategy(pauseBetweenNodes: .minutes(45), progressDeadline: .minutes(30)),
            sequence: ScriptedRehearsal.fiveMinutes, pauses: "never"),
    ]

    @Test(arguments: courses) func `the run pauses`(course: Course) {
        let set = ScriptedRehearsal.rollout(course.strategy, sequence: course.sequence, exclusions: course.exclusions)
        var rehearsal = ScriptedRehearsal(set, broken: course.broken)
        rehearsal.run(minutes: 60, course.script)
        let paused = rehearsal.lines.first { $0.contains("paused") }
        #expect(paused?.split(separator: " ").first ?? "never" == course.pauses, "\(rehearsal.text)")
        if let paused { #expect(paused.hasSuffix("paused: no step finished for 30m (progressDeadline)")) }
        let isStuck = rehearsal.controller.ledger.alarms.keys.contains { $0.code == .stuck }
        #expect(isStuck == (course.pauses != "never"))
        #expect(rehearsal.isFolded)
    }
}
