import ArgumentParser
import Daemon
import Foundation

/// `nagi history`
struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell what happened, out of the journal: of nodes, runs, people.",
        discussion: """
            Without --since the latest records; with it all from then on. A time is a length (1h: so long ago), a time of \
            day (02:00: the last time it was), a local date and time of the policies' zone, or RFC 3339. What did nagi do \
            last night between one and three?

              nagi history --since 01:00 --until 03:00
              nagi history --node node-02 --since 1h --format json
              nagi history --follow --run sora-upgrade
            """)

    @Option(help: "Only about this node: cluster/node, or the node alone.") var node: String?
    @Option(name: .customLong("run"), help: "Only about this run, or all runs of this policy.") var wantedRun: String?
    @Option(help: "Only what this person ordered.") var actor: String?
    @Option(help: "From when on.") var since: String?
    @Option(help: "Until when; a time of day is the first one after --since.") var until: String?
    @Option(help: "So many records at most. Default: 200, with --since 10000.") var limit: Int?
    @Flag(help: "Go on with what comes, until interrupted.") var follow = false
    @Flag(help: "Also bookkeeping.") var all = false
    @Option(help: "table for people; json for programs: one object, with --follow one line a record.")
    var format = Status.Format.table
    @OptionGroup var daemon: DaemonOptions

    private static let mostRecords = 100_000
    /// Of one answer.
    private static let pageLimit = 1_000

    func validate() throws {
        if let limit, !(1...Self.mostRecords).contains(limit) {
            throw ValidationError("--limit is 1 to \(Self.mostRecords)")
        }
        if follow && until != nil { throw ValidationError("--follow has no end: leave out --until") }
    }

    func run() async throws {
        let connection = try daemon.connection()
        let document: HistoryDocument
        do throws(DaemonConnection.Failure) {
            document = try await past(connection)
        } catch {
            throw Refusal(error, of: connection, daemon, format)
        }
        show(document)
        if follow { try await goOn(after: document.next ?? document.last) }
    }

    private var filters: [String: String] {
        var parameters: [String: String] = [:]
        parameters["node"] = node
        parameters["run"] = wantedRun
        parameters["actor"] = actor
        if all { parameters["all"] = "true" }
        // Whoever asks for bookkeeping wants every record as it is.
        if format == .table, !all { parameters["told"] = "true" }
        return parameters
    }

    /// As many pages as are wanted, as one.
    private func past(_ connection: DaemonConnection) async throws(DaemonConnection.Failure) -> HistoryDocument {
        let wanted = limit ?? (since == nil ? 200 : 10_000)
        var parameters = filters
        parameters["since"] = since
        parameters["until"] = until
        parameters["limit"] = "\(min(wanted, Self.pageLimit))"
        var whole = try await connection.history(parameters).document
        while whole.records.count < wanted {
            let limit = "\(min(wanted - whole.records.count, Self.pageLimit))"
            if let next = whole.next {
                let page = try await connection.history(
                    parameters.merging(["after": "\(next)", "limit": limit]) { $1 }
                )
                .document
                whole.records += page.records
                (whole.next, whole.last) = (page.next, page.last)
            } else if let previous = whole.previous {
                let page = try await connection.history(
                    parameters.merging(["before": "\(previous)", "limit": limit]) { $1 }
                ).document
                whole.records = page.records + whole.records
                whole.previous = page.previous
            } else {
                break
            }
        }
        if !whole.records.isEmpty { whole.note = nil }
        return whole
    }

    private func show(_ document: HistoryDocument) {
        switch format {
        case .json where follow: for record in document.records { print(jsonText(record)) }
        case .json: print(jsonText(document))
        case .table:
            for line in document.records.flatMap(\.lines) { show(line) }
            if let note = document.note, !follow { print(note.plain) }
        }
        if !follow, document.next != nil {
            complain("there is more: --limit \(Self.mostRecords), or from another --since")
        }
        flush()
    }

    /// Goes on for ever: where the daemon goes away, it waits until it is back.
    private func goOn(after last: Int64) async throws {
        var after = last
        var isAway = false
        while true {
            let connection = try daemon.connection()
            do throws(DaemonConnection.Failure) {
                try await connection.follow(
                    filters, after: &after,
                    missed: { from, to in complain("records \(from) to \(to - 1) are not kept any more") }
                ) { record, json in
                    if format == .json { print(json) } else { record.lines.forEach(show) }
                    flush()
                    isAway = false
                }
            } catch {
                switch error {
                case .unreachable, .noToken: break
                case .refused, .badAnswer: throw Refusal(error, of: connection, daemon, format)
                }
            }
            if !isAway { complain("the daemon is away; going on when it is back, after record \(after)") }
            isAway = true
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Folded on a terminal, under where the text begins.
    private func show(_ line: String) {
        guard let width = TerminalWindow.terminal.width else { return print(line) }
        for part in TextFold.hanging(line, width: width) { print(part) }
    }

    private func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    private func flush() { fflush(nil) }
}
