import ModeCore
import Primitives
import Scheduling

/// A controller with perfect nodes on a clock that jumps from event to event: what a strategy makes of a run, as text.
///
/// Reads and writes take no time, nobody calls, commands succeed at once. What goes wrong is scripted by the minute.
struct Rehearsal {
    /// What happens to the world at a minute.
    enum Deed {
        /// The node does not answer, until it is mended.
        case breaks(String)
        case mends(String)
        /// Somebody blocks the node by hand; `opens` takes it back.
        case blocks(String)
        case opens(String)
        /// The daemon dies and is back at once, with the journal only.
        case restarts
        /// The machine is switched off, and back so many minutes later.
        case away(minutes: Int64)
        case loads(PolicySet)
        /// The wall clock is set forward, or back.
        case wallJumps(minutes: Int)
    }

    struct Node {
        var mode = NodeMode.normal
        var version: String
        var isBroken = false
    }

    private(set) var controller: Controller
    private(set) var journal: [Record] = []
    private(set) var lines: [String] = []
    private var nodes: [String: Node] = [:]
    private var policies: PolicySet
    private var elapsed: Int64 = 0
    private var wallOffset = Duration.zero
    private var phases: [NodeID: NodePhase] = [:]
    private var pending: [Event] = []

    static let start = Timestamp(seconds: 1_800_000_000)

    /// - Parameter versions: of nodes that do not run 1.
    init(_ policies: PolicySet, versions: [String: String] = [:], broken: [String] = []) {
        self.policies = policies
        controller = Controller(ledger: Ledger())
        for node in policies.clusters.flatMap(\.nodes) {
            nodes[node.name] = Node(version: versions[node.name] ?? "1", isBroken: broken.contains(node.name))
        }
        hand(.started)
        hand(.policiesLoaded(policies))
    }

    var now: Moment {
        Moment(
            wall: Rehearsal.start + .nanoseconds(elapsed) + wallOffset,
            uptime: Uptime(nanoseconds: 7_000_000_000 + elapsed))
    }

    /// Runs to the end of the script, and so many minutes in all. Deeds are in the order of their minutes.
    mutating func run(minutes: Int64, _ script: [(Int64, Deed)] = []) {
        let minute: Int64 = 60_000_000_000
        for (at, deed) in script {
            advance(to: at * minute)
            perform(deed)
        }
        advance(to: minutes * minute)
    }

    /// One line for each node that starts or is finished, and for each change of a run, with the minute.
    var text: String { lines.joined(separator: "\n") }

    /// The fold of the journal is the ledger that the process has.
    var isFolded: Bool { Ledger(folding: journal) == controller.ledger }

    func verdict(of node: String) -> Verdict? {
        controller.status(at: now).clusters.flatMap(\.nodes).first { $0.name == node }?.verdict
    }

    /// What the node waits for, with the minutes that it has yet to wait.
    func wait(of node: String) -> String {
        guard let verdict = verdict(of: node) else { return "none" }
        let left = verdict.until.map { " (\((($0 - now.wall).nanoseconds + 59_999_999_999) / 60_000_000_000)m)" }
        return "\(verdict.code.rawValue): \(verdict.text)\(left ?? "")"
    }

    private mutating func advance(to end: Int64) {
        while true {
            let wake = controller.nextWake.map { max(.zero, $0 - now.uptime) } ?? .seconds(30)
            let next = elapsed + min(wake, .seconds(30)).nanoseconds
            guard next <= end else { break }
            elapsed = next
            hand(.ticked)
        }
        elapsed = end
        hand(.ticked)
    }

    private mutating func perform(_ deed: Deed) {
        switch deed {
        case .breaks(let node): nodes[node]?.isBroken = true
        case .mends(let node): nodes[node]?.isBroken = false
        case .blocks(let node): nodes[node]?.mode = .blockNewSession
        case .opens(let node): nodes[node]?.mode = .normal
        case .restarts: restart()
        case .away(let minutes):
            elapsed += minutes * 60_000_000_000
            restart()
        case .loads(let set):
            policies = set
            hand(.policiesLoaded(set))
        case .wallJumps(let minutes):
            wallOffset = wallOffset + .minutes(minutes)
            hand(.ticked)
        }
    }

    private mutating func restart() {
        controller = Controller(ledger: Ledger(folding: journal))
        hand(.started)
        hand(.policiesLoaded(policies))
    }

    private mutating func hand(_ event: Event) {
        pending.append(event)
        while !pending.isEmpty {
            for effect in controller.handle(pending.removeFirst(), at: now) { perform(effect) }
        }
    }

    private mutating func perform(_ effect: Effect) {
        switch effect {
        case .append(let records):
            journal += records
            records.forEach { note($0) }
        case .read(let id):
            guard let node = nodes[id.name], !node.isBroken else {
                pending.append(.readFailed(id, begun: now, .timedOut))
                return
            }
            pending.append(
                .observed(
                    Observation(
                        node: id, begun: now, mode: .known(node.mode),
                        load: NodeLoad(
                            ongoingConnections: 0, sessionsCreated: 0, sessionsDestroyed: 0, connectionsCreated: 0),
                        version: node.version)))
        case .send(let change):
            let isBroken = nodes[change.node.name]?.isBroken ?? true
            if !isBroken { nodes[change.node.name]?.mode = change.target.mode }
            pending.append(.answered(change.id, isBroken ? .notSent("timeout") : .accepted))
        case .start(let start), .recover(let start):
            if let revision = start.environment["NAGI_REVISION"] { nodes[start.node.name]?.version = revision }
            pending.append(.commandEnded(start.id, .exited(status: 0)))
        }
    }

    private mutating func note(_ record: Record) {
        let minute = "\(elapsed / 60_000_000_000)m"
        switch record.fact {
        case .nodeRunChanged(_, let nodeRun):
            let former = phases.updateValue(nodeRun.phase, forKey: nodeRun.node) ?? .queued
            if former == .queued, nodeRun.phase == .closing {
                lines.append("\(minute) \(nodeRun.node.name) starts in wave \(nodeRun.wave ?? 0)")
            } else if nodeRun.phase.isFinished, !former.isFinished {
                lines.append("\(minute) \(nodeRun.node.name) \(nodeRun.phase.word)")
            } else if nodeRun.phase == .queued {
                lines.append("\(minute) \(nodeRun.node.name) queued again")
            }
        case .runChanged(_, .paused(let reason)): lines.append("\(minute) paused: \(reason)")
        case .runChanged(_, .ending(let reason)): lines.append("\(minute) ending: \(reason)")
        case .runPromoted: lines.append("\(minute) promoted")
        case .runEnded(_, let outcome): lines.append("\(minute) \(outcome)")
        default: break
        }
    }
}
