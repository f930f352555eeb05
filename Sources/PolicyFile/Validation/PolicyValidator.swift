import Calendars
import ModeCore
import Scheduling

/// Compares the documents of all files with each other and with the time zones, and assembles the set.
///
/// Every check works on what is there: a fault in one value does not hide faults in the others. The set is only used
/// where nothing was found that is an error.
struct PolicyValidator {
    let findings: Findings
    let zones: ZoneCatalog
    /// Of the policy files, by the number in locations.
    let paths: [String]
    /// What can be read beside them.
    let calendarFiles: CalendarFiles
    let programs: Programs
    /// Some declarations could not be read: an unknown name is no error of its own then.
    let isIncomplete: Bool
    let declarations: [DocumentReader.Declaration]
    let names: [PolicyKind: [String]]
    private let declared: [PolicyKind: Set<String>]
    /// The policies are looked at ahead in time afterwards.
    private let looksAhead: Bool

    private(set) var clusters: [String: CheckedCluster] = [:]
    private(set) var calendars: [String: CalendarPolicy] = [:]
    /// The spans of each calendar where they are written; those of a file where that is named.
    var calendarSpans: [String: [Located<Exclusion>]] = [:]
    /// The calendar files that were read, each once.
    var calendarSources: [PolicySource] = []
    private(set) var sequences: [String: CheckedSequence] = [:]
    var usedZones: [String: ZoneRules] = [:]
    /// Names that no zone has, with the nearest that one has.
    var unknownZones: [String: String?] = [:]
    /// By policy: where the texts are that look-ahead checks speak of.
    private(set) var places: [String: PolicyPlaces] = [:]

    init(
        _ output: DocumentReader.Output, isIncomplete: Bool, zones: ZoneCatalog, paths: [String],
        calendarFiles: CalendarFiles, programs: Programs, looksAhead: Bool, findings: Findings
    ) {
        self.findings = findings
        self.zones = zones
        self.paths = paths
        self.calendarFiles = calendarFiles
        self.programs = programs
        self.isIncomplete = isIncomplete || output.isIncomplete
        declarations = output.declarations
        names = Dictionary(grouping: declarations, by: \.kind).mapValues { $0.map(\.name.value).sorted() }
        declared = names.mapValues { Set($0) }
        self.looksAhead = looksAhead
    }

    mutating func validated(_ documents: [PolicyDocument]) -> PolicySet {
        checkNames()
        clusters.reserveCapacity(names(of: .cluster).count)
        sequences.reserveCapacity(names(of: .sequence).count)
        for document in documents {
            switch document.body {
            case .cluster(let draft):
                clusters[document.name.value] = CheckedCluster(draft, document, findings)
            case .sequence(let draft):
                sequences[document.name.value] = CheckedSequence(draft, name: document.name.value, findings)
                checkNotifySteps(draft.steps)
                checkPrograms(of: draft.steps)
            case .calendar(let draft):
                calendars[document.name.value] = calendar(draft, document)
            case .policy, .notification: break
            }
        }
        for document in documents {
            guard case .cluster(let draft) = document.body else { continue }
            let exclusions = exclusions(of: draft, document)
            clusters[document.name.value]?.exclude(exclusions)
        }
        checkAddressesAcrossClusters()
        checkListeners()
        var policies: [Policy] = []
        var notifications: [NotificationPolicy] = []
        for document in documents {
            switch document.body {
            case .policy(let draft):
                if let policy = policy(draft, document) { policies.append(policy) }
            case .notification(let draft):
                if let notification = notification(draft, document) { notifications.append(notification) }
            case .cluster, .calendar, .sequence: break
            }
        }
        return PolicySet(
            clusters: clusters.values.compactMap(\.cluster).sorted { $0.name < $1.name }, policies: policies,
            calendars: calendars.values.sorted { $0.name < $1.name },
            notifications: notifications.sorted { $0.name < $1.name }, zones: usedZones)
    }

    /// The names that documents of that kind declare, sorted.
    func names(of kind: PolicyKind) -> [String] { names[kind] ?? [] }

    func declares(_ name: String, as kind: PolicyKind) -> Bool { declared[kind]?.contains(name) ?? false }

