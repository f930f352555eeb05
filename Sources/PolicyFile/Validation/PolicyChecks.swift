import Calendars
import Primitives
import Scheduling

extension PolicyValidator {
    mutating func maintenanceWindow(_ draft: PolicyDraft, _ document: PolicyDocument) -> MaintenanceWindow? {
        let common = checked(draft, document, defaultSequence: StepSequence.drainThenBlock.name)
        let sequence = common.sequence
        if let sequence {
            for step in sequence.usingRevision {
                findings.error(
                    .revisionOutsideRollout, "the maintenance window \"\(document.name.value)\" has no revision",
                    at: step.node.location(of: "verify", "version"), hint: "{revision} is for rollouts")
            }
        }
        checkFit(common, sequence, draft)
        guard let cluster = draft.cluster, let steps = sequence?.sequence else { return nil }
        return MaintenanceWindow(
            name: document.name.value, cluster: cluster.value, selector: draft.selector?.value ?? .all,
            windows: common.windows.map(\.value), exclusions: common.exclusions,
            cutoff: draft.cutoff?.value ?? .zero, onWindowEnd: draft.onWindowEnd ?? .restore, strategy: draft.strategy,
            sequence: steps, isSuspended: draft.isSuspended, dryRun: draft.dryRun ? true : nil,
            gates: draft.gates.isEmpty ? nil : draft.gates.map(\.value))
    }

    mutating func rollout(_ draft: PolicyDraft, _ document: PolicyDocument) -> Rollout? {
        let common = checked(draft, document, defaultSequence: nil)
        if let sequence = common.sequence, draft.windows == nil { checkEndless(sequence, draft) }
        if draft.windows == nil {
            for key in ["cutoff", "onWindowEnd"] where document.spec.hasKey(key) {
                findings.warning(
                    .hasNoEffect, "`\(key)` has no effect without windows", at: document.spec.location(of: key))
            }
        }
        checkFit(common, common.sequence, draft)
        guard let cluster = draft.cluster, let revision = draft.revision, let steps = common.sequence?.sequence
        else { return nil }
        return Rollout(
            name: document.name.value, cluster: cluster.value, selector: draft.selector?.value ?? .all,
            revision: revision, windows: common.windows.map(\.value), exclusions: common.exclusions,
            cutoff: draft.cutoff?.value ?? .zero, onWindowEnd: draft.onWindowEnd ?? .finish, strategy: draft.strategy,
            sequence: steps, isSuspended: draft.isSuspended, dryRun: draft.dryRun ? true : nil,
            gates: draft.gates.isEmpty ? nil : draft.gates.map(\.value), approval: draft.approval)
    }

    private struct Common {
        var windows: [Located<Window>]
        var exclusions: [Exclusion]
        var sequence: CheckedSequence?
    }

    private mutating func checked(
        _ draft: PolicyDraft, _ document: PolicyDocument, defaultSequence: String?
    ) -> Common {
        let cluster = draft.cluster.flatMap { self.cluster(named: $0) }
        if let cluster {
            let selected = self.selected(draft.selector, of: cluster)
            checkStrategy(draft.strategy, selected, document.spec)
            checkWaves(draft.strategy, selected.count, cluster, document.spec)
            checkGroups(draft.strategy, selected, of: cluster, document.spec)
        }
        let windows = spans(draft.windows ?? [], default: draft.timeZone, called: "window").map {
            Located(value: $0.value.window, node: $0.node)
        }
        let exclusions = spans(draft.exclusions, default: draft.timeZone, called: "exclusion")
        checkTimeZone(draft.timeZone, of: document.spec, in: ["windows", "exclusions"])
        checkCalendarsOnBothSides(draft)
        checkGateNames(draft.gates)
        keep(
            PolicyPlaces(document: document, windows: windows, exclusions: exclusions), of: document.name.value)
        var sequence = draft.sequence.flatMap { self.sequence($0, policy: document.name.value) }
        if let defaultSequence, !document.spec.hasKey("sequence") { sequence = self.sequence(named: defaultSequence) }
        if let sequence, let cluster, cluster.draft.topology == .clustered, let name = draft.cluster?.value {
            for step in sequence.readyBeforeRestore {
                findings.error(
                    .readyWhileBlocked,
                    "in the cluster \"\(name)\" a node is never ready while it is blocked: /.ok answers 503",
                    at: step.node.location(of: "verify", "ready"), hint: "verify connected here, ready after `restore`")
            }
        }
        if let steps = sequence?.sequence, let cluster, let reference = draft.cluster {
            cluster.checkQuorum(for: reference, sequence: steps, findings)
        }
        return Common(windows: windows, exclusions: exclusions.map(\.value), sequence: sequence)
    }

    func cluster(named reference: Located<String>) -> CheckedCluster? {
        if !declares(reference.value, as: .cluster), !isIncomplete {
            let known = names(of: .cluster)
            let near = nearest(to: reference.value, among: known)
            findings.error(
                .unknownCluster, "there is no cluster \"\(reference.value)\"", at: reference.location,
                hint: near.map { "did you mean \($0)?" } ?? (known.isEmpty ? "no file declares a cluster" : nil))
        }
        return clusters[reference.value]
    }

    private func sequence(
        _ reference: Located<PolicyDraft.SequenceReference>, policy: String
    ) -> CheckedSequence? {
        switch reference.value {
        case .inline(let draft): return CheckedSequence(draft, name: policy, findings)
        case .name(let name):
            if let sequence = sequence(named: name) { return sequence }
            if declares(name, as: .sequence) || isIncomplete { return nil }
            let known = names(of: .sequence)
            var hint = nearest(to: name, among: known + [StepSequence.drainThenBlock.name]).map {
                "did you mean \($0)?"
            }
            if name == "rolling-upgrade" {
                hint = "only you know the command: declare a Sequence of this name with a `run` step"
            }
            findings.error(.unknownSequence, "there is no sequence \"\(name)\"", at: reference.location, hint: hint)
            return nil
        }
    }

