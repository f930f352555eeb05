import ModeCore
import Primitives
import Scheduling

/// What lies between the daemon and the nodes, and what the nodes answer.
extension World {
    mutating func latency() -> Duration { network.duration(.microseconds(200)...Duration.milliseconds(4)) }

    private func delay(of place: Int) -> Duration { conditions[place].delay }

    var timeout: Duration { scenario.policies.clusters[0].api.timeout }

    func host(at address: NodeAddress) -> Int? {
        guard let place = hosts[address.api], !conditions[place].has(.unreachable), cluster[place].isRunning else {
            return nil
        }
        return place
    }

    /// Why nobody is reached there.
    private mutating func lack(at address: NodeAddress) -> ReadFailure {
        guard scenario.isOverTLS, let place = hosts[address.api], conditions[place].has(.unreachable) else {
            return .unreachable("refused")
        }
        marks.note("certificate-not-trusted")
        return .distrusted("its certificate has expired")
    }

    mutating func read(_ call: ReadCall) {
        guard let place = host(at: call.address) else { return fail(call, lack(at: call.address), in: latency()) }
        if conditions[place].isHanging(.mode) { return fail(call, .timedOut, in: timeout) }
        if conditions[place].isBroken(.mode) { return fail(call, .badAnswer("500"), in: latency()) }
        let delay = delay(of: place)
        guard delay < timeout else { return fail(call, .timedOut, in: timeout) }
        spring(.beforeRead, on: place)
        var sample = sample(of: place, call)
        switch call.scope {
        case .mode:
            deliver(
                .modeSeen(call.node, .mode, begun: call.begun, .known(cluster[place].mode)), call, sample,
                in: latency() + delay)
        case .newAddress:
            deliver(.seenAtNewAddress(call.node, .known(cluster[place].mode)), call, nil, in: latency() + delay)
        case .whole:
            var seen = Observation(node: call.node, begun: call.begun, mode: .known(cluster[place].mode))
            if scenario.spreadsReads {
                // What is asked first, and what later, is a matter of chance.
                if network.chance(0.5) {
                    complete(&seen, &sample, place)
                    let mode = cluster[place].mode
                    seen.mode = .known(mode)
                    sample.mode = mode
                    insert(.readGoesOn(call, seen, sample), in: latency() + delay)
                } else {
                    var later = sample
                    later.counts = nil
                    insert(
                        .readGoesOn(call, seen, later), in: network.duration(.zero...Duration.milliseconds(300)) + delay
                    )
                }
            } else {
                finish(call, &seen, &sample, place, delay)
            }
        }
        spring(.afterRead, on: place)
    }

    /// The calls of a read that were not made with the first.
    mutating func goOn(_ call: ReadCall, _ observation: Observation, _ sample: ReadSample) {
        var (seen, sample) = (observation, sample)
        guard let place = host(at: call.address), place == sample.place else {
            // GetMode was answered: what the others would have said is unknown.
            return deliver(.observed(seen), call, sample, in: latency())
        }
        if seen.load == nil { return finish(call, &seen, &sample, place, .zero) }
        // The counters came first: the mode is asked now.
        guard !conditions[place].isHanging(.mode) else { return fail(call, .timedOut, in: timeout) }
        guard !conditions[place].isBroken(.mode) else { return fail(call, .badAnswer("500"), in: latency()) }
        let latest = self.sample(of: place, call)
        guard latest.life == sample.life else { return fail(call, .unreachable("reset"), in: latency()) }
        seen.mode = .known(cluster[place].mode)
        sample.mode = cluster[place].mode
        sample.layer = latest.layer
        deliver(.observed(seen), call, sample, in: latency())
    }

    private mutating func finish(
        _ call: ReadCall, _ seen: inout Observation, _ sample: inout ReadSample, _ place: Int, _ delay: Duration
    ) {
        complete(&seen, &sample, place)
        let hangs = [Trouble.Call.stats, .list, .ready].contains { conditions[place].isHanging($0) }
        deliver(.observed(seen), call, sample, in: hangs ? timeout : latency() + delay)
    }

    private func sample(of place: Int, _ call: ReadCall) -> ReadSample {
        ReadSample(
            node: call.node, place: place, scope: call.scope, begun: call.begun, mode: cluster[place].mode,
            life: oracle.truths[place].ownership.life, layer: oracle.truths[place].ownership.top?.id,
            foreignChanges: oracle.truths[place].ownership.foreignChanges)
    }

    /// It has somebody to relay to; one that is alone looks like one whose sessions do not span nodes.
    private func showsRelaying(_ place: Int) -> Bool {
        cluster.isRelaying && cluster.members(seenBy: place).contains { $0.isConnected && $0.index != place }
    }

