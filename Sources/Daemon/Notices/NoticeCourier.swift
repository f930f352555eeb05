import Primitives
import Scheduling

/// Tells one receiver what it wants to be told, one after another: the journal is its queue, and its mark in it is durable.
/// Who is slow or down holds up nobody else.
struct NoticeCourier: Sendable {
    /// Records that are looked at together.
    private static let batch = 100
    /// Records of no interest after which the mark is written all the same.
    private static let markSpacing: Int64 = 1_000
    /// How long the disk may take about its mark: not as long as a daemon that stops gives its calls.
    private static let diskLimit = Duration.seconds(3)

    let notification: NotificationPolicy
    let reader: JournalReader
    let journal: String
    /// The journal's end when this daemon started.
    let began: Int64
    let marks: NoticeMarks
    let caller: AddressCaller
    let board: StatusBoard
    let pace: NoticePace
    let now: @Sendable () -> Timestamp
    let log: DaemonLog

    init(
        _ notification: NotificationPolicy, reader: JournalReader, journal: String, began: Int64,
        marks: NoticeMarks, caller: AddressCaller, board: StatusBoard, pace: NoticePace,
        now: @escaping @Sendable () -> Timestamp, log: DaemonLog
    ) {
        self.notification = notification
        self.reader = reader
        self.journal = journal
        self.began = began
        self.marks = marks
        self.caller = caller
        self.board = board
        self.pace = pace
        self.now = now
        self.log = log
    }

    /// Where it stands; what of it is on disk; and what its receiver has not got since it took one, which is told once.
    private struct State {
        var mark: NoticeMark
        var written: NoticeMark?
        /// Why it could not be written last; nil: it could.
        var fault: String?
        var trouble: StatusBoard.Undelivered?
        /// Of the daemon that wrote the record at which it stands; nil: not known yet.
        var isObserving: Bool?
        var windows: (digest: String, soon: SoonWindows)?
    }

    /// Until it is cancelled. What is under way then is told after the next start, under the same id.
    func run() async {
        guard var state = await begun() else { return }
        let listener = reader.growth.listen()
        listener.nudge()
        let isSoonWanted = notification.on.contains(.windowSoon)
        let ticking = Task { [pace] in
            while isSoonWanted, (try? await Task.sleep(for: pace.tick)) != nil { listener.nudge() }
        }
        defer { ticking.cancel() }
        for await _ in listener.news {
            await catchUp(&state)
            if isSoonWanted { await tellWindows(&state) }
            if state.mark.after - (state.written?.after ?? 0) >= Self.markSpacing { await write(&state) }
        }
        await write(&state)
    }

    /// Nil where it is cancelled before it knows.
    private func begun() async -> State? {
        let (marks, name) = (marks, notification.name)
        var known: Result<NoticeMark?, any Error>?
        while known == nil, !Task.isCancelled {
            do throws(DiskDesk.Unanswered) {
                known = try await atDisk { Result { try marks.read(name) } }
            } catch {
                log("notification \(name): how far it was is not known yet: \(error)", .warn)
                await wait()
            }
        }
        guard let found = known else { return nil }
        var state = State(mark: NoticeMark(journal: journal, after: reader.growth.last))
        switch found {
        case .success(let mark?) where mark.journal == journal && mark.after <= reader.growth.last:
            state.mark = mark
            state.written = mark
        case .success:
            guard let place = await beginning(orElse: state.mark.after) else { return nil }
            state.mark.after = place
        case .failure(let error):
            log("notification \(name): how far it was cannot be read (\(error)): it goes on from now", .error)
        }
        await write(&state)
        return state
    }

    /// Where it begins without a mark: at the set in force, where this daemon put that into force and it names this one. Nobody
    /// wants to be told the past, but what comes with that set is news. Where an earlier daemon did, the mark is lost, and what was
    /// told of what came since is not known: at the start of this daemon. Nil where it is cancelled before it knows.
    ///
    /// - Parameter now: where it begins if no set in the journal names it yet.
    private func beginning(orElse now: Int64) async -> Int64? {
        var query = JournalReader.Query()
        query.traces = [Notice.policiesTrace]
        query.isWanted = \.isPoliciesLoaded
        while !Task.isCancelled {
            guard let found = try? await latest(query) else {
                await wait()
                continue
            }
            guard let entry = found.entry, case .policiesLoaded(let set) = entry.record.fact,
                set.notifications.contains(where: { $0.name == notification.name })
            else { return now }
            guard entry.seq <= began else { return entry.seq }
            log(
                "notification \(notification.name): how far it was is not known any more: it goes on from the start of "
                    + "this daemon; nagi history has what was before", .warn)
            return began
        }
        return nil
    }

