import ModeCore

/// What the journal adds up to: everything that must survive a crash. It changes only by `apply`, so that the fold of a
/// journal after a restart is the very value that the process before had.
public struct Ledger: Hashable, Sendable {
    public var policies: PolicySet?

    public init() {}

    public init(folding records: [Record]) {
        for record in records { apply(record) }
    }

    public mutating func apply(_ record: Record) {}
}
