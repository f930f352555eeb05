import ModeCore

/// Decides. A synchronous function from events to effects on a value: the daemon and the simulation drive the same one.
///
/// Not a word of it reads a clock: the moment comes with each event. Whoever drives it performs the effects in the order
/// in which they are returned, and calls `handle` with `ticked` at `nextWake` at the latest.
public struct Controller: Sendable {
    public private(set) var ledger: Ledger

    /// - Parameter ledger: the fold of the journal; empty on a first start.
    public init(ledger: Ledger) {
        self.ledger = ledger
    }

    public mutating func handle(_ event: Event, at now: Moment) -> [Effect] { [] }

    /// When something becomes due that no event announces; nil: nothing. Never rely on it for more than 30 s: the wall
    /// clock may jump meanwhile.
    public var nextWake: Uptime? { nil }

    public func status(at now: Moment) -> StatusReport {
        StatusReport(at: now.wall, clusters: [], runs: [], policyDigest: "")
    }
}
