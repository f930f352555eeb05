/// Something that can change the mode of a node.
public enum ModeCause: Hashable, Sendable {
    /// The process starts for the first time.
    case boot(clustered: Bool)
    /// The process starts again. A mode does not survive it.
    case restart(clustered: Bool)
    /// Somebody asks with `ChangeMode`.
    case request(RequestableMode)
    /// A started node becomes a member of the cluster.
    case join
    /// A member loses the majority of the cluster.
    case isolate
    /// An isolated member finds the majority again.
    case rejoin
    /// A file operation of a clustered node (log, recording) failed: the node blocks itself.
    case fileFault

    /// Every cause once, for exhaustive tables.
    public static let all: [ModeCause] =
        [.boot(clustered: false), .boot(clustered: true), .restart(clustered: false), .restart(clustered: true)]
        + RequestableMode.allCases.map { .request($0) } + [.join, .isolate, .rejoin, .fileFault]
}

/// What a cause does to the mode of a node.
public enum ModeTransition: Hashable, Sendable {
    /// The node is in this mode now. Never the mode that it was in.
    case to(NodeMode)
    /// The node stays in the mode that it is in; a request for that very mode is answered like one that changed it.
    case kept
    /// The node stays in the mode that it is in, and whoever asked is told so.
    case refused(ModeRefusal)
}

/// Why a node did not take a requested mode.
public enum ModeRefusal: String, Hashable, Sendable {
    /// The node is `initial`: not part of the cluster, and nobody can talk it out of that.
    case initial
    /// The node does not run.
    case notRunning
}

/// What differs between releases of the mode feature, and what its manual leaves open.
public struct ModeProfile: Hashable, Sendable {
    /// Modes that give way to `initial` when the node is isolated.
    public enum Isolation: Hashable, Sendable {
        /// `normal` only; the blocking modes are kept. What the manual says today.
        case fromNormal
        /// Every mode: the first release of 2021. The block is forgotten, the node rejoins as `normal`.
        case fromEveryMode
    }

    /// What ListClusterNodes shows of members that are not connected.
    public enum KnownNodes: Hashable, Sendable {
        /// Each of them; the call takes no body. Releases before 2023.2.0.
        case listed
        /// Each of them, unless the body declines them: `{"include_all_known_nodes":false}`. What the manual says of a call
        /// without a body.
        case listedUnlessDeclined
        /// None, unless the body asks for them: `{"include_all_known_nodes":true}`. Releases since 2023.2.0, by the vendor's
        /// exporter (sora_exporter CHANGES 2024.1.0).
        case listedOnRequest
    }

    public var isolation: Isolation
    /// Whether `ChangeMode` works while the node is `initial`. The manual is silent; refusing keeps a node that is not
    /// part of its cluster closed.
    public var takesRequestsWhileInitial: Bool
    /// Whether a node in `block_new_connection` still redirects clients to other nodes of the cluster. The manual's
    /// sequence diagram shows a failed connection.
    public var redirectsWhileBlocked: Bool
    /// Whether a session may span the nodes of a cluster, as since 2024: clients of a live channel are spread over the
    /// nodes like those of a new one, and the session is counted where it began until its last connection anywhere has
    /// left. There, a node is drained when its *connections* are gone. A cluster relays if all its nodes do.
    public var relays: Bool
    public var knownNodes: KnownNodes

    public init(
        isolation: Isolation = .fromNormal, takesRequestsWhileInitial: Bool = false,
        redirectsWhileBlocked: Bool = false, relays: Bool = false, knownNodes: KnownNodes = .listedUnlessDeclined
    ) {
        self.isolation = isolation
        self.takesRequestsWhileInitial = takesRequestsWhileInitial
        self.redirectsWhileBlocked = redirectsWhileBlocked
        self.relays = relays
        self.knownNodes = knownNodes
    }

    /// The behaviour of the current manual.
    public static let current = ModeProfile()
    /// The first release of the mode feature (2021).
    public static let firstRelease = ModeProfile(isolation: .fromEveryMode, knownNodes: .listed)
    /// Releases since 2023.2.0: lists leave out who is not connected.
    public static let release2023 = ModeProfile(knownNodes: .listedOnRequest)
    /// Releases since 2024 with sessions that span nodes.
    public static let relay = ModeProfile(relays: true, knownNodes: .listedOnRequest)
}

/// The transition table of modes: total, the same answer for the same arguments.
public func transition(from mode: NodeMode, on cause: ModeCause, profile: ModeProfile) -> ModeTransition {
    func become(_ next: NodeMode) -> ModeTransition { next == mode ? .kept : .to(next) }
    switch cause {
    case .boot(let clustered), .restart(let clustered):
        return become(clustered ? .initial : .normal)
    case .request(let requested):
        guard mode != .initial || profile.takesRequestsWhileInitial else { return .refused(.initial) }
        return become(requested.mode)
    case .join, .rejoin:
        return mode == .initial ? .to(.normal) : .kept
    case .isolate:
        switch profile.isolation {
        case .fromNormal: return mode == .normal ? .to(.initial) : .kept
        case .fromEveryMode: return become(.initial)
        }
    case .fileFault:
        return become(.blockNewConnection)
    }
}
