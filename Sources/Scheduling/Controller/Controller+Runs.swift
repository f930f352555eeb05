import Calendars
import Primitives

/// Which run starts, which node is next, when a run is over.
extension Controller {
    /// Asks every calendar anew: starts runs whose window is open, and knows the gate of each.
    mutating func checkCalendars() {
        guard let set = ledger.policies else {
            schedule.nextCheck = .distantFuture
            return
        }
        schedule.checkedAt = now.wall
        schedule.nextCheck = now.wall + Schedule.longestRest
        schedule.policies = [:]
        let policies = set.runPolicies
        for policy in policies {
            schedule.policies[policy.name] = policy.calendar(zones: set.zones)
        }
        for run in ledger.runs { refreshGate(of: run, zones: set.zones) }
        for policy in policies { startRun(of: policy, zones: set.zones) }
        for calendar in schedule.policies.values { rest(until: calendar.nextChange(after: now.wall)) }
        isSchedulingDue = true
        for place in nodes.indices where nodes[place].assignment != nil { touch(place) }
    }

    private mutating func rest(until instant: Timestamp?) {
        if let instant { schedule.nextCheck = min(schedule.nextCheck, instant) }
    }

    private mutating func refreshGate(of run: Run, zones: [String: ZoneRules]) {
        guard let policy = ledger.policies?.runPolicy(run.policy), let current = schedule.policies[run.policy] else {
            schedule.gates[run.id] = .closed(.outsideWindow, until: nil, reopens: false)
            return
        }
        let pinned = schedule.runs[run.id] ?? policy.calendar(zones: zones, windows: run.windows)
        schedule.runs[run.id] = pinned
        schedule.gates[run.id] = gate(of: run, pinned: pinned, current: current)
        rest(until: pinned.nextChange(after: now.wall))
        if case .window(_, let span) = run.origin {
            rest(until: now.wall < span.end ? span.end : nil)
            if clock.isTrusted, !span.contains(now.wall), run.phase != .ending(.windowEnded) {
                decide(.runChanged(run.id, .ending(.windowEnded)))
            }
        }
    }

    /// A run acts where what it pinned and what the policy says now are both open.
    private func gate(of run: Run, pinned: PolicyCalendar, current: PolicyCalendar) -> Gate {
        var end: Timestamp?
        if case .window(_, let span) = run.origin {
            guard span.contains(now.wall), current.containing(at: now.wall) != nil else {
                return .closed(.outsideWindow, until: nil, reopens: false)
            }
            end = span.end
        }
        if let taken = current.isExcluded(at: now.wall) {
            let reopens = end.map { taken.span.end < $0 } ?? true
            return .closed(
                .excluded(by: taken.by, reason: taken.reason), until: taken.span.end, reopens: reopens)
        }
        guard let a = pinned.opening(at: now.wall), let b = current.opening(at: now.wall) else {
            return .closed(.outsideWindow, until: current.nextOpening(after: now.wall)?.start, reopens: end == nil)
        }
        let isAlways = run.windows.isEmpty && ledger.policies?.runPolicy(run.policy)?.windows.isEmpty == true
        if isAlways { return .open(until: current.isExcluded(at: a.end)?.span.start) }
        return .open(until: min(end ?? .distantFuture, a.end, b.end))
    }

    private mutating func startRun(of policy: RunPolicy, zones: [String: ZoneRules]) {
        guard mayStart, !policy.isSuspended,
            let number = clusters.firstIndex(where: { $0.policy.name == policy.cluster }),
            !ledger.runs.contains(where: { $0.policy == policy.name })
        else { return }
        let history = ledger.history[policy.name] ?? PolicyHistory()
        let id: RunID
        let origin: Run.Origin
        if let revision = policy.revision {
            // The revision that ran last runs again only if something outside of it ended its run.
            let isRepeat = history.revision == revision
            guard !isRepeat || [.suspended, .policyRemoved, .superseded].contains(history.endReason) else { return }
            let ordinal = (history.ordinals[revision] ?? 0) + 1
            origin = .rollout(revision: revision, ordinal: ordinal)
            id = RunID(policy: policy.name, revision: revision, ordinal: ordinal)
        } else {
            guard let opening = schedule.policies[policy.name]?.opening(at: now.wall),
                !history.hasRun(opening.occurrence, opening.span)
            else { return }
            origin = .window(opening.occurrence, opening.span)
            id = RunID(opening.occurrence)
        }
        let members = clusters[number].policy.nodes.filter(policy.selector.matches)
        let ordered = order(members, by: policy.strategy, completions: history.completions, cluster: policy.cluster)
        let canaries = policy.strategy.canary?.count ?? 0
        let run = Run(
            id: id, policy: policy.name, cluster: policy.cluster, origin: origin, startedAt: now.wall,
            sequence: policy.sequence, strategy: policy.strategy, cutoff: policy.cutoff,
            onWindowEnd: policy.onWindowEnd, windows: policy.windows,
            nodes: ordered.enumerated().map { place, member in
                NodeRun(
                    node: NodeID(cluster: policy.cluster, name: member.node.name), since: now, group: member.group,
                    isCanary: place < canaries && member.group == ordered[0].group ? true : nil)
            })
        decide(.runStarted(run))
        refreshGate(of: run, zones: zones)
    }