    private func write(_ state: inout State) async {
        guard state.mark != state.written else { return }
        let (mark, marks, name) = (state.mark, marks, notification.name)
        let fault: String?
        do throws(DiskDesk.Unanswered) {
            fault = try await atDisk { () -> String? in
                do throws(DurableFile.Failure) {
                    try marks.write(mark, of: name)
                    return nil
                } catch {
                    return "\(error)"
                }
            }
        } catch {
            fault = "\(error)"
        }
        if let fault, fault != state.fault {
            log("notification \(name): a restart may tell some of it again: \(fault)", .error)
        }
        state.fault = fault
        if fault == nil { state.written = mark }
    }

    /// About its mark. It is not given up with the courier: what was told is to be known, or it is told again. A disk that hangs
    /// holds up the end for its limit and no longer.
    private func atDisk<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async throws(DiskDesk.Unanswered) -> Value {
        let (disk, file) = (caller.disk, marks.path(notification.name))
        let answer = Task { () async -> Result<Value, DiskDesk.Unanswered> in
            do throws(DiskDesk.Unanswered) {
                return .success(try await disk.answer(about: file, within: Self.diskLimit, body))
            } catch {
                return .failure(error)
            }
        }
        return try await answer.value.get()
    }
}

extension NoticeCourier {
    private func catchUp(_ state: inout State) async {
        while reader.growth.last > state.mark.after, !Task.isCancelled {
            guard let page = await page(after: state.mark.after) else {
                await wait()
                continue
            }
            if let first = page.first, first > state.mark.after + 1 {
                log(
                    "notification \(notification.name): records \(state.mark.after + 1) to \(first - 1) are not kept any "
                        + "more: nobody is told what was in them", .error)
            }
            if state.isObserving == nil, !page.entries.isEmpty {
                guard let known = await isObserving(at: state.mark.after) else {
                    await wait()
                    continue
                }
                state.isObserving = known
            }
            guard await tell(page.entries, &state) else {
                await wait()
                continue
            }
            state.mark.after = page.through
        }
    }

    /// Until the journal is asked again.
    private func wait() async { try? await Task.sleep(for: pace.patience) }

    /// Nil where it cannot be read now. It ends before a record that never can be, and that is then left out.
    private func page(after seq: Int64) async -> JournalReader.Page? {
        var query = JournalReader.Query()
        query.after = seq
        query.limit = Self.batch
        query.anyTrace = Notice.traces
        do throws(JournalError) {
            return try await reader.page(query)
        } catch {
            guard !Task.isCancelled else { return nil }
            log("notification \(notification.name): \(error)", .error)
            guard case .unreadableRecord(let seq, _) = error else { return nil }
            query.before = seq
            var page = try? await reader.page(query)
            page?.through = seq
            return page
        }
    }

    /// - Returns: whether all of them are through.
    private func tell(_ entries: [JournalReader.Entry], _ state: inout State) async -> Bool {
        for entry in entries {
            guard await tell(entry, &state) else { return false }
        }
        return true
    }

    /// - Returns: whether the record is through; not where the journal cannot be read now, or the daemon stops.
    private func tell(_ entry: JournalReader.Entry, _ state: inout State) async -> Bool {
        let set = board.policies ?? PolicySet()
        if let isObserving = Notice.isObserving(by: entry.record.fact) {
            if isObserving != state.isObserving { state.mark.forgetAll() }
            state.isObserving = isObserving
        }
        var isStartApproved = true
        if let run = Notice.asksForStart(entry.record.fact) {
            guard let known = await isStartOf(run, approvedBefore: entry.seq) else { return false }
            isStartApproved = known
        }
        let notice = Notice(
            entry.record, set, isStartApproved: isStartApproved, isObserving: state.isObserving ?? false)
        if case .runEnded(let run, _) = entry.record.fact { state.mark.forget(run) }
        if let notice, notice.isWanted(by: notification, set), !state.mark.isTold(notice.once) {
            guard await deliver(notice, id: id("\(entry.seq)"), &state) else { return false }
            state.mark.note(notice.once)
            state.mark.after = entry.seq
            await write(&state)
        }
        state.mark.after = entry.seq
        return true
    }

    /// Nil where it cannot be read now, or the daemon stops.
    private func isStartOf(_ run: RunID, approvedBefore seq: Int64) async -> Bool? {
        var query = JournalReader.Query()
        query.before = seq
        query.traces = [JournalFormat.trace(run.text)]
        query.anyTrace = Notice.approvalTraces
        query.isWanted = { $0.fact.subjects.run == run && Notice.isStartApproved(by: $0.fact) != nil }
        guard let found = try? await latest(query) else { return nil }
        return found.entry.flatMap { Notice.isStartApproved(by: $0.record.fact) } ?? true
    }

