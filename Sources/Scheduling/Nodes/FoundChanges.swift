import ModeCore
import Primitives

/// How often nodes that were found came, moved and went lately. What one name does again and again is followed less and
/// less often: each change is a record, and lays everything out anew. Others are not held up by it.
struct FoundChanges: Sendable {
    private(set) var latest: Uptime?
    private var names: [String: (at: Uptime, returns: Int)] = [:]

    private static let longestPause = Duration.minutes(10)
    private static let memory = longestPause * 2
    private static let limit = 4 * ClusterMember.limit

    mutating func note(_ changed: [String], at now: Uptime) {
        latest = now
        names = names.filter { now - $0.value.at <= FoundChanges.memory }
        if names.count + changed.count > FoundChanges.limit { names = [:] }
        for name in changed { names[name] = (now, names[name].map { min($0.returns + 1, 16) } ?? 0) }
    }

    /// Until when the name stays as it is, however the lists change; nil: it may change now.
    func rest(of name: String, from interval: Duration, at now: Uptime) -> Uptime? {
        guard let entry = names[name], entry.returns > 0 else { return nil }
        let end = entry.at + min(interval * (1 << entry.returns), FoundChanges.longestPause)
        return end > now ? end : nil
    }
}
