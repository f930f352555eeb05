import Calendars
import ModeCore
import Scheduling

/// One document as written: its values are well-formed, but names and numbers were not compared with anything yet.
/// What was faulty is nil or left out, and reported.
struct PolicyDocument: Sendable {
    /// Indirect: drafts are large, and passing one on is not to copy it.
    indirect enum Body: Sendable {
        case cluster(ClusterDraft)
        case calendar(CalendarDraft)
        case sequence(SequenceDraft)
        case notification(NotificationDraft)
        case policy(PolicyDraft)
    }

    var kind: PolicyKind
    var name: Located<String>
    /// The mapping under `spec`.
    var spec: YAMLNode
    var body: Body
}

struct ClusterDraft: Sendable {
    var topology: ClusterPolicy.Topology?
    /// In the order of the text.
    var nodes: [Located<ClusterNode>]
    var api: APISettings
    var observe: ObserveSettings
    var budget: Budget
    var timeZone: Located<String>?
    var exclusions: [Located<SpanDraft>]
    var discovery: Discovery?
    var hooks: HookSettings?
}

struct NotificationDraft: Sendable {
    var url: NotificationPolicy.Target?
    var format: NotificationPolicy.Format
    var on: [NotificationPolicy.Occasion]
    var policies: [Located<String>]?
    var clusters: [Located<String>]?
    var timeout: Duration
    var retries: Int
}

struct SequenceDraft: Sendable {
    var steps: [Located<Step>]
    /// Some step is faulty: the order cannot be judged.
    var isIncomplete: Bool
    var onFailure: OnFailure?
}

/// Named spans, and files with further ones.
struct CalendarDraft: Sendable {
    var timeZone: Located<String>?
    var spans: [Located<SpanDraft>]
    var files: [Located<String>]
}

/// A span of a policy or of a calendar: window or exclusion.
struct SpanDraft: Sendable {
    /// The calendar whose spans are meant; nothing else is written then.
    var calendar: Located<String>?
    var name: String?
    var recurrence: Recurrence?
    var length: WindowLength?
    var timeZone: Located<String>?
    var startDate: LocalDate?
    var endDate: LocalDate?
    var dst = DSTRule()
    var reason: String?
}

/// A MaintenanceWindow or a Rollout.
struct PolicyDraft: Sendable {
    enum Kind: Sendable {
        case maintenanceWindow
        case rollout(revision: String?, approval: Approval?)
    }

    enum SequenceReference: Sendable {
        case name(String)
        case inline(SequenceDraft)
    }

    var kind: Kind
    var cluster: Located<String>?
    var selector: Located<Selector>?
    var timeZone: Located<String>?
    /// Nil where the key is not written.
    var windows: [Located<SpanDraft>]?
    var exclusions: [Located<SpanDraft>]
    var cutoff: Located<Duration>?
    var onWindowEnd: OnWindowEnd
    var startOnlyIf: StartOnlyIf
    var strategy: Strategy
    /// Nil where it is faulty, or not written: that is possible for a maintenance window.
    var sequence: Located<SequenceReference>?
    var gates: [Located<HealthGate>]
    var onDrift: OnDrift
    var isSuspended: Bool
}
