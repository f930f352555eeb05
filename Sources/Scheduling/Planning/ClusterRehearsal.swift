import Calendars
import Primitives

/// Rehearses the policies of one cluster together, over a span of time.
///
/// Nights in which the same windows are open in the same way, and before which the nodes were last tried in the same
/// order, are rehearsed once: what happens between two instants at which nothing is at work and no window is open depends
/// on nothing else. A rollout is rehearsed as of the first instant, together with the windows that it meets.
struct ClusterRehearsal {
    /// Overlapping or touching occurrences of a maintenance window: its run has all of that time.
    struct Union {
        var policy: String
        var joined: JoinedOccurrence
        /// What exclusions leave of it; never empty.
        var open: [Span]
        /// The first of its occurrences that the plan lists.
        var firstListed: OccurrenceID

        var span: Span { joined.span }
    }

    /// A union, counted from some instant.
    private struct Shape: Hashable {
        var policy: String
        var start: Duration
        var end: Duration
        var open: [Duration]

        init(_ union: Union, from instant: Timestamp) {
            policy = union.policy
            start = union.span.start - instant
            end = union.span.end - instant
            open = union.open.flatMap { [$0.start - instant, $0.end - instant] }
        }
    }

    /// In which order each policy tried the nodes last: by their places in the cluster, -1 for never. Those that were tried
    /// at the same time have the same number.
    private typealias Tried = [String: [Int]]

    /// What has been rehearsed: unions that begin before it is over, and how their runs went.
    private struct Night {
        var start: Timestamp
        var length: Duration
        var shapes: [Shape]
        var before: Tried
        var after: Tried
        var courses: [RunLog.Entry?]
        var isCut: Bool

        mutating func rename(by naming: Naming) {
            for index in courses.indices { courses[index]?.rename(naming.names) }
            guard let numbers = after[naming.policy] else { return }
            var renamed = numbers
            for (place, player) in naming.places.enumerated() { renamed[player] = numbers[place] }
            after[naming.policy] = renamed
        }
    }

    /// Of a policy that treats its nodes alike, the night of one order is the night of any other under other names.
    private struct Naming {
        let policy: String
        /// With this policy's nodes tried in the order of their names.
        let tried: Tried
        /// By place in the cluster: who plays the node's part.
        let places: [Int]
        let names: [String: String]

        /// Nil where the nodes are not alike.
        init?(_ name: String, of rehearsal: ClusterRehearsal, _ tried: Tried) {
            let nodes = rehearsal.cluster.nodes
            guard let policy = rehearsal.policies.first(where: { $0.name == name }), let numbers = tried[name] else {
                return nil
            }
            let selected = nodes.indices.filter { policy.selector.matches(nodes[$0]) }
            let kinds = Set(selected.map { policy.kind(of: nodes[$0]) })
            guard kinds.count == 1 else { return nil }
            let order = selected.sorted { (numbers[$0], $0) < (numbers[$1], $1) }
            var canonical = numbers
            var places = Array(nodes.indices)
            for (place, player) in zip(selected, order) {
                canonical[place] = numbers[player]
                places[place] = player
            }
            var view = tried
            view[name] = canonical
            self.policy = name
            self.tried = view
            self.places = places
            names = Dictionary(
                uniqueKeysWithValues: zip(selected, order).map { (nodes[$0].name, nodes[$1].name) })
        }
    }

    private struct Key: Hashable {
        var shape: Shape
        var tried: [Int]?
    }

    let cluster: ClusterPolicy
    let set: PolicySet
    /// In the order of the set; none is suspended.
    let policies: [Policy]
    /// By their starts, then by policy.
    let unions: [Union]
    /// What the controller handles in one rehearsal at most.
    let eventLimit: Int

    init(_ cluster: ClusterPolicy, of set: PolicySet, unions: [Union], eventLimit: Int = PlanLimits.events) {
        self.eventLimit = eventLimit
        self.cluster = cluster
        self.set = set
        policies = set.policies.filter { $0.cluster == cluster.name && !$0.isSuspended }
        self.unions = unions.sorted { ($0.span.start, $0.policy) < ($1.span.start, $1.policy) }
    }

