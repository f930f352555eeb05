import ModeCore
import Primitives

/// Turns what happens into lines, one for each fact, and keeps the count of nodes that are out of `normal`.
struct FactLog: Sendable {
    /// Lines kept until they are written; later ones are counted, and that is said.
    static let maxLines = 100_000

    private let names: [String]
    private var lines: [String] = []
    private var dropped = 0
    private var isOut: [Bool]
    private var hasBeenComplete = false
    /// The most nodes that were out of `normal` at once, since all were in it for the first time.
    private(set) var peakOut = 0

    init(names: [String]) {
        self.names = names
        self.isOut = names.map { _ in true }
    }

    var out: Int { isOut.count { $0 } }

    /// Adds a line: `TIME NODE FACT`.
    mutating func note(_ fact: String, of index: Int?, at time: Timestamp) {
        guard lines.count < Self.maxLines else {
            dropped += 1
            return
        }
        lines.append("\(time.rfc3339) \(index.map { names[$0] } ?? "all") \(fact)")
    }

    mutating func take() -> [String] {
        defer {
            lines = []
            dropped = 0
        }
        return dropped == 0 ? lines : lines + ["... \(dropped) lines dropped"]
    }

    /// Notes what a node reports, if it is a fact of the log.
    mutating func note(_ event: NodeEvent, of index: Int) {
        if let text = event.kind.fact { note(text, of: index, at: event.at) }
    }

    /// Notes who went out of `normal` or came back.
    mutating func observe(_ cluster: Cluster, at now: Timestamp) {
        for index in 0..<cluster.count {
            let isOutNow = !cluster[index].isRunning || cluster[index].mode != .normal
            guard isOutNow != isOut[index] else { continue }
            isOut[index] = isOutNow
            if out == 0 { hasBeenComplete = true }
            if hasBeenComplete { peakOut = max(peakOut, out) }
            note("\(isOutNow ? "left" : "entered") normal, out of normal \(out) of \(names.count)", of: index, at: now)
        }
    }

    func summary(of cluster: Cluster, traffic: [TrafficGenerator], at now: Timestamp) -> [String] {
        var summary = cluster.nodes.map { node in
            "\(now.rfc3339) \(node.name) summary: \(node.isRunning ? node.mode.rawValue : "down"), "
                + "version \(node.version), \(node.sessionCount) sessions, \(node.connectionCount) connections, "
                + "connections cut \(node.connectionsCut)"
        }
        var all = "\(now.rfc3339) all summary: connections cut \(cluster.nodes.reduce(0) { $0 + $1.connectionsCut }), "
        all += "at most \(peakOut) of \(names.count) out of normal at once"
        if !traffic.isEmpty {
            let (admitted, refused) = (traffic.reduce(0) { $0 + $1.admitted }, traffic.reduce(0) { $0 + $1.refused })
            all += ", clients \(admitted) admitted, \(refused) refused, "
            all += "\(traffic.reduce(0) { $0 + $1.hungUp }) hung up"
        }
        summary.append(all)
        return summary
    }
}

extension NodeEvent.Kind {
    /// The fact as a line says it; nil for the coming and going of clients.
    fileprivate var fact: String? {
        switch self {
        case .sessionCreated, .sessionDestroyed, .connectionCreated, .connectionDestroyed: nil
        case .sessionVanished: "session.vanished"
        case .modeChanged(let from, let to, let cause): "mode \(from.rawValue) -> \(to.rawValue), \(cause.text)"
        case .started(let version): "started, version \(version)"
        case .stopped(let cut): "stopped, connections cut \(cut)"
        case .joined(let epoch): "joined, epoch \(epoch)"
        case .isolated: "isolated"
        case .rejoined: "rejoined"
        case .fileFault: "file fault"
        }
    }
}

extension ModeCause {
    fileprivate var text: String {
        switch self {
        case .boot: "by boot"
        case .restart: "by restart"
        case .request: "by request"
        case .join: "by itself: join"
        case .isolate: "by itself: isolated"
        case .rejoin: "by itself: rejoin"
        case .fileFault: "by itself: file fault"
        }
    }
}
