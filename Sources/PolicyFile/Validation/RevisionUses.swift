import Scheduling

/// Where policies have a revision put in: a maintenance window has none.
extension Located<Step> {
    var revisionUses: [SourceLocation] {
        switch value {
        case .verify(let verify): verify.usesRevision ? [node.location(of: "verify", "version")] : []
        case .http(let call): node["http"].map { call.request.revisionUses(in: $0) } ?? []
        case .notify(let notify):
            notify.text.contains(VerifyStep.placeholder) ? [node.location(of: "notify", "text")] : []
        case .gate(let gate): node["gate"].map { gate.revisionUses(in: $0) } ?? []
        default: []
        }
    }
}

extension Located<HealthGate> {
    var revisionUses: [SourceLocation] { value.revisionUses(in: node) }
}

extension HealthGate {
    fileprivate func revisionUses(in node: YAMLNode) -> [SourceLocation] {
        switch probe {
        case .http(let request, _): node["http"].map { request.revisionUses(in: $0) } ?? []
        case .prometheus(let query):
            query.query.contains(VerifyStep.placeholder) ? [node.location(of: "prometheus", "query")] : []
        case .command: []
        }
    }
}

extension HTTPRequest {
    /// - Parameter node: a mapping, or the address alone.
    fileprivate func revisionUses(in node: YAMLNode) -> [SourceLocation] {
        [("url", url), ("body", body ?? "")].filter { $0.1.contains(VerifyStep.placeholder) }
            .map { node.location(of: $0.0) }
    }
}
