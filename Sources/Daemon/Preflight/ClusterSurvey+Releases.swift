import Scheduling

/// What the releases that the nodes run mean for policies and webhooks.
extension ClusterSurvey {
    var releases: [PreflightFinding] {
        seen.flatMap { relaying($0.node, $0.observation) + vanished($0.node, $0.observation) }
    }

    private func relaying(_ node: ClusterNode, _ observation: Observation) -> [PreflightFinding] {
        guard observation.load?.relays == true else { return [] }
        let note = finding(.note, .drainsByConnections, node, "drains by its connections: \(NodeLoad.relayingText)")
        return [note]
            + policies.filter { $0.selector.matches(node) && $0.drainsBySessions }.map { policy in
                finding(
                    .warning, .drainsBySessions, node,
                    "\(policy.name) drains it in block_new_session, and \(NodeLoad.relayingText): further people go on joining, it may never end",
                    hint: "drain: {mode: auto}")
            }
    }

    /// Only where somebody counts on it.
    private func vanished(_ node: ClusterNode, _ observation: Observation) -> [PreflightFinding] {
        guard cluster.hooks != nil, let version = observation.version?.description, let release = Release(version),
            !release.sendsVanished
        else { return [] }
        return [
            finding(
                .note, .vanishedNotSent, node,
                "release \(version) sends no session.vanished by itself: that it is empty is seen at the next read")
        ]
    }
}

extension Policy {
    fileprivate var drainsBySessions: Bool {
        sequence.steps.contains { step in
            if case .drain(let drain) = step { drain.mode == .blockNewSession } else { false }
        }
    }
}
