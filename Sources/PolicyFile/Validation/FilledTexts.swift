import Scheduling

/// A text of a policy into which facts about the node are put, and where it stands.
struct FilledText {
    var text: String
    var location: SourceLocation
    /// People read it: a fact that is not known is named there.
    var isForPeople = false
}

extension Located<Step> {
    var filledTexts: [FilledText] {
        switch value {
        case .http(let call): node["http"].map { call.request.filledTexts(in: $0) } ?? []
        case .notify(let notify):
            [FilledText(text: notify.text, location: node.location(of: "notify", "text"), isForPeople: true)]
        case .gate(let gate): node["gate"].map { gate.filledTexts(in: $0) } ?? []
        default: []
        }
    }

    /// Where it has a revision put in: a maintenance window has none.
    var revisionUses: [SourceLocation] {
        if case .verify(let verify) = value, verify.usesRevision { return [node.location(of: "verify", "version")] }
        return filledTexts.withRevision
    }
}

extension Located<HealthGate> {
    var filledTexts: [FilledText] { value.filledTexts(in: node) }
    var revisionUses: [SourceLocation] { filledTexts.withRevision }
}

extension [FilledText] {
    fileprivate var withRevision: [SourceLocation] {
        filter { $0.text.contains(VerifyStep.placeholder) }.map(\.location)
    }
}

extension HealthGate {
    fileprivate func filledTexts(in node: YAMLNode) -> [FilledText] {
        switch probe {
        case .http(let request, _): node["http"].map { request.filledTexts(in: $0) } ?? []
        case .prometheus(let query):
            [FilledText(text: query.query, location: node.location(of: "prometheus", "query"))]
        case .command: []
        }
    }
}

extension HTTPRequest {
    /// - Parameter node: a mapping, or the address alone.
    fileprivate func filledTexts(in node: YAMLNode) -> [FilledText] {
        [("url", url), ("body", body ?? "")].map { FilledText(text: $0.1, location: node.location(of: $0.0)) }
    }
}