    /// Sessions that a closed node would keep from going on, and a stopped one would end.
    func sessionsAtStake(on place: Int) -> Int { cluster.isRelaying ? 0 : cluster[place].sessionCount }

    /// Counters, readiness and members, as far as the calls for them are answered.
    private mutating func complete(_ seen: inout Observation, _ sample: inout ReadSample, _ place: Int) {
        cluster.advance(to: wall)
        let condition = conditions[place]
        func answers(_ call: Trouble.Call) -> Bool { !condition.isHanging(call) && !condition.isBroken(call) }
        if answers(.stats) {
            let counters = cluster[place].counters
            let relays = showsRelaying(place)
            seen.load = NodeLoad(
                ongoingConnections: counters.ongoingConnections, sessionsCreated: counters.sessionsCreated,
                sessionsDestroyed: counters.sessionsDestroyed, connectionsCreated: counters.connectionsCreated,
                relays: relays)
            sample.counts = (relays ? 0 : cluster[place].sessionCount, counters.ongoingConnections)
            if relays { marks.note("relaying-node-read") }
            seen.version = NodeText(exactly: cluster[place].version)
        }
        let hasProbe = directory.nodes.first { $0.name == seen.node.name }?.ready != nil
        if hasProbe, answers(.ready) { seen.ready = cluster.isReady(place) }
        sample.ready = seen.ready
        if scenario.isClustered, answers(.list) {
            seen.members = list(of: place)
            seen.version = seen.members?.first { $0.name.description == seen.node.name }?.version ?? seen.version
        }
        // The answers' `Date` header: whole seconds.
        seen.hostWall = Timestamp(seconds: (wall + scenario.hostClock).seconds)
    }

    mutating func ask(_ seed: String, of name: String) {
        func deliver(_ answer: SeedAnswer, in delay: Duration) {
            let event = Event.seedAnswered(cluster: name, seed: seed, answer)
            insert(.deliver(Delivery(event: event, process: process, sample: nil, seen: nil)), in: delay)
        }
        guard let place = host(at: NodeAddress(api: seed, ready: nil)) else {
            return deliver(.failed(.unreachable("refused")), in: latency())
        }
        let delay = delay(of: place)
        guard !conditions[place].isHanging(.list), delay < timeout else {
            return deliver(.failed(.timedOut), in: timeout)
        }
        guard !conditions[place].isBroken(.list), let members = list(of: place) else {
            return deliver(.failed(.badAnswer("500")), in: latency())
        }
        deliver(.members(members), in: latency() + delay)
    }

    /// As whoever makes the calls judges it.
    private func judge(_ api: String) -> MemberAddress {
        scenario.isAllowed(api) ? .callable(NodeText(cutting: api)) : .refused("it is in no network of discovery.allow")
    }

    private func list(of place: Int) -> [ClusterMember]? {
        let isAsked = scenario.policies.clusters[0].discovery != nil
        let members = cluster.members(seenBy: place).map { member in
            ClusterMember(
                name: NodeText(exactly: member.name) ?? NodeText(cutting: member.name), isConnected: member.isConnected,
                mode: scenario.hasModesInLists ? member.mode.map { .known($0) } : nil,
                epoch: member.epoch.map { Int($0) }, version: member.version.flatMap { NodeText(exactly: $0) },
                isTemporary: member.isTemporary,
                api: isAsked && member.isConnected ? judge(addresses[member.index].api) : nil)
        }
        switch conditions[place].lie {
        case nil: return members
        case .others?:
            return (1...3).map { ClusterMember(name: "stranger-0\($0)@sim", isConnected: true, mode: .known(.normal)) }
        case .thousand?:
            let more = (1...(ClusterMember.limit - members.count)).map {
                ClusterMember(name: "stranger-\($0)@sim", isConnected: true, mode: .known(.normal))
            }
            return members + more
        case .alone?: return members.filter { $0.name.description == scenario.nodes[place].name }
        case .empty?: return []
        case .withoutModes?:
            return members.map { member in
                var member = member
                member.mode = nil
                return member
            }
        }
    }

    private mutating func deliver(_ event: Event, _ call: ReadCall, _ sample: ReadSample?, in delay: Duration) {
        let seen = sample?.place.map { SeenLayer(place: $0, layer: sample?.layer) }
        insert(.deliver(Delivery(event: event, process: call.process, sample: sample, seen: seen)), in: delay)
    }

    private mutating func fail(_ call: ReadCall, _ failure: ReadFailure, in delay: Duration) {
        let sample =
            call.scope == .newAddress
            ? nil : ReadSample(node: call.node, place: nil, scope: call.scope, begun: call.begun)
        deliver(.readFailed(call.node, call.scope, begun: call.begun, failure), call, sample, in: delay)
    }