    /// Declared ones go before those that are built in.
    private func sequence(named name: String) -> CheckedSequence? {
        if declares(name, as: .sequence) { return sequences[name] }
        return name == StepSequence.drainThenBlock.name ? CheckedSequence(builtIn: .drainThenBlock) : nil
    }

    func selected(_ selector: Located<Selector>?, of cluster: CheckedCluster) -> [ClusterNode] {
        let nodes = cluster.draft.nodes.map(\.value)
        guard let selector else { return nodes }
        var hasUnknown = false
        for key in ["nodes", "exclude"] {
            guard case .sequence(let items)? = selector.node[key]?.value else { continue }
            let known = nodes.map(\.name)
            let names = Set(known)
            for item in items {
                guard let name = item.scalar?.text, !names.contains(name) else { continue }
                hasUnknown = true
                findings.error(
                    .unknownNode, "the cluster has no node \"\(name)\"", at: item.location,
                    hint: nearest(to: name, among: known).map { "did you mean \($0)?" })
            }
        }
        let selected = nodes.filter(selector.value.matches)
        if selected.isEmpty, !nodes.isEmpty, !hasUnknown {
            let (place, hint) = emptySelection(selector, nodes)
            findings.error(
                .selectorMatchesNothing, "the selector matches no node of the cluster", at: place, hint: hint)
        }
        return selected
    }

    /// The label that no node has, where there is one.
    private func emptySelection(_ selector: Located<Selector>, _ nodes: [ClusterNode]) -> (SourceLocation, String?) {
        for (key, value) in selector.value.matchLabels.sorted(by: { $0.key < $1.key }) {
            let place = selector.node.location(of: "matchLabels", key)
            let values = Set(nodes.compactMap { $0.labels[key] }).sorted()
            if values.isEmpty {
                let keys = Set(nodes.flatMap(\.labels.keys)).sorted()
                let near = nearest(to: key, among: keys)
                return (place, near.map { "did you mean the label \($0)?" } ?? "no node has the label \(key)")
            }
            if !values.contains(value) { return (place, "\(key) is \(listed(Array(values.prefix(8))))") }
        }
        return (selector.location, nil)
    }

    private func checkStrategy(_ strategy: Strategy, _ nodes: [ClusterNode], _ spec: YAMLNode) {
        if !strategy.maxUnavailable.allowsSomething {
            findings.error(
                .budgetAllowsNothing, "maxUnavailable 0 allows no node to be taken out",
                at: spec.location(of: "strategy", "maxUnavailable"))
        }
        for (index, order) in strategy.order.enumerated() {
            guard case .label(let label) = order, !nodes.isEmpty else { continue }
            if nodes.contains(where: { $0.labels[label] != nil }) { continue }
            let place = spec["strategy"]?["order"]?[index]?.location(of: "label") ?? spec.location(of: "strategy")
            findings.warning(
                .unknownLabel, "no selected node has the label \"\(label)\"",
                at: place,
                hint: nearest(to: label, among: Set(nodes.flatMap(\.labels.keys)).sorted()).map {
                    "did you mean \($0)?"
                })
        }
    }

    /// A rollout that acts at any time has no window whose end could restore a node.
    private func checkEndless(_ sequence: CheckedSequence, _ draft: PolicyDraft) {
        guard let reference = draft.sequence else { return }
        if let wait = sequence.waitingForWindowEnd.first {
            findings.error(
                .neverRestored, "without windows this rollout would wait for ever for the end of one",
                at: reference.location, hint: "give it windows, or end the sequence with `- restore: {}`",
                related: [.init(message: "it waits here", location: wait.location)])
        } else if sequence.isRestoreImplied {
            findings.error(
                .neverRestored, "without windows nothing ends this sequence: it has no restore", at: reference.location,
                hint: "end it with `- restore: {}`, or give the rollout windows")
        }
    }

    /// Windows that may join others are judged where the coming days are looked at.
    private func checkFit(_ common: Common, _ sequence: CheckedSequence?, _ draft: PolicyDraft) {
        let fit = WindowFit(common.windows.map(\.value))
        guard !fit.mayJoin, let longest = fit.longest else { return }
        if let cutoff = draft.cutoff, cutoff.value >= longest {
            let window = common.windows.first { $0.value.wallLength == longest } ?? common.windows[0]
            findings.error(
                .cutoffTooLong,
                "with a cutoff of \(cutoff.value.spoken) no node ever starts: the window \"\(window.value.name)\" "
                    + "has \(longest.spoken)" + (common.windows.count > 1 ? ", no other has more" : ""),
                at: cutoff.location, related: [.init(message: "its length", location: window.node.lengthLocation)])
            return
        }
        guard let worst = sequence?.sequence?.worstCase else { return }
        var calendars: Set<Substring> = []
        for window in common.windows {
            guard let length = window.value.wallLength, length > .zero, worst.total > length else { continue }
            if let cutoff = draft.cutoff, cutoff.value >= length { continue }
            if let calendar = window.value.calendar, !calendars.insert(calendar).inserted { continue }
            findings.warning(
                .windowTooShort,
                "one node needs up to \(worst.total.spoken), the window \"\(window.value.name)\" has "
                    + "\(length.spoken)",
                at: window.node.lengthLocation, hint: worst.sum)
        }
    }
}
