import Glibc
import Scheduling
import Synchronization

/// Why the daemon did not start, or did not go on.
public enum DaemonError: Error, Sendable, CustomStringConvertible {
    case state(StateError)
    case journal(JournalError)
    /// The policies are wrong, and the journal has none from an earlier start.
    case noPolicies
    case cannotListen(ListenAddress, reason: String)
    case loop(LoopFailure)
    case embedded(EmbeddedFailure)

    public var description: String {
        switch self {
        case .state(let error): "\(error)"
        case .journal(let error): "\(error)"
        case .noPolicies: "there are no policies to work by, neither these nor any from an earlier start"
        case .cannotListen(let address, let reason): "the API cannot listen on \(address): \(reason)"
        case .loop(let failure): "\(failure): nothing more is sent, the nodes stay as they are"
        case .embedded(let failure): "\(failure)"
        }
    }
}

/// What reading the policy files gave.
public struct PolicyReading: Sendable {
    /// Nil where any of them is wrong.
    public var set: PolicySet?
    /// Errors and warnings as lines for people.
    public var messages: [String]

    public init(set: PolicySet?, messages: [String] = []) {
        self.set = set
        self.messages = messages
    }
}

public struct DaemonSettings: Sendable {
    public var state: StateDirectory
    public var listen: ListenAddress
    /// Where relative commands and secret files start. Absolute.
    public var policyDirectory: String
    public var environment: [String: String]
    /// The program that has the verb `exec-step`.
    public var executable = "/proc/self/exe"

    public init(
        state: StateDirectory, listen: ListenAddress = .standard, policyDirectory: String,
        environment: [String: String]
    ) {
        self.state = state
        self.listen = listen
        self.policyDirectory = policyDirectory
        self.environment = environment
    }
}

/// The whole daemon: takes the state directory, finds out where it was, and drives the controller until it is stopped.
public final class DaemonService: Sendable {
    private enum Request: Sendable {
        case reload
        case stop
    }

    private let settings: DaemonSettings
    private let readPolicies: @Sendable () -> PolicyReading
    private let log: @Sendable (String) -> Void
    private let requests: AsyncStream<Request>
    private let requesting: AsyncStream<Request>.Continuation
    private let address = Mutex<ListenAddress?>(nil)

    /// - Parameters:
    ///   - readPolicies: reads the files afresh each time.
    ///   - log: takes one line.
    public init(
        settings: DaemonSettings, readPolicies: @escaping @Sendable () -> PolicyReading,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.settings = settings
        self.readPolicies = readPolicies
        self.log = log
        (requests, requesting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// Reads the policies again. Wrong ones change nothing.
    public func reload() { requesting.yield(.reload) }

    /// Ends `run` in order.
    public func stop() { requesting.yield(.stop) }

    /// Where the API listens, once it does.
    public var listeningAddress: ListenAddress? { address.withLock { $0 } }

    public func run() async throws(DaemonError) {
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
        await client.shutdown()
        try result.get()
    }

    private func started(client: ModeAPIClient, token: String) async -> Result<Void, DaemonError> {
        let journal: SQLiteJournal
        var ledger = Ledger()
        do throws(JournalError) {
            journal = try SQLiteJournal(path: settings.state.journalPath)
            try journal.forEachRecord { record in
                ledger.apply(record)
                // Nodes that have left the policies since may still have to be given back.
                if case .policiesLoaded(let set) = record.fact { client.use(set) }
            }
        } catch {
            return .failure(.journal(error))
        }
        defer { journal.close() }

        let reading = readPolicies()
        for message in reading.messages { log(message) }
        guard let inForce = inForce(reading, ledger) else { return .failure(.noPolicies) }
        let board = StatusBoard()
        let embedded: EmbeddedNodes
        do throws(EmbeddedFailure) {
            embedded = try EmbeddedNodes(inForce, board: board, log: log)
        } catch {
            return .failure(.embedded(error))
        }
        embedded.join(client)
        client.use(inForce)
        let loop = ControlLoop(
            journal: journal, client: client,
            runner: CommandRunner(
                folder: settings.state.commandsPath, policyDirectory: settings.policyDirectory,
                environment: settings.environment, executable: settings.executable),
            board: board, log: log)
        loop.board.use(inForce)
        if let set = reading.set { loop.post(.policiesLoaded(set)) }
        return await serve(loop, embedded, decider: Controller(ledger: ledger), token: token)
    }

    /// The policies that the controller will act on first; nil where there are none.
    private func inForce(_ reading: PolicyReading, _ ledger: Ledger) -> PolicySet? {
        guard let set = reading.set else {
            if let stored = ledger.policies {
                log("the policies are wrong: going on with those of the last start (\(stored.digest))")
            }
            return ledger.policies
        }
        guard let stored = ledger.policies else { return set }
        // A controller of the same ledger, asked beforehand: it will refuse them for the same reasons.
        var controller = Controller(ledger: ledger)
        _ = controller.handle(.started, at: HostClock.now())
        return controller.objections(to: set).isEmpty ? set : stored
    }

    /// Listens, drives the controller, and heeds requests, until the loop ends or something cannot listen.
    private func serve(
        _ loop: ControlLoop, _ embedded: EmbeddedNodes, decider: Controller, token: String
    ) async -> Result<Void, DaemonError> {
        enum Ending: Sendable {
            case loop(Result<Void, DaemonError>)
            case api(Result<Void, DaemonError>)
            case embedded(Result<Void, DaemonError>)
            case listening
            case requests
        }
        let server = APIServer(address: settings.listen, token: token, board: loop.board)
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
                await heed(loop, embedded)
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
                            try await loop.run(decider)
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
            log("nagi status will need --address: \(error)")
        }
        self.address.withLock { $0 = address }
        log("listening on http://\(address)/, state in \(settings.state.path)")
    }

    private func heed(_ loop: ControlLoop, _ embedded: EmbeddedNodes) async {
        for await request in requests {
            switch request {
            case .stop:
                log("stopping: sends under way are finished, commands go on")
                loop.stop()
            case .reload:
                let reading = readPolicies()
                for message in reading.messages { log(message) }
                let objections = reading.set.map { embedded.objections(to: $0) } ?? []
                for objection in objections { log(objection) }
                if let set = reading.set, objections.isEmpty {
                    log("policies read again: \(set.digest)")
                    loop.post(.policiesLoaded(set))
                } else {
                    log("reload refused: the policies in force stay")
                }
            }
        }
    }
}