    mutating func preRead(_ call: WriteCall) {
        guard let place = host(at: call.address) else { return answer(call, .notSent("refused"), in: latency()) }
        if conditions[place].isHanging(.mode) { return answer(call, .notSent("no answer in time"), in: timeout) }
        if conditions[place].isBroken(.mode) { return answer(call, .notSent("500"), in: latency()) }
        let asked = ReadCall(
            node: call.write.change.node, scope: .mode, address: call.address, begun: moment, process: call.process)
        let sample = sample(of: place, asked)
        insert(.preReadReturns(call, cluster[place].mode, sample), in: latency() + delay(of: place))
        spring(.beforeWrite, on: place)
    }

    /// The daemon has the answer of the read before the write. A daemon that died meanwhile writes nothing, and one
    /// that is frozen goes on later.
    mutating func decide(_ call: WriteCall, reading mode: NodeMode, _ sample: ReadSample) {
        guard isAlive(call.process) else { return }
        if isFrozen, let stalledUntil {
            return heap.insert(.preReadReturns(call, mode, sample), at: stalledUntil)
        }
        var call = call
        call.read = .known(mode)
        call.write.foreignChanges = sample.foreignChanges
        call.seen = sample.place.map { SeenLayer(place: $0, layer: sample.layer) }
        switch call.write.change.permission(reading: .known(mode)) {
        case .alreadyThere: answer(call, .alreadyThere, in: .zero)
        case .decline: answer(call, .declined, in: .zero)
        case .send:
            guard !isTooLate(call.write.change.notAfter) else { return answer(call, .notSent("too late"), in: .zero) }
            // By the clock that it was decided by: one that has jumped since is nobody's fault.
            call.write.sentWall = call.write.sentWall + .nanoseconds(now - call.write.intendedAt)
            insert(.writeArrives(call), in: latency())
        }
    }

    mutating func write(_ call: WriteCall) {
        guard let place = host(at: call.address) else {
            // Some were refused, some broke off.
            let isRefused = network.chance(0.5)
            return answer(call, isRefused ? .notSent("refused") : .unknown("reset"), in: latency())
        }
        let condition = conditions[place]
        if condition.has(.failing) { return answer(call, .unknown("500"), in: latency()) }
        if let status = condition.refusal {
            marks.note("write-refused-\(status)")
            return answer(call, .rejected("\(status)"), in: latency())
        }
        if condition.has(.ignored) {
            marks.note("write-ignored")
            return answer(call, .accepted, in: latency())
        }
        if condition.has(.late) {
            // Applied after the caller has given up, and perhaps after a newer one.
            var late = call
            late.write.isLate = true
            insert(.writeApplies(late), in: network.duration(.seconds(1)...Duration.seconds(50)))
            return answer(call, .unknown("no answer in time"), in: timeout)
        }
        let delay = delay(of: place)
        guard let transition = receive(call) else { return }
        if condition.has(.repeated) {
            var again = call
            again.write.isRepeat = true
            insert(.writeApplies(again), in: network.duration(.milliseconds(10)...Duration.seconds(40)))
        }
        spring(.afterWrite, on: place)
        if call.write.change.target == .blockNewConnection { spring(.afterBlock, on: place) }
        if condition.has(.answerLost) || condition.has(.silent) || delay >= timeout {
            answer(call, .unknown("no answer in time"), in: timeout)
        } else if case .refused = transition {
            answer(call, .rejected("refused in initial"), in: latency() + delay)
        } else {
            answer(call, .accepted, in: latency() + delay)
        }
    }

    /// The machine does what it is told.
    mutating func receive(_ call: WriteCall) -> ModeTransition? {
        guard let place = host(at: call.address) else { return nil }
        cluster.advance(to: wall)
        let former = cluster[place].mode
        var write = call.write
        write.sessions = sessionsAtStake(on: place)
        let transition = cluster.changeMode(write.change.target, on: place, at: wall)
        let note = write.isRepeat ? " again" : write.isLate ? " late" : ""
        let target = write.change.target
        say("\(scenario.nodes[place].name) receives ChangeMode \(target.rawValue) in \(former.rawValue)\(note)")
        if cluster[place].mode == write.change.target.mode {
            oracle.noteReceived(write, on: place, from: former, at: now)
            noteService(of: place)
        }
        if write.isLate { marks.note("write-late") }
        if write.isRepeat { marks.note("write-repeated") }
        return transition
    }

    mutating func answer(_ call: WriteCall, _ outcome: ModeChangeAnswer.Outcome, in delay: Duration) {
        let event = Event.answered(call.write.change.id, ModeChangeAnswer(outcome, read: call.read))
        insert(.deliver(Delivery(event: event, process: call.process, seen: call.seen)), in: delay)
    }
}
