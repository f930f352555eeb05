import Calendars
import ModeCore
import Primitives
import Scheduling

extension PolicyValidator {
    /// Nil where something that cannot be done without is missing or faulty.
    mutating func policy(_ draft: PolicyDraft, _ document: PolicyDocument) -> Policy? {
        let name = document.name.value
        let cluster = draft.cluster.flatMap { self.cluster(named: $0) }
        var selected: [ClusterNode] = []
        if let cluster {
            selected = self.selected(draft.selector, of: cluster)
            checkStrategy(draft.strategy, selected, document.spec)
            checkWaves(draft.strategy, selected.count, cluster, document.spec)
            checkGroups(draft.strategy, selected, of: cluster, document.spec)
        } else {
            checkStrategy(draft.strategy, [], document.spec)
        }
        let windows = spans(draft.windows ?? [], default: draft.timeZone, called: "window").map {
            Located(value: $0.value.window, node: $0.node)
        }
        let exclusions = spans(draft.exclusions, default: draft.timeZone, called: "exclusion")
        checkTimeZone(draft.timeZone, of: document.spec, in: ["windows", "exclusions"])
        checkCalendarsOnBothSides(draft, cluster)
        checkGateNames(draft.gates)
        checkPrograms(of: draft.gates)
        keep(
            PolicyPlaces(
                document: document, windows: windows, exclusions: exclusions,
                clusterExclusions: cluster?.exclusions ?? []), of: name)
        let sequence = sequence(of: draft, document)
        if let sequence, let cluster { check(sequence, in: cluster, of: draft) }
        checkLabels(draft, sequence, selected)
        checkProgress(draft.strategy, sequence, document.spec)
        if draft.windows != nil, draft.onWindowEnd == .restore { checkAfterWindowEnd(sequence) }
        checkFit(windows, sequence, draft, document.spec)
        guard let reference = draft.cluster, let steps = sequence?.sequence,
            let (kind, standard) = checked(draft, sequence, document)
        else { return nil }
        return Policy(
            name: name, cluster: reference.value, selector: draft.selector?.value ?? .all,
            schedule: PolicySchedule(
                windows: windows.map(\.value), exclusions: exclusions.map(\.value),
                cutoff: draft.cutoff?.value ?? standard.cutoff, onWindowEnd: draft.onWindowEnd,
                startOnlyIf: draft.startOnlyIf),
            strategy: draft.strategy, sequence: steps, gates: draft.gates.map(\.value), onDrift: draft.onDrift,
            isSuspended: draft.isSuspended, kind: kind)
    }

    private func sequence(of draft: PolicyDraft, _ document: PolicyDocument) -> CheckedSequence? {
        if case .maintenanceWindow = draft.kind, !document.spec.hasKey("sequence") {
            return sequence(named: StepSequence.drainThenBlock.name)
        }
        return draft.sequence.flatMap { sequence($0, policy: document.name.value) }
    }

    /// What only one of the two kinds may say. The kind is nil where its revision is missing or faulty.
    private func checked(
        _ draft: PolicyDraft, _ sequence: CheckedSequence?, _ document: PolicyDocument
    ) -> (Policy.Kind, standard: PolicySchedule)? {
        switch draft.kind {
        case .maintenanceWindow:
            for use in (sequence?.steps.flatMap(\.revisionUses) ?? []) + draft.gates.flatMap(\.revisionUses) {
                findings.error(
                    .revisionOutsideRollout, "the maintenance window \"\(document.name.value)\" has no revision",
                    at: use,
                    hint: "{revision} is for rollouts")
            }
            return (.maintenanceWindow, .maintenanceWindow)
        case .rollout(let revision, let approval):
            if draft.windows == nil {
                if let sequence { checkEndless(sequence, draft) }
                for key in ["cutoff", "onWindowEnd", "startOnlyIf"] where document.spec.hasKey(key) {
                    findings.warning(
                        .hasNoEffect, "`\(key)` has no effect without windows", at: document.spec.location(of: key))
                }
            }
            return revision.map { (.rollout(revision: $0, approval: approval), .rollout) }
        }
    }

    private func check(_ sequence: CheckedSequence, in cluster: CheckedCluster, of draft: PolicyDraft) {
        guard let reference = draft.cluster else { return }
        switch cluster.draft.topology {
        case .clustered?:
            for step in sequence.readyBeforeRestore {
                findings.error(
                    .readyWhileBlocked,
                    "in the cluster \"\(reference.value)\" a node is never ready while it is blocked: /.ok answers 503",
                    at: step.node.location(of: "verify", "ready"), hint: "verify connected here, ready after `restore`")
            }
        case .standalone? where !cluster.hasEmbedded:
            for step in sequence.disruptiveSteps {
                let isCall = if case .http = step.value { true } else { false }
                findings.note(
                    .identityNotShown,
                    "nodes of the standalone cluster \"\(reference.value)\" do not say their names: nothing shows that "
                        + "the one that was drained is the one that this \(isCall ? "call" : "command") takes down",
                    at: step.node.location(of: step.value.word, isCall ? "url" : "command"),
                    hint: isCall
                        ? "let it act on {api}, not on {node}" : "let it act on NAGI_NODE_API, not on NAGI_NODE")
            }
        case .standalone?, nil: break
        }
        if let steps = sequence.sequence { cluster.checkQuorum(for: reference, sequence: steps, findings) }
    }

