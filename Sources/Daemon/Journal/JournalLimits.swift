import Primitives

/// How much of the past a journal keeps, and how much of it a start has to read.
package struct JournalLimits: Hashable, Sendable {
    /// A checkpoint is written when so many records have come since the last one, and at least as many bytes of them as it
    /// has itself, so that a large state is not written for a few records;
    package var checkpointRecords: Int64 = 5_000
    /// or, in any case, when so many records have come, or so many bytes,
    package var mostRecords: Int64 = 20_000
    package var checkpointBytes = 32 << 20
    /// or any, and so much time has passed. A start reads one checkpoint and what came after it.
    package var checkpointAge = Duration.days(7)
    /// Records before a checkpoint go when they are older than that,
    package var retention = Duration.days(90)
    /// or, the oldest first, when there are more of them,
    package var keptRecords: Int64 = 200_000
    /// or when the file has more bytes in use.
    package var keptBytes: Int64 = 256 << 20
    /// Rows that one transaction deletes: appending waits for no more.
    package var deletedAtOnce = 2_000

    package init() {}
}
