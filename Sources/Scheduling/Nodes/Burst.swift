import Primitives

/// How often something is told that may keep changing: a few changes at once, so that the past can be asked about, then one
/// now and then.
struct Burst: Hashable, Sendable {
    private(set) var toldAt: Uptime?
    private var told = 0

    /// So many at once, and then none until nothing was told for `rest`.
    static let limit = 10
    /// Of a node that is at work, about which more is decided.
    static let limitAtWork = 100
    static let rest = Duration.minutes(1)

    /// When the next one may be told.
    func next(after limit: Int = Burst.limit) -> Uptime {
        guard let toldAt, told >= limit else { return Uptime(nanoseconds: .min) }
        return toldAt + Burst.rest
    }

    mutating func note(at now: Uptime) {
        let isRested = toldAt.map { now - $0 >= Burst.rest } ?? true
        told = isRested ? 1 : told + 1
        toldAt = now
    }
}
