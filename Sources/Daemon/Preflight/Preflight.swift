import NIOCore
import PolicyFile
import Primitives
import Scheduling

/// A look at everything that policies name, before a daemon acts on them: it reads, and changes nothing.
package struct Preflight: Sendable {
    /// One cluster or policy, in one line, with what was found there.
    package struct Section: Sendable {
        package var name: String
        package var summary: String
        package var findings: [PreflightFinding]

        package init(name: String, summary: String, findings: [PreflightFinding]) {
            self.name = name
            self.summary = summary
            self.findings = findings
        }
    }

    /// Nodes that are asked at the same time.
    static let readLimit = 128
    /// For a connection to somebody who is to be told something.
    private static let patience = Duration.seconds(3)

    package let set: PolicySet
    package let policyDirectory: String
    package let environment: [String: String]

    package init(_ set: PolicySet, policyDirectory: String, environment: [String: String]) {
        self.set = set
        self.policyDirectory = policyDirectory
        self.environment = environment
    }

    /// Within a few timeouts of the slowest cluster, however many nodes there are.
    package func sections() async -> [Section] {
        let client = ModeAPIClient(directory: policyDirectory, environment: environment)
        let settings = client.settings(for: set.askingForAddresses)
        client.use(settings)
        var sections: [Section] = []
        for cluster in set.clusters {
            if cluster.isEmbedded {
                let note = PreflightFinding(
                    .note, .embedded, in: cluster.name, "its nodes live in the daemon: there is nothing to read yet")
                sections.append(
                    Section(name: cluster.name, summary: "\(cluster.nodes.count) embedded nodes", findings: [note]))
            } else if case .failure(let missing)? = settings[cluster.name]?.headers {
                let secret = PreflightFinding(.error, .secretUnreadable, in: cluster.name, "\(missing)")
                sections.append(Section(name: cluster.name, summary: "was not asked", findings: [secret]))
            } else if case .failure(let unusable)? = settings[cluster.name]?.tls {
                let fault = PreflightFinding(.error, .certificatesUnusable, in: cluster.name, "api.tls: \(unusable)")
                sections.append(Section(name: cluster.name, summary: "was not asked", findings: [fault]))
            } else {
                let (cluster, discovered) = await discovering(cluster, client)
                let survey = ClusterSurvey(
                    cluster, answers: await answers(of: cluster, client),
                    policies: set.policies.filter { $0.cluster == cluster.name })
                let certificates = CertificateSurvey(
                    cluster, files: (try? settings[cluster.name]?.tls.get())?.expiries ?? [],
                    shown: await certificateEnds(of: cluster, client))
                sections.append(
                    Section(
                        name: cluster.name, summary: survey.summary,
                        findings: discovered + survey.findings + certificates.findings(at: HostClock.now().wall)
                            + hookFindings(cluster, settings)))
            }
        }
        sections += await policySections(client.addresses)
        for notification in self.set.notifications { sections.append(await section(of: notification, client)) }
        await client.shutdown()
        return sections
    }

    private func answers(of cluster: ClusterPolicy, _ client: ModeAPIClient) async -> [ClusterSurvey.Answer] {
        await withTaskGroup(of: (Int, ClusterSurvey.Answer).self) { group in
            var answers: [ClusterSurvey.Answer] = Array(
                repeating: .failed(.timedOut), count: cluster.nodes.count)
            var next = 0
            func ask() {
                guard next < cluster.nodes.count else { return }
                let (index, node) = (next, cluster.nodes[next])
                next += 1
                group.addTask {
                    let id = NodeID(cluster: cluster.name, name: node.name)
                    switch await client.read(id, .whole, at: node.address) {
                    case .observed(let observation): return (index, .seen(observation))
                    case .readFailed(_, _, begun: _, let failure): return (index, .failed(failure))
                    default: return (index, .failed(.timedOut))
                    }
                }
            }
            for _ in 0..<Self.readLimit { ask() }
            while let (index, answer) = await group.next() {
                answers[index] = answer
                ask()
            }
            return answers
        }
    }

    private func hookFindings(_ cluster: ClusterPolicy, _ settings: CallSettings) -> [PreflightFinding] {
        guard case .failure(let missing)? = settings[cluster.name]?.hooks else { return [] }
        return [
            PreflightFinding(.warning, .secretUnreadable, in: cluster.name, "no webhook would be taken: \(missing)")
        ]
    }

    /// Of every https address that a node has.
    private func certificateEnds(of cluster: ClusterPolicy, _ client: ModeAPIClient) async -> [CertificateSurvey.Shown]
    {
        let asked = cluster.nodes.enumerated().flatMap { index, node in
            Set([node.api, node.ready ?? node.api]).filter { $0.lowercased().hasPrefix("https:") }.map { (index, $0) }
        }.sorted { $0 < $1 }
        return await withTaskGroup(of: (Int, CertificateSurvey.Shown?).self) { group in
            var next = 0
            func ask() {
                guard next < asked.count else { return }
                let (place, (index, url)) = (next, asked[next])
                next += 1
                let node = cluster.nodes[index].name
                group.addTask {
                    let end = await client.certificateEnd(at: url)
                    return (place, end.map { CertificateSurvey.Shown(node: node, url: url, end: $0) })
                }
            }
            for _ in 0..<Self.readLimit { ask() }
            var shown: [Int: CertificateSurvey.Shown] = [:]
            while let (place, one) = await group.next() {
                shown[place] = one
                ask()
            }
            return shown.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Policies with something to say: the programs that they would run on this machine, the secrets that they would send, and
    /// whether anybody takes connections where they would send something.
    private func policySections(_ caller: AddressCaller) async -> [Section] {
        let places = Set(self.set.policies.flatMap(\.calls).map(\.place))
        let answering = await withTaskGroup(of: (AddressProbe.Place, Bool).self) { group in
            for place in places {
                group.addTask {
                    let limit = TimeAmount.nanoseconds(Self.patience.nanoseconds)
                    return (place, await AddressProbe.answers(place, within: limit, on: caller.exchange.group))
                }
            }
            return await group.reduce(into: Set<AddressProbe.Place>()) { if $1.1 { $0.insert($1.0) } }
        }
        return policySections(caller.secrets, answering)
    }

    private func policySections(_ secrets: SecretSource, _ answering: Set<AddressProbe.Place>) -> [Section] {
        self.set.policies.compactMap { policy in
            let calls = policy.calls
            let silent = calls.filter { !answering.contains($0.place) }.map { call in
                PreflightFinding(
                    .warning, .addressUnreachable, in: policy.name,
                    "\(call.name): nothing takes connections at \(call.place.host), port \(call.place.port) now")
            }
            let programs = Set(policy.programs).sorted()
            let missing = programs.compactMap { finding(of: $0, policy.name) }
            let references = Set(policy.secrets).sorted { "\($0)" < "\($1)" }
            let unreadable = references.compactMap { reference in
                secrets.fault(of: reference).map {
                    PreflightFinding(.error, .secretUnreadable, in: policy.name, "\($0)")
                }
            }
            var summary: [String] = []
            if !programs.isEmpty {
                summary.append("\(programs.count - missing.count) of \(programs.count) commands can be run here")
            }
            if !references.isEmpty {
                summary.append("\(references.count - unreadable.count) of \(references.count) secrets can be read")
            }
            if !calls.isEmpty {
                let places = Set(calls.map(\.place))
                summary.append(
                    "\(places.intersection(answering).count) of \(places.count) addresses take connections")
            }
            guard !summary.isEmpty else { return nil }
            return Section(
                name: policy.name, summary: summary.joined(separator: ", "), findings: missing + unreadable + silent)
        }
    }

    /// Nothing is sent there: a receiver that takes a connection may still refuse what it is told.
    private func section(of notification: NotificationPolicy, _ client: ModeAPIClient) async -> Section {
        let post = NoticePost(
            caller: client.addresses, target: notification.url, timeout: min(notification.timeout, Self.patience))
        let fault: PreflightFinding?
        switch await post.trial() {
        case nil: fault = nil
        case .unreadable(let reason):
            fault = PreflightFinding(
                .error, .secretUnreadable, in: notification.name, "nobody would be told: \(reason)")
        case .unreachable(let reason):
            fault = PreflightFinding(
                .warning, .receiverUnreachable, in: notification.name, "nobody would be told now: \(reason)")
        }
        let words = notification.on.map(\.rawValue).joined(separator: ", ")
        return Section(name: notification.name, summary: "tells \(words)", findings: fault.map { [$0] } ?? [])
    }

    private func finding(of program: String, _ policy: String) -> PreflightFinding? {
        let path = program.hasPrefix("/") ? program : "\(policyDirectory)/\(program)"
        switch PolicyDirectory.state(ofProgram: path) {
        case .executable: return nil
        case .missing, .directory:
            return PreflightFinding(
                .error, .commandNotFound, in: policy, program: program, "\(program) is not on this machine")
        case .notExecutable:
            return PreflightFinding(
                .error, .commandNotExecutable, in: policy, program: program, "\(program) is not executable",
                hint: "chmod +x \(program)")
        }
    }
}

extension PolicySet {
    /// Where its members are is asked of every cluster, also of one whose nodes all have names: that two addresses were
    /// swapped shows nowhere else.
    fileprivate var askingForAddresses: PolicySet {
        var set = self
        for place in set.clusters.indices where set.clusters[place].discovery == nil {
            set.clusters[place].discovery = Discovery(seeds: [])
        }
        return set
    }
}

extension Policy {
    /// What its steps and gates run on the daemon's machine.
    fileprivate var programs: [String] {
        gates.compactMap(\.program)
            + sequence.steps.compactMap { step -> String? in
                switch step {
                case .run(let run): run.command.first
                case .gate(let gate): gate.program
                default: nil
                }
            }
    }

    /// Whom its steps and gates call, by the names that people know them by. What is filled in for each node is not tried.
    fileprivate var calls: [(name: String, place: AddressProbe.Place)] {
        let steps = sequence.steps.compactMap { step -> (String, String)? in
            switch step {
            case .http(let http): (step.label, http.request.url)
            case .gate(let gate): gate.url.map { ("gate \(gate.name)", $0) }
            default: nil
            }
        }
        let gates = gates.compactMap { gate in gate.url.map { ("gate \(gate.name)", $0) } }
        return (gates + steps).compactMap { name, url in
            guard let place = AddressProbe.place(of: url), !place.host.contains("{") else { return nil }
            return (name, place)
        }
    }

    /// What its steps and gates send with their calls.
    fileprivate var secrets: [SecretReference] {
        gates.flatMap(\.secrets)
            + sequence.steps.flatMap { step -> [SecretReference] in
                switch step {
                case .http(let http): Array(http.request.headers.values)
                case .gate(let gate): gate.secrets
                default: []
                }
            }
    }
}

extension HealthGate {
    fileprivate var url: String? {
        switch probe {
        case .http(let request, _): request.url
        case .prometheus(let query): query.url
        case .command: nil
        }
    }

    fileprivate var program: String? {
        if case .command(let command) = probe { command.first } else { nil }
    }

    fileprivate var secrets: [SecretReference] {
        switch probe {
        case .http(let request, _): Array(request.headers.values)
        case .prometheus(let query): Array(query.headers.values)
        case .command: []
        }
    }
}
