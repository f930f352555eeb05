import Scheduling

/// What a simulated run came to.
package struct SimulationResult: Sendable {
    package var seed: UInt64
    /// Two runs with the same digest did the same.
    package var digest: UInt64
    package var violations: [Violation]
    /// How many appends the journal took, over all processes of the daemon.
    package var appends: Int
    package var records: [Record]
    /// Live connections cut by commands of nagi's.
    package var callsCut: Int
    package var changesReceived: Int
    package var admitted: Int
    package var rejected: Int
    package var crashes: Int
    /// Events that the loop handled, and those among them that only said that time has passed.
    package var handled: Int
    package var ticks: Int
    /// What really happened.
    package var marks: Marks
    /// Filled where the scenario asks for it.
    package var trace: [String]
    package var finalStatus: StatusReport

    package var runs: [RunStatus] { finalStatus.runs }
}