    /// That some document declares it, where all could be read.
    func checkDeclared(
        _ name: String, as kind: PolicyKind, _ code: DiagnosticCode, at location: SourceLocation, none hint: String
    ) {
        guard !declares(name, as: kind), !isIncomplete else { return }
        let known = names(of: kind)
        findings.error(
            code, "there is no \(kind.rawValue.lowercased()) \"\(name)\"", at: location,
            hint: didYouMean(name, among: known) ?? (known.isEmpty ? hint : nil))
    }

    /// Keeps what look-ahead checks need, where there are any.
    mutating func keep(_ places: @autoclosure () -> PolicyPlaces, of policy: String) {
        if looksAhead { self.places[policy] = places() }
    }

    private func checkNames() {
        var seen: [String: SourceLocation] = Dictionary(minimumCapacity: declarations.count)
        for declaration in declarations {
            // Windows and rollouts share one space: runs, occurrences and commands name them without their kind.
            let isPolicy = declaration.kind == .maintenanceWindow || declaration.kind == .rollout
            let key = (isPolicy ? "policy" : declaration.kind.rawValue) + "/" + declaration.name.value
            if let first = seen[key] {
                let what = isPolicy ? "maintenance window or rollout" : declaration.kind.rawValue
                findings.duplicate(
                    .duplicateName, "there is already a \(what) called \"\(declaration.name.value)\"",
                    at: declaration.name.location, first: first)
            } else {
                seen[key] = declaration.name.location
            }
        }
    }

    private func checkAddressesAcrossClusters() {
        // One cluster was checked by itself.
        guard clusters.count > 1 else { return }
        let count = clusters.values.reduce(0) { $0 + $1.addresses.count }
        var seen: [HTTPAddress: (cluster: String, node: Int)] = Dictionary(minimumCapacity: count)
        for name in declarations.filter({ $0.kind == .cluster }).map(\.name.value) {
            guard let cluster = clusters[name] else { continue }
            for (index, address) in cluster.addresses.enumerated() {
                guard let address else { continue }
                let first = seen.first((name, index), of: address)
                guard first.cluster != name, let other = clusters[first.cluster]?.draft.nodes[first.node] else {
                    continue
                }
                let node = cluster.draft.nodes[index]
                guard other.value.embedded == nil || node.value.embedded == nil else { continue }
                findings.error(
                    .nodeInTwoClusters, "the node at \(node.value.api) is in the cluster \"\(first.cluster)\" already",
                    at: node.node.location(of: "api"),
                    related: [.init(message: "there it is", location: other.node.location(of: "api"))])
            }
        }
    }

    /// The daemon can listen on each port once, for whichever embedded node it is.
    private func checkListeners() {
        var seen: [String: (cluster: String, node: String, location: SourceLocation)] = [:]
        for cluster in declarations.filter({ $0.kind == .cluster }).map(\.name.value) {
            guard let nodes = clusters[cluster]?.draft.nodes, clusters[cluster]?.hasEmbedded == true else { continue }
            for node in nodes {
                guard let embedded = node.value.embedded else { continue }
                let name = node.value.name
                var reported: Set<SourceLocation> = []
                for (key, port) in [("api", embedded.apiPort), ("ready", embedded.signalingPort)] {
                    let host = embedded.host.contains(":") ? "[\(embedded.host)]" : embedded.host
                    let place = node.node.location(of: key)
                    guard let first = seen["\(host):\(port)"] else {
                        seen["\(host):\(port)"] = (cluster, name, place)
                        continue
                    }
                    // Two defaults that clash stand in one place: one word about both is enough.
                    guard reported.insert(place).inserted else { continue }
                    let isDefault = !node.node.hasKey(key)
                    let isOne = first.cluster == cluster && first.node == name
                    let both =
                        "\"\(first.node)\"\(first.cluster == cluster ? "" : " of \(first.cluster)") and \"\(name)\""
                    findings.duplicate(
                        .duplicateAddress,
                        isOne
                            ? "the embedded node \"\(name)\" would listen on \(host):\(port) twice"
                            : "the embedded nodes \(both) would both listen on \(host):\(port)",
                        at: place,
                        hint: isDefault
                            ? "that is the default: each embedded node needs an `api` and a `ready` of its own" : nil,
                        first: first.location)
                }
            }
        }
    }
}