    /// How each run goes.
    struct Courses {
        /// By the place of the union; nil where it has no run.
        var windows: [RunLog.Entry?]
        /// By policy.
        var rollouts: [String: RunLog.Entry] = [:]
        /// Some rehearsal came to no end: what happens later is not known.
        var isCut = false
    }

    func courses(_ pace: Pace, from: Timestamp, to: Timestamp) -> Courses {
        var courses = Courses(windows: Array(repeating: nil, count: unions.count))
        var tried = Tried()
        var next = rollouts(pace, from: from, to: to, &courses, &tried)
        var known: [Key: [Night]] = [:]
        let windows = set.rehearsed(cluster, policies.filter { !$0.isRollout })
        func night(_ tried: Tried) -> Night {
            let key = Key(
                shape: Shape(unions[next], from: unions[next].span.start), tried: tried[unions[next].policy])
            if let like = known[key]?.first(where: { matches($0, tried, at: next) }) { return like }
            let night = self.night(windows, pace, tried, at: next)
            known[key, default: []].append(night)
            return night
        }
        while next < unions.count {
            let start = unions[next].span.start
            let isAlone = next + 1 == unions.count || unions[next + 1].span.start > unions[next].span.end
            let naming = isAlone ? Naming(unions[next].policy, of: self, tried) : nil
            var found = night(naming?.tried ?? tried)
            if let naming {
                // Its nodes may work on until another policy's window opens.
                if found.before.count == 1 { found.rename(by: naming) } else { found = night(tried) }
            }
            courses.isCut = courses.isCut || found.isCut
            for (offset, course) in found.courses.enumerated() {
                courses.windows[next + offset] = course?.moved(by: start - found.start)
            }
            tried.merge(found.after) { _, new in new }
            next += found.courses.count
        }
        return courses
    }

    private func matches(_ night: Night, _ tried: Tried, at place: Int) -> Bool {
        let (start, end) = (unions[place].span.start, place + night.shapes.count)
        guard end <= unions.count else { return false }
        // One more begins before it is over.
        if end < unions.count, unions[end].span.start - start <= night.length { return false }
        return night.before.allSatisfy { tried[$0.key] ?? [] == $0.value }
            && zip(night.shapes, unions[place..<end]).allSatisfy { $0 == Shape($1, from: start) }
    }

    /// From the start of a union on, until nothing is at work and no window is open.
    private func night(_ set: PolicySet, _ pace: Pace, _ tried: Tried, at place: Int) -> Night {
        let start = unions[place].span.start
        var past: [String: PolicyHistory] = [:]
        for policy in policies { past[policy.name] = history(of: policy.name, tried[policy.name] ?? [], before: place) }
        var stage = Rehearsal(Ledger(history: past), at: start - ClusterRehearsal.lead, pace: pace)
        stage.load(set)
        let end = goOn(&stage, from: place, before: .distantFuture) { _ in true }
        let names = Set(unions[place..<end].map(\.policy))
        return Night(
            start: start, length: stage.now.wall - start + ClusterRehearsal.lead,
            shapes: unions[place..<end].map { Shape($0, from: start) },
            before: Dictionary(uniqueKeysWithValues: names.map { ($0, tried[$0] ?? []) }),
            after: self.tried(names, in: stage.controller.ledger),
            courses: (place..<end).map { course(of: $0, in: stage.log) }, isCut: stage.events >= eventLimit)
    }

    private func history(of policy: String, _ tried: [Int], before place: Int) -> PolicyHistory {
        let start = unions[place].span.start
        // The window before may still be open, with nothing left to do in it.
        let latest = unions[..<place].last { $0.policy == policy }.map {
            PolicyHistory.PastOccurrence(id: $0.joined.occurrence, span: $0.span)
        }
        let known = zip(cluster.nodes, tried).filter { $0.1 >= 0 }.map { node, number in
            (NodeID(cluster: cluster.name, name: node.name), start - .days(1) + .nanoseconds(number))
        }
        return PolicyHistory(latest, tried: Dictionary(uniqueKeysWithValues: known))
    }

