import ModeCore
import Primitives

/// Orders and their names.
extension Controller {
    /// How long hands are off a node where nobody says.
    package static let standardHold = Duration.hours(4)
    /// What lets a suspended policy act: no lever does.
    static let unsuspending = "suspend: false in its file, then nagi reload"

    func lever(of order: LeverOrder, _ now: Timestamp) throws(LeverRefusal) -> Lever {
        func missing(_ what: String) -> LeverRefusal {
            LeverRefusal(.incomplete, "\(order.action.rawValue) needs \(what)")
        }
        func node() throws(LeverRefusal) -> NodeID {
            guard let name = order.node else { throw missing("a node") }
            return fleet[try self.node(named: name)].id
        }
        func run() throws(LeverRefusal) -> RunID {
            guard let name = order.run else { throw missing("a run") }
            return try self.run(named: name)
        }
        // Blanks say no more than nothing does.
        if order.action.isDemanding(order), order.reason.allSatisfy(\.isWhitespace) {
            throw missing("a reason (--reason)")
        }
        let until = order.until ?? order.length.map { now + $0 }
        if let until, until <= now {
            throw LeverRefusal(.incomplete, "the end of \(order.action.rawValue) is past", hint: "give a later one")
        }
        switch order.action {
        case .hold:
            guard let mode = order.mode else {
                let until = order.isForEver ? nil : until ?? now + Controller.standardHold
                return .hold(try node(), .handsOff, until: until)
            }
            guard order.isForEver || until != nil else {
                throw missing("an end with a mode (--for 2h, --for ever)")
            }
            return .hold(try node(), mode == .normal ? .keepOpen : .mode(mode), until: until)
        case .release: return order.isOfAll ? .releaseAll : .release(try node())
        case .reserve:
            guard !order.nodes.isEmpty else { throw missing("nodes") }
            guard let until else { throw missing("an end (--reserve 2h)") }
            var nodes: [NodeID] = []
            for name in order.nodes {
                let node = fleet[try self.node(named: name)].id
                if !nodes.contains(node) { nodes.append(node) }
            }
            return .reserve(nodes, until: until)
        case .pause:
            let id: RunID? = if let name = order.run { try self.run(named: name) } else { nil }
            return .pause(id, givesBack: order.givesBack, until: until)
        case .resume:
            if let name = order.target { return try resumed(named: name) }
            if order.node != nil { return .resumeNode(try node()) }
            let id: RunID? = if let name = order.run { try self.run(named: name) } else { nil }
            return .resume(id)
        case .abort: return .abort(try run())
        case .approve:
            let id: NodeID? = if order.node == nil { nil } else { try node() }
            return .approve(try run(), id)
        case .skip: return .skip(try run(), try node())
        case .retry:
            let node = try node()
            // A failed node can be retried also after its run's end.
            if let stay = ledger.entry(node)?.failedStay, let name = order.run,
                name == stay.run.text || name == stay.policy || name.hasPrefix(stay.run.text + "/retry-")
            {
                return .retry(stay.run, node)
            }
            return .retry(try run(), node)
        case .force:
            guard let ignored = order.ignored else { throw missing("what to ignore (--ignore window)") }
            return .force(try run(), ignored)
        case .start:
            guard let policy = order.policy else { throw missing("a policy") }
            return .start(policy: policy)
        }
    }

    /// The run or the node of that name: as `explain` finds them, but that a word that means both is refused.
    private func resumed(named name: String) throws(LeverRefusal) -> Lever {
        let nodes = nodes(named: name).map { fleet[$0].id }
        let run = ledger.slot(of: RunID(text: name)) ?? activeRuns[name]
        guard let id = run.flatMap({ ledger.header($0)?.id }) else {
            if !nodes.isEmpty { return .resumeNode(fleet[try node(named: name)].id) }
            do throws(LeverRefusal) {
                return .resume(try self.run(named: name))
            } catch {
                guard error.code == .unknownRun else { throw error }
                let active = error.hint.map { "; \($0)" } ?? ""
                throw LeverRefusal(
                    .unknownRun, "there is no run and no node \(name.prefix(80))",
                    hint: "nagi status lists the nodes\(active)")
            }
        }
        guard !nodes.isEmpty else { return .resume(id) }
        throw LeverRefusal(
            .ambiguous, "\(name.prefix(80)) is a run and a node",
            hint: ([id.text] + nodes.prefix(2).map(\.description)).map { "nagi resume \($0)" }.joined(
                separator: ", or "))
    }