    func cluster(named reference: Located<String>) -> CheckedCluster? {
        checkDeclared(
            reference.value, as: .cluster, .unknownCluster, at: reference.location, none: "no file declares a cluster")
        return clusters[reference.value]
    }

    private func sequence(
        _ reference: Located<PolicyDraft.SequenceReference>, policy: String
    ) -> CheckedSequence? {
        switch reference.value {
        case .inline(let draft):
            checkPrograms(of: draft.steps)
            checkNotifySteps(draft.steps)
            return CheckedSequence(draft, name: policy, findings)
        case .name(let name):
            if let sequence = sequence(named: name) { return sequence }
            if declares(name, as: .sequence) || isIncomplete { return nil }
            var hint = didYouMean(name, among: names(of: .sequence) + [StepSequence.drainThenBlock.name])
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
        let nodes = cluster.likeNodes
        guard let selector else { return nodes }
        var hasUnknown = false
        for key in ["nodes", "exclude"] {
            guard case .sequence(let items)? = selector.node[key]?.value else { continue }
            let known = cluster.nodes.map(\.name)
            let names = Set(known)
            for item in items {
                guard let name = item.scalar?.text, !names.contains(name) else { continue }
                hasUnknown = true
                // Sora's names end in their address, which nobody types by heart.
                let named = known.first { $0.prefix { $0 != "@" } == name }
                let hint = named.map { "did you mean \($0)?" } ?? didYouMean(name, among: known)
                guard !cluster.isOpen else {
                    findings.note(
                        .unknownNode, "the cluster names no node \"\(name)\": it counts when it is found",
                        at: item.location, hint: hint)
                    continue
                }
                findings.error(
                    .unknownNode, "the cluster has no node \"\(name)\"", at: item.location, hint: hint)
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
                .unknownLabel, "no selected node has the label \"\(label)\"", at: place,
                hint: didYouMean(label, among: Set(nodes.flatMap(\.labels.keys)).sorted()))
        }
    }

    /// Progress is a step that has finished: one that may take longer than the deadline looks as if the run was stuck.
    private func checkProgress(_ strategy: Strategy, _ sequence: CheckedSequence?, _ spec: YAMLNode) {
        guard let deadline = strategy.progressDeadline, let steps = sequence?.sequence?.steps,
            let longest = steps.max(by: { $0.longest < $1.longest }), deadline < longest.longest
        else { return }
        let written = sequence?.steps.first { $0.value == longest }
        findings.warning(
            .progressDeadlineShort,
            "the run pauses when no step finishes for \(deadline.spoken), but \(longest.word) alone may take "
                + longest.longest.spoken,
            at: spec.location(of: "strategy", "progressDeadline"), hint: "more than \(longest.longest.spoken)",
            related: written.map { [.init(message: "the longest step", location: $0.location)] } ?? [])
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

    /// A node that waited for the end of its window is given back there, unless a disruptive step was taken before.
    private func checkAfterWindowEnd(_ sequence: CheckedSequence?) {
        guard let steps = sequence?.steps, let wait = steps.firstIndex(where: { $0.value == .wait(.windowEnd) }),
            !steps[..<wait].contains(where: \.value.isDisruptive),
            let lost = steps[wait...].dropFirst().prefix(while: { $0.value != .restore }).first
        else { return }
        findings.warning(
            .hasNoEffect, "`\(lost.value.word)` is never carried out: at the window's end the node is given back",
            at: lost.location, hint: "onWindowEnd: finish, or put it before the wait",
            related: [.init(message: "it waits for that end here", location: steps[wait].location)])
    }

    /// Windows that may join others are judged where the coming days are looked at.
    private func checkFit(
        _ windows: [Located<Window>], _ sequence: CheckedSequence?, _ draft: PolicyDraft, _ spec: YAMLNode
    ) {
        let fit = WindowFit(windows.map(\.value))
        guard !fit.mayJoin, let longest = fit.longest else { return }
        let roomiest = windows.first { $0.value.wallLength == longest } ?? windows[0]
        let room =
            "the window \"\(roomiest.value.name)\" has \(longest.spoken)"
            + (windows.count > 1 ? ", no other has more" : "")
        let length = Findings.Note(message: "its length", location: roomiest.node.lengthLocation)
        if let cutoff = draft.cutoff, cutoff.value >= longest {
            findings.error(
                .cutoffTooLong, "with a cutoff of \(cutoff.value.spoken) no node ever starts: \(room)",
                at: cutoff.location, related: [length])
            return
        }
        guard let sequence = sequence?.sequence else { return }
        let worst = sequence.worstCase
        if draft.startOnlyIf == .fits, sequence.longestInWindow >= longest {
            findings.error(
                .windowTooShort,
                "only nodes that fit are started, and none ever does: it needs up to \(sequence.longestInWindow.spoken), "
                    + room,
                at: spec.location(of: "startOnlyIf"), hint: worst.sum, related: [length])
            return
        }
        var calendars: Set<Substring> = []
        for window in windows {
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
