import Primitives

/// What is measured before a node starts, and at the gates of its sequence.
extension Controller {
    /// Where one of the policy's gates stands before a node is granted its slots. Good is what was measured about this node, and
    /// lately.
    struct GateStand {
        enum State {
            case good(until: Uptime)
            /// It was good, too long ago.
            case old
            case wait(String, due: Uptime)
        }

        /// The gate's place in the policy.
        var place: Int
        var name: String
        var state: State

        var blocker: Blocker? {
            switch state {
            case .good: nil
            case .old: Blocker(.gate(name: name, "measured once more"))
            case .wait(let why, _): Blocker(.gate(name: name, why))
            }
        }

        var hasBeenGood: Bool { if case .wait = state { false } else { true } }
        var goodUntil: Uptime? { if case .good(let until) = state { until } else { nil } }
    }

    /// Of those that are asked: before steps that take nothing out of service too, so that nobody is asked for a word or runs a
    /// program for a node that may not go.
    func gateStands(before part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ now: Moment) -> [GateStand] {
        guard !header.pinned.gates.isEmpty, part.needsGates, !exemptions(of: part, header).contains(.gate) else {
            return []
        }
        return header.pinned.gates.enumerated().compactMap { index, gate in
            if ledger.isObserving, gate.isProgram { return nil }
            let state = state(of: index, before: part, place)
            let stand: GateStand.State =
                switch gate.standing(of: state) {
                case .pass:
                    state.map { $0.at.uptime + gate.validity }.flatMap { now.uptime <= $0 ? .good(until: $0) : nil }
                        ?? .old
                case .wait(let why), .fail(let why):
                    .wait(why, due: state.map { $0.at.uptime + gate.interval } ?? now.uptime)
                }
            return GateStand(place: index, name: gate.name, state: stand)
        }
    }

    private func state(of gate: Int, before part: Part, _ place: PartPlace) -> GateState? {
        let state = ledger.withRun(place.run) { $0.gates.indices.contains(gate) ? $0.gates[gate] : nil } ?? nil
        return state?.node == part.node ? state : nil
    }

    /// Has those gates measured that do not pass, or did too long ago.
    mutating func measureGates(before place: PartPlace, _ turn: inout Turn) {
        guard let part = ledger.part(place), let header = ledger.header(place.run), let node = node(of: place) else {
            return
        }
        for stand in gateStands(before: part, place, header, turn.now) {
            let due: Uptime
            switch stand.state {
            case .good: continue
            case .old: due = turn.now.uptime
            case .wait(_, let next): due = next
            }
            measure(
                header.pinned.gates[stand.place],
                Measurements.Place(run: header.id, part: place.part, gate: stand.place), due: due,
                .run(place.run.raw), header, node, &turn)
        }
    }

    /// Has the gate measured at which the part is.
    mutating func measure(
        _ gate: HealthGate, of part: Part, _ place: PartPlace, _ header: Ledger.RunHeader, _ node: NodeIndex,
        _ turn: inout Turn
    ) {
        guard let work = part.phase.work else { return }
        let due = work.gate.map { $0.at.uptime + gate.interval } ?? turn.now.uptime
        measure(
            gate, Measurements.Place(run: header.id, part: place.part, step: work.since), due: due, .node(node.raw),
            header, node, &turn)
    }

    private mutating func measure(
        _ gate: HealthGate, _ place: Measurements.Place, due: Uptime, _ subject: Agenda.Subject,
        _ header: Ledger.RunHeader, _ node: NodeIndex, _ turn: inout Turn
    ) {
        let now = turn.now
        if let former = measurements.underWay(place) {
            // None begins beside another. What is not heard of is unknown, and made again in its time.
            if former.due > now.uptime { return wake(subject, at: former.due, now) }
            return take(.unknown("nothing was heard of it"), ofMeasurement: former.id, &turn)
        }
        guard due <= now.uptime else { return wake(subject, at: due, now) }
        let facts = facts(about: node, header)
        let id = measurements.begin(place, of: fleet[node].id, within: gate.hearingLimit, at: now)
        if let lack = facts.lack(for: gate.probe) {
            return take(.unknown(NodeText(cutting: lack)), ofMeasurement: id, &turn)
        }
        turn.act(
            .measure(
                Measurement(
                    id: id, node: fleet[node].id, probe: facts.filled(gate.probe), environment: facts.environment,
                    limit: gate.measurementLimit)))
        wake(subject, at: now.uptime + gate.hearingLimit, now)
    }

    mutating func take(_ result: GateResult, ofMeasurement id: Int, _ turn: inout Turn) {
        guard let entry = measurements.end(id), let slot = ledger.slot(of: entry.place.run),
            let header = ledger.header(slot)
        else { return }
        let place = PartPlace(run: slot, part: entry.place.part)
        guard var part = ledger.part(place), part.node == entry.node else { return }
        if let since = entry.place.step {
            guard let work = part.phase.work, work.since == since,
                case .gate(let gate) = header.pinned.sequence.steps[work.step], let node = ledger.index(of: entry.node)
            else { return }
            let state = gate.note(result, begun: entry.begun, in: work.gate, of: entry.node)
            part.phase.change { $0.gate = state }
            decide(.partChanged(header.id, place.part, part, step: nil, nil), &turn)
            nodesToTouch.insert(node.raw)
        } else {
            guard part.needsGates, header.pinned.gates.indices.contains(entry.place.gate) else { return }
            let gate = header.pinned.gates[entry.place.gate]
            let former = state(of: entry.place.gate, before: part, place)
            let state = gate.note(result, begun: entry.begun, in: former, of: entry.node)
            decide(.gateMeasured(header.id, entry.place.gate, state), &turn)
            runsToTouch.insert(slot.raw)
        }
    }
}
