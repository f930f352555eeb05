import Primitives

/// Ends of grace periods in the order of time. The period is the same for all, so first in is first out; entries of
/// sessions that came back to life stay and are skipped by whoever takes them.
struct ExpiryQueue: Sendable {
    struct Entry: Sendable {
        var at: Timestamp
        var emptySince: Timestamp
        var channel: ChannelID
        var session: SessionID
    }

    private var entries: [Entry] = []
    private var head = 0

    var first: Entry? { head < entries.count ? entries[head] : nil }
    var last: Entry? { head < entries.count ? entries[entries.count - 1] : nil }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    mutating func removeFirst() {
        head += 1
        if head == entries.count {
            removeAll()
        } else if head >= 1024, head * 2 >= entries.count {
            entries.removeSubrange(..<head)
            head = 0
        }
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        head = 0
    }
}