    /// Whether the daemon that wrote that record only observed; nil where it cannot be read now.
    private func isObserving(at seq: Int64) async -> Bool? {
        var query = JournalReader.Query()
        query.before = seq + 1
        query.traces = [Notice.observingTrace]
        query.isWanted = { Notice.isObserving(by: $0.fact) != nil }
        guard let found = try? await latest(query) else { return nil }
        return found.entry.flatMap { Notice.isObserving(by: $0.record.fact) } ?? false
    }

    private struct Latest {
        /// Nil: there is none.
        var entry: JournalReader.Entry?
    }

    /// The latest record that is asked for. One that never can be read is left out; throws where the journal cannot be read now.
    private func latest(_ query: JournalReader.Query) async throws(JournalError) -> Latest {
        var query = query
        query.isBackward = true
        query.limit = 1
        while true {
            do throws(JournalError) {
                return Latest(entry: try await reader.page(query).entries.first)
            } catch {
                if case .unreadableRecord(let seq, _) = error {
                    query.before = seq
                } else {
                    if !Task.isCancelled { log("notification \(notification.name): \(error)", .error) }
                    throw error
                }
            }
        }
    }

    private func tellWindows(_ state: inout State) async {
        // Before the first report nobody knows what is left to do, and a clock that jumped knows no windows.
        guard let set = board.policies, let report = board.latestReport,
            !report.alarms.contains(where: { $0.key.code == .clockNotTrusted })
        else { return }
        if state.windows?.digest != set.digest { state.windows = (set.digest, SoonWindows(set)) }
        let (now, zone) = (now(), board.zone)
        let notices =
            state.windows?.soon.notices(
                at: now, isIdle: { report.isThrough($0) }, clock: { ShownInstant.whole(zone.text($0)) }) ?? []
        for var notice in notices where notice.isWanted(by: notification, set) && !state.mark.isTold(notice.once) {
            notice.isObserving = report.isObserving
            guard case .window(let occurrence, let start)? = notice.once, start > self.now(),
                await deliver(notice, id: id("window/\(occurrence)"), &state)
            else { continue }
            state.mark.note(notice.once)
            state.mark.forgetWindows(before: now - .days(1))
            await write(&state)
        }
    }

    /// The same for the same record, in whichever attempt and of whichever process.
    private func id(_ what: String) -> String {
        let text = "\(notification.name)-\(journal.prefix(8))-\(what)"
        return String(decoding: text.utf8.prefix(200).map { 0x21...0x7E ~= $0 ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }
}

extension NoticeCourier {
    /// - Returns: whether it is through, told or given up; not where the daemon stops meanwhile.
    private func deliver(_ notice: Notice, id: String, _ state: inout State) async -> Bool {
        let body = NoticeBody.text(of: notice, id: id, format: notification.format, board.zone)
        let post = NoticePost(caller: caller, target: notification.url, timeout: notification.timeout)
        for attempt in 0... {
            guard !Task.isCancelled else { return false }
            let outcome = await post.attempt(body, id: id)
            if outcome != .delivered, Task.isCancelled { return false }
            switch outcome {
            case .delivered:
                if state.trouble != nil { board.note(nil, of: notification.name) }
                state.trouble = nil
                return true
            case .refused(let why):
                giveUp(notice, why, &state)
                return true
            case .failed(let why, _) where attempt >= notification.retries:
                giveUp(
                    notice, attempt == 0 ? why : "\(why), and \(attempt == 1 ? "once" : "\(attempt) times") before",
                    &state)
                return true
            case .failed(let why, let asked):
                if state.trouble == nil {
                    log("notification \(notification.name): \(why): it is tried again", .warn)
                }
                note(why, lost: 0, &state)
                let wait = pace.wait(after: attempt, asked: asked, share: .random(in: 0...1))
                guard (try? await Task.sleep(for: wait)) != nil else { return false }
            }
        }
        return true
    }

    private func note(_ why: String, lost: Int, _ state: inout State) {
        let before = state.trouble
        let trouble = StatusBoard.Undelivered(
            since: before?.since ?? now(), lost: (before?.lost ?? 0) + lost, why: why)
        state.trouble = trouble
        board.note(trouble, of: notification.name)
    }

    private func giveUp(_ notice: Notice, _ why: String, _ state: inout State) {
        note(why, lost: 1, &state)
        log(
            "notification \(notification.name): nobody was told of \(notice.word) (\(notice.title)): \(why); see to its "
                + "url and its receiver: nagi history has what happened", .error)
    }
}

extension StatusReport {
    /// The revision is on all nodes, or its run has failed: its next window changes nothing.
    fileprivate func isThrough(_ policy: Policy) -> Bool {
        guard let revision = policy.revision else { return false }
        let own = runs.filter { $0.policy == policy.name && $0.revision == revision }
        return own.contains { $0.endedAt != nil && $0.phase != "partial" } && own.allSatisfy { $0.endedAt != nil }
    }
}
