import Dispatch
import PolicyFile
import Primitives
import Scheduling
import Synchronization

/// The whole daemon: takes the state directory, finds out where it was, and drives the controller until it is stopped.
package final class DaemonService: Sendable {
    private let settings: DaemonSettings
    private let readPolicies: @Sendable () -> PolicyReading
    private let log: DaemonLog
    private let stops: AsyncStream<Void>
    private let stopping: AsyncStream<Void>.Continuation
    private let reloads: AsyncStream<Void>
    private let reloading: AsyncStream<Void>.Continuation
    /// Reads policies, secrets and the past: a disk that hangs holds up nothing but the next reload.
    private let reader = DispatchQueue(label: "policies")
    private let address = Mutex<ListenAddress?>(nil)
    /// The text of the set in force, by its digest: what a reload compares the next one with.
    private let written = Mutex<(digest: String, documents: WrittenPolicies)?>(nil)

    /// That the policies are to be read again, and who wants to know what came of it.
    private struct Reloading: Sendable {
        var request = ReloadRequest()
        var told: @Sendable (ReloadOutcome) -> Void = { _ in }
    }

    /// Where so many records were folded at a start, the next one is to begin with a checkpoint.
    private static let manyRecords = 1_000
    /// No more of what is wrong with policies is logged at once.
    private static let manyMessages = 20
    /// How often memory is given back.
    private static let tidying = Duration.seconds(60)

    /// - Parameters:
    ///   - readPolicies: reads the files afresh each time.
    ///   - log: takes one line of the log.
    package init(
        settings: DaemonSettings, readPolicies: @escaping @Sendable () -> PolicyReading,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.readPolicies = readPolicies
        self.log = DaemonLog(log)
        (stops, stopping) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (reloads, reloading) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Reads the policies again. Wrong ones change nothing.
    package func reload() { reloading.yield() }

    /// Ends `run` in order.
    package func stop() { stopping.yield() }

    /// Where the API listens, once it does.
    package var listeningAddress: ListenAddress? { address.withLock { $0 } }

    package func run() async throws(DaemonError) {
        let lock: InstanceLock
        let token: String
        do throws(StateError) {
            try settings.state.prepare()
            lock = try settings.state.lock()
            token = try settings.state.token()
        } catch {
            throw .state(error)
        }
        defer { withExtendedLifetime(lock) {} }
        let client = ModeAPIClient(directory: settings.policyDirectory, environment: settings.environment)
        let result = await started(client: client, token: token)
        settings.state.removeAddress()
        await client.shutdown()
        try result.get()
    }

    private func started(client: ModeAPIClient, token: String) async -> Result<Void, DaemonError> {
        let journal: SQLiteJournal
        let fold: SQLiteJournal.Fold
        let reader: JournalReader
        do throws(JournalError) {
            journal = try SQLiteJournal(path: settings.state.journalPath)
            fold = try journal.fold()
            reader = try JournalReader(journal)
        } catch {
            return .failure(.journal(error))
        }
        defer {
            reader.close()
            journal.close()
        }
        let ledger = fold.ledger
        if settings.mode != .acts, !ledger.undone.isEmpty {
            guard settings.mode == .observesAnyway else { return .failure(.leavesUndone(ledger.undone)) }
            for line in ledger.undone { log("left as it is: \(line)", .warn) }
        }
        // Nodes that have left the policies since may still have to be given back.
        client.use(client.settings(for: ledger))

        let reading = readPolicies()
        if let zone = (reading.set ?? ledger.policies).map({ DisplayZone(of: $0) }) { log.use(zone) }
        tell(reading)
        keep(reading)
        guard let inForce = inForce(reading, ledger) else { return .failure(.noPolicies) }
        let board = StatusBoard(policyPath: settings.policyPath)
        let embedded: EmbeddedNodes
        do throws(EmbeddedFailure) {
            embedded = try EmbeddedNodes(inForce, board: board) { [log] in log($0) }
        } catch {
            return .failure(.embedded(error))
        }
        embedded.join(client)
        client.use(client.settings(for: inForce))
        let runner = CommandRunner(
            folder: settings.state.commandsPath, journal: journal.id, policyDirectory: settings.policyDirectory,
            environment: settings.environment, executable: settings.executable)
        runner.removeMeasurements()
        let loop = ControlLoop(journal: journal, client: client, runner: runner, board: board, log: log)
        loop.board.use(inForce)
        if let set = reading.set { loop.load(set) } else { refuse(reading, loop) }
        if fold.records >= Self.manyRecords {
            loop.keeper.keepShort(at: HostClock.now().wall, isForced: true) { ledger }
        }
        let notices = NoticeDesk(
            reader: reader, journal: journal.id, folder: settings.state.noticesPath, client: client, board: board,
            log: log)
        return await serve(loop, embedded, reader, notices, decider: Controller(ledger: ledger), token: token)
    }

    /// The policies that the controller will act on first; nil where there are none.
    private func inForce(_ reading: PolicyReading, _ ledger: Ledger) -> PolicySet? {
        guard let set = reading.set else {
            if let stored = ledger.policies {
                log(
                    "the policies are wrong: going on with those of the last start (\(stored.digest.prefix(8)))", .error
                )
            }
            return ledger.policies
        }
        guard let stored = ledger.policies else { return set }
        // A controller of the same ledger, asked beforehand: it will refuse them for the same reasons.
        return Controller(ledger: ledger).objections(to: set).isEmpty ? set : stored
    }

    /// Listens, drives the controller, and heeds requests, until the loop ends or something cannot listen.
    private func serve(
        _ loop: ControlLoop, _ embedded: EmbeddedNodes, _ records: JournalReader, _ notices: NoticeDesk,
        decider: Controller, token: String
    ) async -> Result<Void, DaemonError> {
        enum Ending: Sendable {
            case loop(Result<Void, DaemonError>)
            case api(Result<Void, DaemonError>)
            case embedded(Result<Void, DaemonError>)
            case listening
            case requests
        }
        let server = APIServer(
            address: settings.listen, token: token, board: loop.board, journal: records,
            reload: { [self] in await reload($0, loop, embedded) }, hooks: loop.hooks, pull: { await loop.pull($0) },
            ask: { await loop.ask($0) })
        let (running, announce) = AsyncStream.makeStream(of: ListenAddress.self)
        return await withTaskGroup(of: Ending.self) { group in
            group.addTask { [settings] in
                defer { announce.finish() }
                do {
                    try await server.run { announce.yield($0) }
                    return .api(.success(()))
                } catch {
                    return .api(.failure(.cannotListen(settings.listen, reason: "\(error)")))
                }
            }
            group.addTask { [self] in
                for await address in running {
                    announced(address)
                    break
                }
                return .listening
            }
            group.addTask { [self] in
                for await _ in stops {
                    log("stopping: sends and calls under way are finished, programs go on")
                    loop.stop()
                }
                return .requests
            }
            group.addTask { [self] in
                for await _ in reloads { reader.async { [self] in reload(Reloading(), loop, embedded) } }
                return .requests
            }
            group.addTask { [self] in
                while (try? await Task.sleep(for: settings.certificateCheck)) != nil {
                    reader.async { [self] in
                        for line in loop.client.refreshCertificates() { log(line.text, line.isFault ? .error : .info) }
                    }
                }
                return .requests
            }
            group.addTask {
                await notices.run()
                return .requests
            }
            group.addTask {
                while (try? await Task.sleep(for: Self.tidying)) != nil { ProcessSetup.giveBackMemory() }
                return .requests
            }
            var result = Result<Void, DaemonError>.success(())
            for await ending in group {
                switch ending {
                case .listening:
                    guard listeningAddress != nil else { continue }
                    do throws(EmbeddedFailure) {
                        try embedded.checkPorts()
                    } catch {
                        result = .failure(.embedded(error))
                        group.cancelAll()
                        continue
                    }
                    group.addTask {
                        do throws(EmbeddedFailure) {
                            try await embedded.run()
                            return .embedded(.success(()))
                        } catch {
                            return .embedded(.failure(.embedded(error)))
                        }
                    }
                    group.addTask {
                        await embedded.untilBooted()
                        do throws(LoopFailure) {
                            try await loop.run(decider, isObserving: self.settings.mode != .acts)
                            return .loop(.success(()))
                        } catch {
                            return .loop(.failure(.loop(error)))
                        }
                    }
                case .loop(let ended):
                    if case .success = result { result = ended }
                    embedded.logEnd()
                    group.cancelAll()
                case .embedded(let ended):
                    if case .failure = ended {
                        result = ended
                        loop.stop()
                    }
                case .api(let ended):
                    if case .failure = ended {
                        result = ended
                        loop.stop()
                        group.cancelAll()
                    }
                case .requests:
                    break
                }
            }
            return result
        }
    }

    private func announced(_ address: ListenAddress) {
        do throws(StateError) {
            try settings.state.writeAddress("\(address)")
        } catch {
            log("nagi status will need --address: \(error)", .warn)
        }
        self.address.withLock { $0 = address }
        log("listening on http://\(address)/, state in \(settings.state.path)")
    }

    /// Reads the policies again, and says what came of it.
    private func reload(
        _ request: ReloadRequest, _ loop: ControlLoop, _ embedded: EmbeddedNodes
    ) async -> ReloadOutcome {
        await withCheckedContinuation { continuation in
            let wish = Reloading(request: request) { continuation.resume(returning: $0) }
            reader.async { [self] in reload(wish, loop, embedded) }
        }
    }

    private func reload(_ wish: Reloading, _ loop: ControlLoop, _ embedded: EmbeddedNodes) {
        let isTrial = wish.request.dryRun ?? false
        let before = loop.board.policies
        let reading = readPolicies()
        if !isTrial { tell(reading) }
        guard let set = reading.set else {
            if !isTrial { refuse(reading, loop) }
            return refused(reading.messages, look: "nagi check \(settings.policyPath)", wish)
        }
        let objections = embedded.objections(to: set)
        guard objections.isEmpty else {
            if isTrial { return refused(objections, look: nil, wish) }
            for objection in objections { log(objection, .error) }
            loop.refuse(.init(at: HostClock.now().wall, digest: set.digest, reasons: objections))
            return refused(objections, look: nil, wish)
        }
        let isConfirmed = wish.request.confirm ?? false
        let calls = loop.client.settings(for: set)
        let news = loop.client.news(of: calls)
        loop.load(set, calls, isTrial: isTrial, isConfirmed: isConfirmed) { [self] objections in
            guard objections.isEmpty else {
                let isLast = set.policies.isEmpty && !isConfirmed
                let look = "nagi preflight \(settings.policyPath)"
                return wish.told(isLast ? .unconfirmed(reasons: objections) : .refused(reasons: objections, look: look))
            }
            if before?.digest == set.digest { return wish.told(.unchanged(digest: set.digest, news)) }
            let former = written.withLock { $0 }
            let change = ReloadOutcome.Change(
                before: before, after: set, writtenBefore: former?.digest == before?.digest ? former?.documents : nil,
                writtenAfter: reading.written)
            if isTrial { return wish.told(.wouldBeTaken(change, news)) }
            keep(reading)
            wish.told(.taken(change, news))
        }
    }

    private func refused(_ reasons: [String], look: String?, _ wish: Reloading) {
        if !(wish.request.dryRun ?? false) { log("reload refused: the policies in force stay", .error) }
        wish.told(.refused(reasons: reasons, look: look))
    }

    private func keep(_ reading: PolicyReading) {
        guard let set = reading.set, let documents = reading.written else { return }
        written.withLock { $0 = (set.digest, documents) }
    }

    private func tell(_ reading: PolicyReading) {
        for message in reading.messages.prefix(Self.manyMessages) { log(message, reading.set == nil ? .error : .warn) }
        let rest = reading.messages.count - Self.manyMessages
        if rest > 0 {
            log("\(rest) more of that kind: nagi check \(settings.policyPath)", reading.set == nil ? .error : .warn)
        }
    }

    private func refuse(_ reading: PolicyReading, _ loop: ControlLoop) {
        loop.refuse(.init(at: HostClock.now().wall, digest: nil, reasons: reading.messages))
    }
}
