import Primitives
import Scheduling

/// What the client remembers of a node from one read to the next.
struct NodeMemory: Sendable {
    /// How often a node that is said to stand alone is asked for its cluster.
    static let listInterval = Duration.minutes(1)

    /// When something was asked for last.
    var usedAt: Uptime
    private var listAskedAt: Uptime?
    private var listsOthers = false
    private var isVersionListed = false
    /// What its report says of itself; nil: none has come yet.
    private var report: Report?
    /// It answered 400 to a list with a body, and to none since.
    private var refusal: Refusal?

    private struct Refusal: Hashable, Sendable {
        /// No release is known of it, and older ones take no body.
        var isOfUnknown: Bool
        var times = 0
        var latest = Uptime(nanoseconds: .min)

        /// A release that would leave somebody out may refuse once, as whatever stands before it may; who does so again and
        /// again takes no body for now.
        func isBelieved(at now: Uptime) -> Bool {
            isOfUnknown || (times >= NodeMemory.refusalsToBelieve && now - latest < NodeMemory.refusalLength)
        }
    }

    private static let refusalsToBelieve = 3
    private static let refusalLength = Duration.minutes(5)

    private struct Report: Hashable, Sendable {
        var version: NodeText?
        /// Nil: it names its release in its list only.
        var relays: Bool?
    }

    init(at now: Uptime) {
        usedAt = now
    }

    var hasReport: Bool { report?.relays != nil }
    /// Nil: none is known.
    var release: Release? { report?.version.flatMap { Release($0.description) } }
    /// Its sessions span nodes; nil: not known.
    var relays: Bool? { report?.relays }

    /// A list of it is asked for with those members that are not connected. Of a node of which nothing is known the safe
    /// way is tried first: a list that is too short would make the cluster look smaller than it is.
    func asksForAllKnown(at now: Uptime) -> Bool {
        if let refusal, refusal.isBelieved(at: now) { return false }
        return release?.leavesOutDisconnected ?? true
    }

    mutating func note(version: NodeText?, relays: Bool?) {
        if report.map({ $0.version != version }) ?? true { refusal = nil }
        report = Report(version: version, relays: relays)
    }

    /// - Returns: whether it may be asked without a body.
    mutating func noteRefusal(at now: Uptime) -> Bool {
        var refusal = refusal ?? Refusal(isOfUnknown: release == nil)
        refusal.times += 1
        refusal.latest = now
        self.refusal = refusal
        return refusal.isBelieved(at: now)
    }

    mutating func noteTakenBody() { refusal = nil }

    /// A node that is said to stand alone is asked for its cluster now and then, so that a wrong `topology` shows; one that
    /// lists others, each time.
    mutating func isListDue(at now: Uptime) -> Bool {
        if !listsOthers, let asked = listAskedAt, now - asked < NodeMemory.listInterval { return false }
        listAskedAt = now
        return true
    }

    mutating func noteList(_ members: [ClusterMember]?, of name: String) {
        listsOthers = members?.contains { $0.name.description != name } ?? false
    }

    /// The node's version: by its cluster's list, else by its own report. Once a list named one, a report is not believed
    /// while a list is missing: should the two spell it differently, that would look like another life of the node.
    mutating func version(
        of name: String, listedIn members: [ClusterMember]?, reported: NodeText?
    ) -> NodeText? {
        if let own = members?.first(where: { $0.name.description == name }), own.isConnected {
            isVersionListed = own.version != nil
            return own.version ?? reported
        }
        return isVersionListed ? nil : reported
    }
}
