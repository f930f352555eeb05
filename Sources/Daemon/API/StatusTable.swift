import Scheduling

/// The status as a table for people.
package struct StatusTable: Sendable {
    let document: StatusDocument
    let terminal: Terminal
    /// Queued nodes and runs that are over are listed one by one.
    let showsAll: Bool
    /// By cluster.
    private let names: [String: ShortNames]

    package init(_ document: StatusDocument, on terminal: Terminal = .none, showsAll: Bool = false) {
        self.document = document
        self.terminal = terminal
        self.showsAll = showsAll
        // With longer ones there would be no room beside them.
        let limit = terminal.width.map { max($0 / 4, $0 - 110) }
        names = Dictionary(
            document.clusters.map { ($0.name, ShortNames($0.nodes.map(\.name), limit: limit)) },
            uniquingKeysWith: { first, _ in first })
    }

    package var lines: [String] {
        var lines = notices
        for (place, cluster) in document.clusters.enumerated() {
            lines += heading(cluster, isFirst: place == 0) + nodeLines(cluster.nodes, of: cluster)
        }
        return lines + failedSection + runSection + policySection + pauseSection + restSections
            + alarmSection + undeliveredSection
    }

    /// The same for so few rows: where not all fits, what needs a person stands first, then what is in work, and nodes with
    /// which nothing goes on come last.
    ///
    /// - Parameter rows: 0 or less: as many as it takes.
    package func lines(rows: Int) -> [String] {
        let all = lines
        guard rows > 0, Repaint.height(of: all, columns: terminal.width ?? 0) > rows else { return all }
        var lines = notices
        for (place, cluster) in document.clusters.enumerated() { lines += heading(cluster, isFirst: place == 0) }
        lines += failedSection + alarmSection + undeliveredSection + pauseSection
        for cluster in document.clusters { lines += nodeLines(cluster.nodes.filter(\.isBusy), of: cluster) }
        lines += runSection
        for cluster in document.clusters { lines += nodeLines(cluster.nodes.filter { !$0.isBusy }, of: cluster) }
        return lines + restSections + policySection
    }

    private var notices: [String] {
        var lines = refusedReload
        if document.observing {
            lines.append(
                terminal.painted("! observe-only: nothing is sent, no command is run, nothing is used up", .warning))
        }
        if document.clusters.isEmpty { lines.append("no clusters in the policies") }
        return lines
    }

    private var failedSection: [String] { section("FAILED", failed) }
    private var runSection: [String] { section("RUNS", runLines) }
    private var pauseSection: [String] { section("PAUSES", table(document.pauses.map(row))) }
    private var alarmSection: [String] {
        section(
            "ALARMS",
            table(document.alarms.map { [.init($0.code, .alarm), "since \(clock($0.since))", .init(short($0.text))] }))
    }

    private var undeliveredSection: [String] { section("NOTICES NOT DELIVERED", table(document.undelivered.map(row))) }

    private var restSections: [String] {
        section("HOLDS", table(document.holds.map(row))) + section("OWED", table(document.owed.map(row)))
            + section("NOT IN THE POLICIES", table(document.unlisted.map(row)))
    }

    package var text: String { lines.joined(separator: "\n") }

    func table(_ rows: [[TextTable.Cell]], right: Set<Int> = [], indent: Int = 2) -> [String] {
        TextTable(rows, right: right, indent: indent).lines(on: terminal)
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [terminal.painted(title.plain, .strong)] + lines
    }

    /// Of a cluster's nodes.
    func names(of cluster: String) -> ShortNames { names[cluster] ?? ShortNames([], limit: nil) }

    /// A node by `cluster/name`, without the cluster where there is no other.
    func node(_ id: String) -> String {
        guard let slash = id.firstIndex(of: "/") else { return id }
        let cluster = String(id[..<slash])
        let name = names(of: cluster)[String(id[id.index(after: slash)...])]
        return document.clusters.count > 1 ? "\(cluster)/\(name)" : name
    }

    /// A text in which nodes' names may stand.
    func short(_ text: String) -> String {
        document.clusters.count == 1 ? names(of: document.clusters[0].name).shortened(text) : text
    }

    func shown(_ instant: String?) -> ShownInstant? { instant.flatMap { ShownInstant($0, now: document.at) } }

    func clock(_ instant: String) -> String { shown(instant)?.clock ?? instant }

    /// `, until 05:00`, `, until Tue 2026-12-01 01:00 (in 2d 3h)`; nothing where no end is known.
    func until(_ instant: String?, _ word: String = "until") -> String {
        shown(instant).map { ", \(word) \($0.ahead)" } ?? ""
    }

    /// First of all: what somebody wrote and believes to be in force is not.
    private var refusedReload: [String] {
        guard let refused = document.refusedReload else { return [] }
        let first = refused.reasons.first.map { ": \($0.split(whereSeparator: \.isNewline).first ?? "")" } ?? ""
        let inForce = document.since.map { "; in force: those of \(clock($0))" } ?? ""
        let text = "! the files on disk were refused at \(clock(refused.at))\(first) (\(refused.check))\(inForce)".plain
        guard let width = terminal.width else { return [text] }
        return TextFold.lines(text, width: width - 2).enumerated().map { place, line in
            (place == 0 ? "" : "  ") + terminal.painted(line, .alarm)
        }
    }

    /// Also where there is none: that nothing is going to happen is not to be guessed.
    private var policySection: [String] {
        let since = document.since.map { " since \(clock($0))" } ?? ""
        let none = document.policies.isEmpty ? "none " : ""
        let digest = document.digest.isEmpty ? "" : ", digest \(document.digest.prefix(8))"
        return [terminal.painted("POLICIES  \(none)in force\(since)\(digest)".plain, .strong)] + policies
    }

    private var policies: [String] {
        table(
            document.policies.map { policy in
                let style: TextStyle =
                    switch policy.state {
                    case "open": .good
                    case "frozen", "suspended": .warning
                    default: .faint
                    }
                return [.init(policy.name), .init(policy.state, style), .init(ahead(of: policy))]
            })
    }

    private func ahead(of policy: StatusDocument.Policy) -> String { Self.ahead(of: policy, now: document.at) }

    /// How long it is so, and what comes next.
    static func ahead(of policy: StatusDocument.Policy, now: String) -> String {
        func shown(_ instant: String?) -> ShownInstant? { instant.flatMap { ShownInstant($0, now: now) } }
        var parts: [String] = []
        let isFrozen = policy.state == "frozen"
        if isFrozen, let reason = policy.reason { parts.append("by \(reason)") }
        if let until = shown(policy.until) { parts.append("until \(until.ahead)") }
        var state = parts.joined(separator: " ")
        if let next = shown(policy.next) {
            state = [state, "next \(next.ahead)"].filter { !$0.isEmpty }.joined(separator: "; ")
        } else if policy.state == "open", state.isEmpty {
            state = "at any time"
        } else if policy.state == "closed" {
            state = "no window in sight"
        }
        guard !isFrozen, let reason = policy.reason else { return state }
        return state + (state.isEmpty ? "" : ", but ") + reason
    }

    private func row(_ pause: StatusDocument.Pause) -> [TextTable.Cell] {
        let by = pause.actor.map { " by \($0)" } ?? ""
        let reason = pause.reason.isEmpty ? "" : ": \(short(pause.reason))"
        // A word that was waited for is given late, or never: to resume only has it waited for once more.
        let lever = pause.cause == Pause.Cause.approval.rawValue ? "approve" : "resume"
        let end = pause.until == nil ? ", until nagi \(lever)\(pause.run.map { " \($0)" } ?? "")" : until(pause.until)
        let restore = pause.restore ? "; what is not committed is given back" : ""
        return [
            .init(pause.run ?? "everything", pause.cause == "person" ? .warning : .alarm),
            .init("since \(clock(pause.since))\(by)\(reason)\(end)\(restore)"),
        ]
    }

    private func row(_ hold: StatusDocument.Hold) -> [TextTable.Cell] {
        [
            .init(node(hold.node)), .init(hold.word, .warning),
            .init(
                "by \(hold.actor) since \(clock(hold.since)): \(hold.reason)"
                    + (hold.until == nil ? ", until somebody ends it" : until(hold.until))),
        ]
    }

    private func row(_ owed: StatusDocument.Owed) -> [TextTable.Cell] {
        [.init(node(owed.node)), .init(owed.mode), "since \(clock(owed.since))", .init(short(owed.text))]
    }

    private func row(_ trouble: StatusDocument.Undelivered) -> [TextTable.Cell] {
        let lost = trouble.lost == 0 ? "tried again" : "\(trouble.lost) given up"
        return [
            .init(trouble.notification, trouble.lost == 0 ? .warning : .alarm), "since \(clock(trouble.since))",
            .init("\(lost): \(trouble.text)"),
        ]
    }

    private func row(_ member: StatusDocument.Unlisted) -> [TextTable.Cell] {
        [
            .init(node("\(member.cluster)/\(member.name)")), .init(member.temporary ? "temporary" : "regular"),
            member.serving ? "in service" : .init("out of service", .warning),
        ]
    }

    /// Nodes that wait for a person's word: why, what was printed, and what to type.
    private var failed: [String] {
        document.clusters.flatMap { cluster in
            cluster.nodes.flatMap { node -> [String] in
                guard let failed = node.failed else { return [] }
                let id = "\(cluster.name)/\(node.name)"
                let why =
                    "since \(clock(failed.since)) in \(failed.run), kept at \(failed.mode): \(short(failed.reason))"
                let name = document.clusters.count > 1 ? id : node.name
                let isHeld = document.holds.contains { $0.node == id }
                let levers = [
                    "it is repaired: \(failed.retry(name, isHeld: isHeld))",
                    "give it back: \(failed.release(name))",
                ]
                // What is there to be copied is whole, not folded.
                return table([[.init(self.node(id), .alarm), .init(why)]]) + outputLines(of: node)
                    + levers.map { "    " + TextTable.Cell($0).text }
            }
        }
    }

    private func outputLines(of node: StatusDocument.Node) -> [String] {
        let printed = output(of: node).map { TextTable.Cell($0).text }
        let path = node.command?.path == nil ? 0 : 1
        return printed.enumerated().flatMap { place, line -> [String] in
            guard let width = terminal.width, place < printed.count - path else { return ["    " + line] }
            return TextFold.hanging("    " + line, width: width)
        }.map { terminal.painted($0, .faint) }
    }

    /// What its latest command printed, line by line, and where the whole is.
    func output(of node: StatusDocument.Node) -> [String] {
        node.command?.printed ?? []
    }
}
