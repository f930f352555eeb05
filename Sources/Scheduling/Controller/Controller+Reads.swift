import ModeCore
import Primitives

/// When which node is read.
extension Controller {
    mutating func read(_ node: NodeIndex, at: Uptime) {
        fleet[node].whole.next = at
        agenda.insertRead(.wholeRead(node.raw), at: at)
    }

    mutating func readNow(_ node: NodeIndex, _ now: Moment) {
        if fleet[node].whole.isUnderWay {
            fleet[node].whole.wantsMore = true
        } else {
            read(node, at: now.uptime)
        }
    }

    /// A webhook: the next read comes forward, to four a second at the most.
    mutating func hint(_ node: NodeIndex, _ now: Moment) {
        guard !fleet[node].whole.isUnderWay else {
            fleet[node].whole.wantsMore = true
            return
        }
        let at = max(now.uptime, (fleet[node].whole.begun ?? Uptime(nanoseconds: .min)) + Cadence.hinted)
        if fleet[node].whole.next.map({ at < $0 }) ?? true { read(node, at: at) }
    }

    /// Reads every node of the cluster once more for a wish, if that is not under way.
    mutating func sweep(_ cluster: ClusterIndex, _ now: Moment) {
        for node in fleet.beginSweep(of: cluster, at: now.uptime) { readNow(node, now) }
    }

    mutating func askWhole(_ node: NodeIndex, at: Uptime, _ turn: inout Turn) {
        // A later entry replaced this one, or the read is under way.
        guard !fleet[node].whole.isUnderWay, fleet[node].whole.next == at else { return }
        fleet[node].whole.isUnderWay = true
        fleet[node].whole.begun = turn.now.uptime
        turn.act(.read(fleet[node].id, .whole, at: fleet[seat: node].address))
        askNewAddress(node, &turn)
    }

    mutating func askMode(_ node: NodeIndex, at: Uptime, _ turn: inout Turn) {
        guard !fleet[node].modeOnly.isUnderWay, fleet[node].modeOnly.next == at else { return }
        fleet[node].modeOnly.next = nil
        guard modeCadence(of: node, turn.now) != nil else { return }
        fleet[node].modeOnly.isUnderWay = true
        fleet[node].modeOnly.begun = turn.now.uptime
        turn.act(.read(fleet[node].id, .mode, at: fleet[seat: node].address))
    }

    /// The mode of a claimed node is read alone, so that a call that hangs delays nothing.
    mutating func scheduleModeRead(_ node: NodeIndex, _ now: Moment) {
        guard !fleet[node].modeOnly.isUnderWay, let cadence = modeCadence(of: node, now) else { return }
        let at = max(now.uptime, (fleet[node].modeOnly.begun ?? now.uptime) + cadence)
        if let next = fleet[node].modeOnly.next, next <= at { return }
        fleet[node].modeOnly.next = at
        agenda.insertRead(.modeRead(node.raw), at: at)
    }

    /// Nil: its mode is not read alone.
    private func modeCadence(of node: NodeIndex, _ now: Moment) -> Duration? {
        let entry = ledger[node]
        if entry.open != nil { return cadence.urgent }
        if let place = fleet[seat: node].lease, let part = ledger.part(place) {
            if part.phase.kind == .committed { return cadence.urgent }
            if part.phase.claim != nil { return cadence.close }
        }
        return wish(of: node, now).mode == nil ? nil : cadence.close
    }

    /// How soon everything about a node is read again.
    func interval(of node: NodeIndex, _ now: Moment) -> Duration {
        let observe = fleet[fleet.cluster(of: node)].policy.observe
        let entry = ledger[node]
        let isClaimed = entry.written != nil || entry.open != nil || wish(of: node, now).mode != nil
        if let place = fleet[seat: node].lease, let kind = ledger.part(place)?.phase.kind {
            if kind == .committed, fleet[node].isFailing || fleet[node].mode?.mode == .known(.initial) {
                return cadence.urgent
            }
            return kind == .soaking ? min(observe.interval, cadence.soaking) : min(observe.interval, cadence.close)
        }
        // A debt that waits for long is not asked about twice a second for ever.
        if isClaimed { return min(observe.interval, isWaitingLong(node, now) ? cadence.patient : cadence.close) }
        return Cadence.jittered(observe.interval, share: observe.jitter, place: node.raw, at: now.uptime)
    }

    private func isWaitingLong(_ node: NodeIndex, _ now: Moment) -> Bool {
        ledger[node].failedStay != nil
            || (ledger[node].written?.owedSince.map { now.wall - $0 > .minutes(1) } ?? false)
    }
}
