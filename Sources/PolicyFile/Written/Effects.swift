/// What a change does to runs that are in work. The rules are those of the controller: a run pins sequence, order,
/// strategy, revision and nodes; its windows are those that it began with and the current ones; exclusions, suspension,
/// budgets and credentials are always the current ones. A rollout's run that has taken no node yet pins nothing: where its
/// text is edited, another one begins in its place.
enum Effect: Hashable, CaseIterable {
    case atOnce
    case exclusions
    case pinned
    case windows
    case revision
    case suspend
    case unsuspend
    case cluster
    case nodeAdded
    case nodeRemoved
    case nodeChanged
    case policyAdded
    case policyRemoved
    case policyRenamed
    case telling

    /// - Parameters:
    ///   - kind: of the document that is changed.
    ///   - used: who uses the calendar or the sequence.
    func sentence(_ kind: PolicyKind, used: String) -> String {
        let by = used.isEmpty ? "" : " (used by \(used))"
        let anew =
            switch kind {
            case .maintenanceWindow: ""
            case .rollout: ", one that has taken no node yet begins anew"
            default: ", a rollout's that has taken no node yet begins anew"
            }
        return switch self {
        case .atOnce: "holds at once, also for runs in work"
        case .exclusions:
            "holds at once: where a freeze has begun, nodes in work that are not past a disruptive step are given back\(by)"
        case .pinned: "a run in work goes on with what it began with\(anew); the next run has the new text\(by)"
        case .windows:
            "a run in work acts only while the windows that it began with and the new ones are open\(anew)\(by)"
        case .revision:
            "a new revision is a new run: nodes in work are given back and go into it, those past a disruptive step "
                + "are finished under the old text first"
        case .suspend:
            "holds at once: a run of a suspended policy ends, and gives back nodes that are not past a disruptive step"
        case .unsuspend:
            kind == .maintenanceWindow
                ? "holds at once: a run may start now, where a window is open"
                : "holds at once: a run may start now, where it has no windows or one is open"
        case .cluster:
            "a run in work ends as if the policy was removed: what is not past a disruptive step is given back"
        case .nodeAdded: "runs in work do not cover a node that is new; the next ones do"
        case .nodeRemoved:
            "a node that goes is given back, or finished if it is past a disruptive step, and observed until it owes nothing"
        case .nodeChanged:
            "a node with a claim keeps its former address until a read at the new one shows the mode that nagi wrote"
        case .policyAdded: "acts from its next opening on"
        case .policyRemoved:
            "its run in work ends: what is not past a disruptive step is given back, the rest is finished"
        case .policyRenamed:
            "another name is another policy: the run of the former ends, and an occurrence in which that one ran opens again"
        case .telling: "no run is touched"
        }
    }

    /// By kind and key of `spec`; nil for a key that is not declared.
    static func of(_ kind: PolicyKind, _ key: some StringProtocol) -> Effect? {
        switch kind {
        case .cluster: clusterKeys[String(key)]
        case .calendar: key == "timeZone" || key == "spans" || key == "files" ? .exclusions : nil
        case .sequence: key == "steps" || key == "onFailure" ? .pinned : nil
        case .maintenanceWindow, .rollout: policyKeys[String(key)]
        case .notification: .telling
        }
    }

    private static let clusterKeys: [String: Effect] = [
        "topology": .atOnce, "nodes": .nodeChanged, "api": .atOnce, "observe": .atOnce, "budget": .atOnce,
        "timeZone": .exclusions, "exclusions": .exclusions, "discovery": .atOnce, "hooks": .telling,
    ]

    private static let policyKeys: [String: Effect] = [
        "cluster": .cluster, "selector": .pinned, "timeZone": .windows, "windows": .windows,
        "exclusions": .exclusions, "cutoff": .pinned, "onWindowEnd": .pinned, "startOnlyIf": .pinned,
        "strategy": .pinned, "sequence": .pinned, "gates": .pinned, "onDrift": .pinned, "suspend": .suspend,
        "revision": .revision, "approval": .pinned,
    ]
}

extension PolicyKind {
    /// Whether it is known what a change of that key of `spec` does to runs in work.
    package func knowsEffect(of key: String) -> Bool { Effect.of(self, key) != nil }
}

/// The effects of all changes of one document, each once, in the order of the fields.
struct Effects {
    let sentences: [String]

    init(of change: DocumentChange, used: String) {
        let isShared = change.kind == .calendar || change.kind == .sequence
        if isShared, used.isEmpty, change.state == .changed {
            sentences = ["nobody uses it"]
            return
        }
        var effects: [Effect] = []
        let isPolicy = change.kind == .maintenanceWindow || change.kind == .rollout
        switch change.state {
        case .added: effects = isPolicy ? [.policyAdded] : []
        case .removed: effects = isPolicy ? [.policyRemoved] : change.kind == .cluster ? [.nodeRemoved] : []
        case .changed:
            if change.formerName != nil, isPolicy { effects.append(.policyRenamed) }
            effects += change.fields.compactMap { Effects.effect(of: $0, change.kind) }
            // A calendar may be either.
            if change.kind == .calendar, used.contains("windows") {
                effects = used.contains("exclusions") ? [.windows, .exclusions] : [.windows]
            }
        }
        var seen: Set<Effect> = []
        sentences = effects.filter { seen.insert($0).inserted }.map { $0.sentence(change.kind, used: used) }
    }

    private static func effect(of field: FieldChange, _ kind: PolicyKind) -> Effect? {
        if field.top == "suspend", field.new != "true" { return .unsuspend }
        guard kind == .cluster, field.top == "nodes" else { return Effect.of(kind, field.top) }
        if field.path.contains("].labels") { return .pinned }
        // `nodes[name]` itself, nothing in it.
        let isWhole = field.path.hasSuffix("]")
        if isWhole, field.old == nil { return .nodeAdded }
        if isWhole, field.new == nil { return .nodeRemoved }
        return .nodeChanged
    }
}