    /// `cluster/node`, or the node alone where no other cluster has one of that name.
    func node(named name: String) throws(LeverRefusal) -> NodeIndex {
        let found = nodes(named: name)
        guard let node = found.first else {
            // A lever acts on no guess: whoever means it types the whole name.
            let meant = nodes(like: name).map { fleet[$0].id.description }
            throw LeverRefusal(
                .unknownNode, "there is no node \(name.prefix(80))",
                hint: (1...3).contains(meant.count)
                    ? "did you mean \(meant.joined(separator: ", or "))?" : "nagi status lists them")
        }
        guard found.count == 1 else {
            let names = found.map { fleet[$0].id.description }
            throw LeverRefusal(
                .ambiguous, "there are \(found.count) nodes \(name)",
                hint: "say which: \(NameList.text(names))")
        }
        return node
    }

    /// Those whose names have that part, for whoever only asks: `media-01`, `osaka/media-01…`.
    func nodes(like name: String) -> [NodeIndex] {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        guard let pattern = NamePattern(parts.last ?? name) else { return [] }
        let clusters = parts.count == 2 ? fleet.cluster(named: parts[0]).map { [fleet[$0]] } ?? [] : fleet.clusters
        return clusters.flatMap { $0.nodes.filter { pattern.matches(fleet[$0].id.name) } }
    }

    private func nodes(named name: String) -> [NodeIndex] {
        let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2, let node = ledger.index(of: NodeID(cluster: parts[0], name: parts[1])) { return [node] }
        let found = fleet.clusters.indices.compactMap { fleet.node(named: name, in: ClusterIndex($0)) }
        guard found.isEmpty else { return found }
        // Sora's names end in their address, which nobody types who has only one of that name.
        let short = Array((parts.last ?? name).utf8)
        let clusters = parts.count == 2 ? fleet.cluster(named: parts[0]).map { [fleet[$0]] } ?? [] : fleet.clusters
        return clusters.flatMap { cluster in
            cluster.nodes.filter {
                fleet.nodes[$0.raw].id.name.utf8.prefix { $0 != UInt8(ascii: "@") }.elementsEqual(short)
            }
        }
    }

    /// A run's id, or the name of a policy of which one is active.
    func run(named name: String) throws(LeverRefusal) -> RunID {
        if ledger.slot(of: RunID(text: name)) != nil { return RunID(text: name) }
        if let slot = activeRuns[name], let run = ledger.header(slot)?.id { return run }
        let ended = ledger.endedRuns.last { $0.run.id.text == name || $0.run.policy == name && !$0.run.isRetry }
        if let ended {
            throw LeverRefusal(
                .nothingToDo, "the run \(ended.run.id) is over: \(ended.outcome)", hint: advice(after: ended.run))
        }
        let active = ledger.activeRuns.compactMap { ledger.header($0)?.id }
        throw LeverRefusal(
            .unknownRun, "there is no run \(name.prefix(80))",
            hint: active.isEmpty ? "no run is active" : "active: \(NameList.text(active.map(\.text)))")
    }

    /// What a run that is over has left to be done.
    private func advice(after run: Run) -> String {
        guard let policy = calendars.policy(run.policy), run.isLeft, policy.revision == run.revision else {
            return "nagi status shows what is going on"
        }
        if policy.isSuspended { return Controller.unsuspending }
        return policy.isRollout ? "nagi start \(run.policy) takes what is left" : "nagi status shows what is going on"
    }

    func index(of node: NodeID) throws(LeverRefusal) -> NodeIndex {
        guard let index = ledger.index(of: node) else { throw LeverRefusal(.unknownNode, "there is no node \(node)") }
        return index
    }

    func slot(of run: RunID) throws(LeverRefusal) -> RunSlot {
        guard let slot = ledger.slot(of: run) else { throw LeverRefusal(.unknownRun, "there is no run \(run)") }
        return slot
    }
}

extension LeverOrder.Action {
    /// What can do harm is told why.
    fileprivate func isDemanding(_ order: LeverOrder) -> Bool {
        switch self {
        case .release, .reserve, .abort, .skip, .force: true
        case .hold: order.mode != nil
        case .pause: order.givesBack
        case .resume, .approve, .retry, .start: false
        }
    }
}
