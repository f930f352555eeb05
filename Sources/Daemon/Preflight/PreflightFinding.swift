/// Something that a look at the cluster found, about a node, a cluster or a policy.
package struct PreflightFinding: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable, CaseIterable {
        case error, warning, note
    }

    package enum Code: String, Hashable, Sendable, CaseIterable {
        case apiUnreachable = "api-unreachable"
        case statsMissing = "stats-missing"
        case listMissing = "list-missing"
        case probeMissing = "probe-missing"
        case notReady = "not-ready"
        case secretUnreadable = "secret-unreadable"
        case certificatesUnusable = "certificates-unusable"
        case certificateEnds = "certificate-ends"
        case nameMismatch = "name-mismatch"
        case notListed = "not-listed"
        case notConnected = "not-connected"
        case wrongTopology = "wrong-topology"
        case wrongAddress = "wrong-address"
        case listWithoutMode = "list-without-mode"
        case unlistedNode = "unlisted-node"
        case seedSilent = "seed-silent"
        case nodeFound = "node-found"
        case addressRefused = "address-refused"
        case blockedAlready = "blocked-already"
        case notServing = "not-serving"
        case versionsDiffer = "versions-differ"
        case clocksDiffer = "clocks-differ"
        case drainsByConnections = "drains-by-connections"
        case drainsBySessions = "drains-by-sessions"
        case vanishedNotSent = "vanished-not-sent"
        case embedded
        case receiverUnreachable = "receiver-unreachable"
        case addressUnreachable = "address-unreachable"
        case commandNotFound = "command-not-found"
        case commandNotExecutable = "command-not-executable"
    }

    package var severity: Severity
    package var code: Code
    /// The cluster or the policy.
    package var place: String
    /// The node, as the policies call it.
    package var node: String?
    package var message: String
    package var hint: String?
    /// The program of a command.
    package var program: String?

    init(
        _ severity: Severity, _ code: Code, in place: String, node: String? = nil, program: String? = nil,
        _ message: String, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.place = place
        self.node = node
        self.program = program
        self.message = message
        self.hint = hint
    }
}