    /// Group by group; within a group least recently completed first, then as the strategy says, then by name.
    private func order(
        _ members: [ClusterNode], by strategy: Strategy, completions: [NodeID: Timestamp], cluster: String
    ) -> [(node: ClusterNode, group: Int?)] {
        func completed(_ node: ClusterNode) -> Timestamp {
            completions[NodeID(cluster: cluster, name: node.name)] ?? .distantPast
        }
        let grouped = members.map { node in
            (node: node, group: strategy.groups?.firstIndex { $0.selector.matches(node) })
        }
        return grouped.sorted { left, right in
            if left.group != right.group { return (left.group ?? .max) < (right.group ?? .max) }
            let (a, b) = (left.node, right.node)
            if completed(a) != completed(b) { return completed(a) < completed(b) }
            for key in strategy.order {
                guard case .label(let label) = key else { break }
                let (left, right) = (a.labels[label] ?? "", b.labels[label] ?? "")
                if left != right { return left < right }
            }
            return a.name < b.name
        }
    }

    /// After a reload: runs whose policy went, was suspended or has a newer revision end.
    mutating func noteEndedPolicies() {
        schedule.runs = [:]
        for run in ledger.runs {
            if case .ending = run.phase { continue }
            guard let policy = ledger.policies?.runPolicy(run.policy), policy.cluster == run.cluster else {
                decide(.runChanged(run.id, .ending(.policyRemoved)))
                continue
            }
            if policy.isSuspended {
                decide(.runChanged(run.id, .ending(.suspended)))
            } else if policy.revision != run.revision {
                decide(.runChanged(run.id, .ending(.superseded)))
            }
        }
    }

    /// One pass over the runs: failures pause them, room starts nodes, and those that are through end.
    mutating func scheduleRuns() {
        for id in ledger.runs.map(\.id) {
            for nodeRun in ledger.run(id)?.nodes ?? [] where nodeRun.phase == .queued && index[nodeRun.node] == nil {
                finish(nodeRun, as: .ended, of: id)
            }
            guard let run = ledger.run(id) else { continue }
            switch run.phase {
            case .active:
                if let reason = reasonToPause(run) {
                    decide(.runChanged(id, .paused(reason: reason)))
                    isSchedulingDue = true
                } else {
                    promoteIfProven(run)
                    startNodes(of: run)
                }
            case .paused:
                break
            case .ending(let reason):
                let result: NodeResult = reason == .windowEnded ? .notReached : .ended
                for nodeRun in run.nodes where nodeRun.phase == .queued {
                    finish(nodeRun, as: result, of: id)
                }
            }
            noteProgressClock(of: id)
            endIfThrough(id)
        }
    }

    mutating func finish(_ nodeRun: NodeRun, as result: NodeResult, of run: RunID) {
        var next = nodeRun
        next.phase = .finished(result)
        next.since = now.wall
        next.stepSince = now
        decide(.nodeRunChanged(run, next))
        isSchedulingDue = true
    }

    private mutating func endIfThrough(_ id: RunID) {
        guard let run = ledger.run(id), run.nodes.allSatisfy(\.phase.isFinished) else { return }
        let isComplete = run.nodes.allSatisfy {
            $0.phase == .finished(.done) || $0.phase == .finished(.alreadyThere)
        }
        var reason: EndReason?
        if case .ending(let why) = run.phase { reason = why }
        let outcome: RunOutcome = run.failures > 0 ? .failed : isComplete ? .completed : .partial(reason)
        decide(.runEnded(id, outcome))
        schedule.runs[id] = nil
        schedule.gates[id] = nil
        // The policy may have more to do: a newer revision waits for the old run to be out of the way.
        schedule.nextCheck = .distantPast
    }

    /// The node's part in a run that has it in work.
    func nodeRun(at place: Int) -> NodeRun? {
        guard let id = nodes[place].assignment, let run = ledger.runs.firstIndex(where: { $0.id == id }),
            let part = ledger.runs[run].nodes.firstIndex(where: { $0.node == nodes[place].id })
        else { return nil }
        return ledger.runs[run].nodes[part]
    }

    /// Moves a node on as far as it goes now, and its mode with it.
    mutating func touch(_ place: Int) {
        reconcileMode(place)
        // After a start every node of the cluster is looked at once before anything is decided on deadlines and budgets.
        guard isClusterKnown(nodes[place].cluster) else { return }
        // A sequence has at most so many steps that need nothing to happen.
        for _ in 0..<64 {
            guard let id = nodes[place].assignment, let run = ledger.run(id), let nodeRun = nodeRun(at: place),
                let move = nodeRun.move(in: situation(of: place, nodeRun, in: run))
            else { break }
            perform(move, of: place, in: run)
            reconcileMode(place)
        }
        let next = (nodes[place].readBegun ?? now.uptime) + cadenceWhenTouched(place)
        if !nodes[place].isReading, nodes[place].nextRead > max(next, now.uptime) {
            scheduleRead(place, at: max(next, now.uptime))
        }
    }

