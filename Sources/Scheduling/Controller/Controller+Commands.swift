import ModeCore
import Primitives

/// What is run on nodes, and how it ended.
extension Controller {
    func start(
        _ command: Command, id: CommandID, attempt: Int, isCommitted: Bool, isExempt: Bool, _ node: NodeIndex,
        _ header: Ledger.RunHeader, _ now: Moment
    ) -> CommandStart {
        var limit = Controller.commandLimit
        // Not past the end of the time in which its run may act, unless it may not stop any more, or need not.
        if !isCommitted, !isExempt, let end = header.clearance.end { limit = max(.zero, min(limit, end - now.wall)) }
        let facts = facts(about: node, header)
        return CommandStart(
            id: id, node: fleet[node].id, address: fleet[seat: node].address, run: header.id, step: command.name,
            attempt: attempt, work: facts.filled(command.work), environment: facts.environment,
            timeout: command.timeout, notAfter: now + limit, live: command.cutsCalls ? live(on: node) : nil)
    }

    /// By the latest read; nil: nothing.
    private func live(on node: NodeIndex) -> DrainEvidence.Counts? {
        guard let seen = fleet[node].observation, let load = seen.load else { return nil }
        let sessions = load.countedSessions
        guard load.ongoingConnections > 0 || sessions ?? 0 > 0 else { return nil }
        return DrainEvidence.Counts(begun: seen.begun, sessions: sessions, connections: load.ongoingConnections)
    }

    /// What whatever is done to the node is told about it.
    func facts(about node: NodeIndex, _ header: Ledger.RunHeader) -> StepFacts {
        let configured = fleet[seat: node].configured
        return StepFacts(
            node: configured?.name, api: fleet[seat: node].address.api, cluster: header.pinned.cluster,
            run: header.id.text, revision: header.pinned.revision, labels: configured?.labels ?? [:])
    }

    /// How late a command may still be started.
    static let commandLimit = Duration.seconds(10)

    mutating func take(
        _ outcome: CommandOutcome, _ output: CommandOutput?, of id: CommandID, _ turn: inout Turn
    ) {
        guard let entry = ledger.commands[id], entry.outcome == nil else { return hear(outcome, of: id, &turn) }
        decide(
            .commandEnded(
                id, entry.start.node, outcome, step: entry.start.called, output: output, run: entry.start.run),
            &turn)
        guard let node = ledger.index(of: entry.start.node) else { return }
        nodesToTouch.insert(node.raw)
        readNow(node, turn.now)
    }

    /// A command that was given up has ended after all: nothing of it runs any more on the node that it left shut.
    private mutating func hear(_ outcome: CommandOutcome, of id: CommandID, _ turn: inout Turn) {
        let left = ledger.stayed.first { $0.value.openCommand != nil && $0.value.part.phase.command == id }
        guard let left, let node = ledger.index(of: left.key), var stay = ledger[node].failedStay else { return }
        var stayed = left.value
        stayed.openCommand = nil
        stay.reason += "; it has ended since: \(outcome)"
        decide(.stayPlaced(left.key, stay, stayed), &turn)
        touchEverything(about: node)
    }
}
