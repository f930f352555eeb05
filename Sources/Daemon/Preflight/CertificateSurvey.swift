import Calendars
import Primitives
import Scheduling

/// Certificates that have ended, or will before long.
struct CertificateSurvey: Sendable {
    /// What a node shows at an https address.
    struct Shown: Hashable, Sendable {
        var node: String
        var url: String
        var end: Timestamp
    }

    /// Time enough to get another one.
    static let notice = Duration.days(14)

    let cluster: ClusterPolicy
    let files: [NodeTLS.Expiry]
    let shown: [Shown]

    init(_ cluster: ClusterPolicy, files: [NodeTLS.Expiry], shown: [Shown]) {
        self.cluster = cluster
        self.files = files
        self.shown = shown
    }

    func findings(at now: Timestamp) -> [PreflightFinding] {
        files.compactMap { finding("the certificate of \($0.file)", ends: $0.end, now) }
            + shown.compactMap { finding("the certificate at \($0.url)", ends: $0.end, node: $0.node, now) }
    }

    private func finding(
        _ what: String, ends end: Timestamp, node: String? = nil, _ now: Timestamp
    ) -> PreflightFinding? {
        guard end < now + Self.notice else { return nil }
        guard end >= now else {
            return PreflightFinding(
                .error, .certificateEnds, in: cluster.name, node: node, "\(what) expired at \(end.rfc3339)")
        }
        return PreflightFinding(
            .warning, .certificateEnds, in: cluster.name, node: node,
            "\(what) ends in \(ShownInstant.rough(end - now)), at \(end.rfc3339)")
    }
}