    private func isClusterKnown(_ number: Int) -> Bool {
        guard !clusters[number].isKnown else { return true }
        return clusters[number].nodes.allSatisfy { nodes[$0].isKnown }
    }

    private func cadenceWhenTouched(_ place: Int) -> Duration {
        nodes[place].assignment == nil ? clusters[nodes[place].cluster].policy.observe.interval : Cadence.close
    }

    private mutating func perform(_ move: NodeMove, of place: Int, in run: Run) {
        var next = move.nodeRun
        isSchedulingDue = true
        if next.phase == .restoring {
            next.milestones.leaked = nodes[place].leaked
            // Whether the others see it is asked anew, not remembered.
            for other in clusters[nodes[place].cluster].nodes where clusters[nodes[place].cluster].isClustered {
                readNow(other)
            }
        }
        // Sent back to the drain: what was proven before the restart proves nothing.
        if next.phase == .closing, nodeRun(at: place)?.phase == .closed { nodes[place].evidence.void() }
        var start: CommandStart?
        if let step = move.command {
            let id = CommandID(number: ledger.lastCommand + 1)
            next.command = id
            start = command(step, id: id, attempt: next.attempt, place: place, run: run)
        }
        decide(.nodeRunChanged(run.id, next))
        if let start {
            decide(.commandIntended(start))
            actions.append(.start(start))
        }
        if let mode = move.hold {
            let hold = Hold(
                owner: run.id.text, mode: mode, reason: next.error ?? "the node failed", since: now.wall)
            decide(.holdPlaced(next.node, hold))
        }
        if let reason = move.abort { decide(.runChanged(run.id, .ending(.aborted(reason)))) }
        if !next.phase.isInWork { nodes[place].assignment = nil }
    }

    private func command(_ step: RunStep, id: CommandID, attempt: Int, place: Int, run: Run) -> CommandStart {
        let node = clusters[nodes[place].cluster].policy.nodes[nodes[place].place]
        var environment = [
            "NAGI_NODE": node.name, "NAGI_NODE_API": node.api, "NAGI_CLUSTER": run.cluster, "NAGI_RUN": run.id.text,
        ]
        if let revision = run.revision { environment["NAGI_REVISION"] = revision }
        for (label, value) in node.labels.sorted(by: { $0.key < $1.key }) {
            environment["NAGI_LABEL_\(environmentName(label))"] = value
        }
        return CommandStart(
            id: id, node: nodes[place].id, run: run.id, step: step.name, attempt: attempt, command: step.command,
            environment: environment, timeout: step.timeout)
    }

    /// Upper case, with everything that no variable name may hold as `_`.
    private func environmentName(_ label: String) -> String {
        String(label.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    func situation(of place: Int, _ nodeRun: NodeRun, in run: Run) -> NodeSituation {
        let node = nodes[place]
        let entry = ledger.nodes[node.id] ?? NodeLedger()
        let seen = node.observation
        let isFull = isEmpty(seen?.load, for: nodeRun, of: run) == false
        let needsQuorum = nodeRun.command == nil && run.sequence.steps[nodeRun.step].isDisruptive
        var serviceFor: Duration?
        if let since = node.inServiceSince, nodeRun.phase == .soaking, isReadable(place) {
            serviceFor = now.uptime - max(since, nodeRun.stepSince.uptime)
        }
        return NodeSituation(
            now: now, gate: schedule.gates[run.id] ?? .closed(.outsideWindow, until: nil, reopens: true),
            runPhase: run.phase, onWindowEnd: run.onWindowEnd, sequence: run.sequence, revision: run.revision,
            isReadable: isReadable(place), mode: seen?.mode, version: seen?.version, ready: seen?.ready,
            hasGate: node.hasGate, isConnected: isConnected(place),
            isReconciled: entry.open == nil && entry.written == nil,
            isDrained: node.evidence.isComplete,
            isDrainedSinceStep: node.evidence.isComplete(since: nodeRun.stepSince.uptime), isRefilled: isFull,
            serviceFor: serviceFor,
            isOverBudget: (nodeRun.phase == .closing || nodeRun.phase == .closed)
                && budgetUse(of: node.cluster, isPatient: true).isExceeded,
            hasQuorum: !needsQuorum || hasQuorum(without: place),
            outcome: nodeRun.command.flatMap { ledger.commands[$0]?.outcome })
    }

    /// Whether the cluster keeps its majority while this node is disrupted: nodes that are not connected or are in a
    /// disruptive step are counted, those merely blocked are not.
    func hasQuorum(without place: Int) -> Bool {
        let cluster = clusters[nodes[place].cluster]
        guard cluster.isClustered else { return true }
        let out = cluster.nodes.reduce(0) { count, other in
            guard other != place else { return count }
            return count + (!isConnected(other) || nodeRun(at: other)?.phase == .committed ? 1 : 0)
        }
        let unknown = cluster.total - cluster.nodes.count
        return out + unknown + 1 <= (cluster.total - 1) / 2
    }
}