    private func tried(_ policies: Set<String>, in ledger: Ledger) -> Tried {
        var result = Tried()
        for policy in policies {
            guard let tried = ledger.history[policy]?.tried, !tried.isEmpty else { continue }
            let instants = Set(tried.values).sorted()
            result[policy] = cluster.nodes.map { node in
                tried[NodeID(cluster: cluster.name, name: node.name)].flatMap { instants.firstIndex(of: $0) } ?? -1
            }
        }
        return result
    }

    /// All policies together, until the rollouts are through or come no further.
    ///
    /// - Returns: the first union that is not among what was rehearsed.
    private func rollouts(
        _ pace: Pace, from: Timestamp, to: Timestamp, _ courses: inout Courses, _ tried: inout Tried
    ) -> Int {
        let rollouts = policies.filter(\.isRollout).map(\.name)
        guard !rollouts.isEmpty else { return 0 }
        // Windows that are open already have been open before the plan begins; rollouts begin with it.
        let isOpen = unions.first.map { $0.span.start < from } ?? false
        let start = isOpen ? unions[0].span.start - ClusterRehearsal.lead : from
        var stage = Rehearsal(Ledger(), at: start, pace: pace)
        if isOpen {
            stage.load(set.rehearsed(cluster, policies.filter { !$0.isRollout }))
            while stage.step(before: from) {}
        }
        stage.load(set.rehearsed(cluster, policies))
        let limit = max(to, from + .days(PlanLimits.rolloutDays))
        let end = goOn(&stage, from: 0, before: limit) { stage in
            rollouts.allSatisfy { name in stage.log.entry(of: name).map(\.isSettled) ?? false }
        }
        courses.isCut = stage.events >= eventLimit
        for name in rollouts { courses.rollouts[name] = stage.log.entry(of: name) }
        for place in 0..<end { courses.windows[place] = course(of: place, in: stage.log) }
        tried = self.tried(Set(policies.map(\.name)), in: stage.controller.ledger)
        return end
    }

    /// - Returns: the first union that begins after it.
    private func goOn(
        _ stage: inout Rehearsal, from place: Int, before limit: Timestamp, until isOver: (Rehearsal) -> Bool
    ) -> Int {
        var end = place
        while stage.events < eventLimit {
            let now = stage.now.wall
            while end < unions.count, unions[end].span.start <= now + ClusterRehearsal.lead { end += 1 }
            let isQuiet =
                stage.log.activeWindows == 0 && isOver(stage)
                && unions[place..<end].allSatisfy { $0.span.end <= now || stage.log.hasRun($0.policy, in: $0.span) }
            guard !isQuiet, stage.step(before: limit) else { break }
        }
        return end
    }

    private func course(of place: Int, in log: RunLog) -> RunLog.Entry? {
        log.run(of: unions[place].policy, in: unions[place].span)
    }

    /// The nodes are read once before a known opening.
    private static let lead = Duration.seconds(3)
}

extension Policy {
    /// What makes a difference between nodes, but for their names.
    fileprivate func kind(of node: ClusterNode) -> [String?] {
        let labels = strategy.order.map { order -> String? in
            if case .label(let label) = order { node.labels[label] } else { nil }
        }
        let group = strategy.groups.firstIndex { $0.selector.matches(node) }.map { "\($0)" }
        return labels + [group, node.ready.map { _ in "ready" }]
    }
}

extension RunLog.Entry {
    fileprivate mutating func rename(_ names: [String: String]) {
        for index in parts.indices { parts[index].node = names[parts[index].node] ?? parts[index].node }
    }

    /// Nothing more becomes of it: it is over, waits for a person, or comes no further however often its windows open.
    fileprivate var isSettled: Bool { isEnded || pause != nil || setbacks >= PlanLimits.setbacks }
}
