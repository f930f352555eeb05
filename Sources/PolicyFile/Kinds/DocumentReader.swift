import ModeCore
import Scheduling

/// The kinds of documents.
package enum PolicyKind: String, CaseIterable, Sendable {
    case cluster = "Cluster"
    case calendar = "Calendar"
    case sequence = "Sequence"
    case maintenanceWindow = "MaintenanceWindow"
    case rollout = "Rollout"
    case notification = "Notification"
}

/// Reads the frame that all documents share and hands `spec` to its kind.
struct DocumentReader {
    /// What a file declares, whether its values are right or not: a faulty cluster is still a known one.
    struct Declaration: Sendable {
        var kind: PolicyKind
        var name: Located<String>
    }

    struct Output {
        var documents: [PolicyDocument] = []
        var declarations: [Declaration] = []
        /// Something could not even be named, so that an unknown name may be its name.
        var isIncomplete = false
    }

    static let version = "nagi/v1"

    private enum Keys {
        static let apiVersion = Field.required("apiVersion", .version, "always `\(DocumentReader.version)`")
        static let kind = Field.required("kind", .text, "what the document is")
        static let metadata = Field.required("metadata", DocumentReader.metadata, "its name")
        static let spec = Field.required("spec", .any, "what it says")
        static let shape = ObjectShape("a policy document", [apiVersion.shape, kind.shape, metadata.shape, spec.shape])
    }

    private static let metadata: ValueType<Located<String>> = .object(
        ObjectShape("metadata").alone("name"),
        NeededField("name", .located(.name), "unique among the documents of its kind")
    ) { $0 }

    /// The declared shape of each kind's `spec`, by kind: what a JSON Schema is made from.
    package static let shapes: [(kind: String, spec: Shape)] = [
        (PolicyKind.cluster.rawValue, ClusterKind.spec.shape),
        (PolicyKind.calendar.rawValue, CalendarKind.spec.shape),
        (PolicyKind.sequence.rawValue, SequenceKind.spec.shape),
        (PolicyKind.maintenanceWindow.rawValue, WindowPolicyKind.maintenanceWindow.shape),
        (PolicyKind.rollout.rawValue, WindowPolicyKind.rollout.shape),
        (PolicyKind.notification.rawValue, NotificationKind.spec.shape),
    ]

    /// The keys around `spec`.
    package static let frame: ObjectShape = Keys.shape

    static func read(_ root: YAMLNode, into output: inout Output, findings: Findings) {
        guard let fields = ObjectFields(root, Keys.shape, findings) else {
            output.isIncomplete = true
            return
        }
        _ = fields[Keys.apiVersion]
        let kindName = fields[Keys.kind]
        let name = fields[Keys.metadata]
        let spec = fields[Keys.spec]
        guard let kindName, let kind = kind(kindName, root, findings), let name else {
            output.isIncomplete = true
            return
        }
        output.declarations.append(Declaration(kind: kind, name: name))
        guard let spec, let body = body(kind, spec, findings) else { return }
        output.documents.append(PolicyDocument(kind: kind, name: name, spec: spec, body: body))
    }

    private static func kind(_ word: String, _ root: YAMLNode, _ findings: Findings) -> PolicyKind? {
        if let kind = PolicyKind(rawValue: word) { return kind }
        let place = root.location(of: "kind")
        let words = PolicyKind.allCases.map(\.rawValue)
        let near = LookAlikes.word(for: word, among: words) ?? nearest(to: word, among: words)
        findings.error(
            .unknownKind, "there is no kind \"\(word)\": \(listed(words))", at: place,
            hint: near.map { "did you mean \($0)?" })
        return nil
    }

    private static func body(_ kind: PolicyKind, _ spec: YAMLNode, _ findings: Findings) -> PolicyDocument.Body? {
        switch kind {
        case .cluster: ClusterKind.spec.read(spec, findings).map { .cluster($0) }
        case .calendar: CalendarKind.spec.read(spec, findings).map { .calendar($0) }
        case .sequence: SequenceKind.spec.read(spec, findings).map { .sequence($0) }
        case .maintenanceWindow: WindowPolicyKind.maintenanceWindow.read(spec, findings).map { .policy($0) }
        case .notification: NotificationKind.spec.read(spec, findings).map { .notification($0) }
        case .rollout: WindowPolicyKind.rollout.read(spec, findings).map { .policy($0) }
        }
    }
}

extension ValueType where Value == YAMLNode {
    /// Read later, by whoever knows what it is.
    fileprivate static let any = ValueType(.text(pattern: nil)) { node, _ in node }
}

extension ValueType where Value == String {
    fileprivate static let version = ValueType(.words([DocumentReader.version])) { node, findings in
        guard let scalar = findings.scalar(node, DocumentReader.version) else { return nil }
        if scalar.text == DocumentReader.version { return scalar.text }
        findings.error(
            .unknownVersion, "this version of nagi reads apiVersion \(DocumentReader.version), not \"\(scalar.text)\"",
            at: node.location)
        return nil
    }
}
