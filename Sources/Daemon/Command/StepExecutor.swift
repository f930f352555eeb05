import Primitives
import Scheduling

/// Does what steps want done in the world, each kind of it in its own way, and measures gates.
package struct StepExecutor: Sendable {
    private let runner: CommandRunner
    private let client: ModeAPIClient
    private let wanted: WantedCommands
    private let calls: CallsUnderWay

    package init(runner: CommandRunner, client: ModeAPIClient) {
        self.runner = runner
        self.client = client
        wanted = WantedCommands()
        calls = CallsUnderWay(wanted)
    }

    /// It is about to be started: from now on until it is over, `stop` ends it, begun or not.
    package func expect(_ id: CommandID) { wanted.add(id) }

    /// Nil if the daemon stops meanwhile: a program goes on, and `recover` finds it; of a call nobody knows later what it did.
    package func start(_ start: CommandStart) async -> CommandOutcome? {
        let (client, wanted) = (client, wanted)
        wanted.add(start.id)
        defer { wanted.remove(start.id) }
        guard HostClock.now().uptime <= start.notAfter.uptime else { return .neverBegan }
        switch start.work {
        case .program: return await runner.start(start) { !wanted.isToEnd(start.id) }
        case .call(let request, let expected):
            let outcome = await calls.outcome(of: start.id) {
                await client.addresses.outcome(of: start, request, expected)
            }
            // What was sent cannot be taken back: whoever got it may be at it as long as it may take.
            guard outcome == .stopped else { return outcome }
            return await waitsOut(start) ? outcome : nil
        case .termination(let reason):
            return await calls.outcome(of: start.id) { await client.terminate(start, reason: reason) }
        }
    }

    /// What became of what an earlier daemon meant to start; nil if this daemon stops meanwhile.
    package func recover(_ start: CommandStart) async -> CommandOutcome? {
        switch start.work {
        case .program: await runner.recover(start)
        // Whether it was sent, and what it did, nobody knows here. Whoever got it may be at it as long as it may take: no attempt
        // is beside the one before.
        case .call, .termination:
            await waitsOut(start) ? .interrupted : nil
        }
    }

    /// Until the command's time is over; false if the daemon stops meanwhile.
    private func waitsOut(_ start: CommandStart) async -> Bool {
        (try? await Task.sleep(for: start.timeLeft(at: HostClock.now().wall))) != nil
    }

    /// Has it ended, or never begin: `start` tells what it came to.
    package func stop(_ id: CommandID) {
        wanted.end(id)
        runner.stop(id)
        calls.stop(id)
    }

    func lastOutput(of start: CommandStart) -> CommandOutput? {
        if case .program = start.work { runner.lastOutput(of: start.id) } else { nil }
    }

    package func measure(_ measurement: Measurement) async -> GateResult {
        switch measurement.probe {
        case .http(let request, let expected):
            await client.addresses.measure(request, expected, limit: measurement.limit)
        case .prometheus(let query): await client.addresses.measure(query, limit: measurement.limit)
        case .command(let command): await runner.measure(measurement, command)
        }
    }
}

extension Command.Work {
    /// It goes on without the daemon, and the next one finds it.
    var outlivesDaemon: Bool {
        switch self {
        case .program: true
        case .call, .termination: false
        }
    }
}

extension CommandStart {
    /// Until it is over for certain, by the wall clock: the call was made by another process, maybe before another boot.
    fileprivate func timeLeft(at now: Timestamp) -> Duration {
        max(.zero, min(timeout, notAfter.wall + timeout - now))
    }
}
