import Foundation
import ModeCore
import NIOCore
import Primitives
import Synchronization

/// Tells hooks what happens, each fact at most once and in no certain order, and asks the auth hooks.
///
/// Each hook of each node has its own queue: one that hangs holds up nobody else.
final class Webhooks: Sendable {
    /// Notices that wait for one hook; later ones are dropped and counted.
    static let queueLimit = 10_000
    /// Calls of one hook that are under way at once.
    static let concurrency = 8
    /// Questions to the auth hooks of one server that are under way at once; later ones are refused.
    static let pendingAuthLimit = 4096
    /// Troubles are said at most so often.
    static let troubleInterval = Duration.seconds(1)

    /// What the auth hook says of a client.
    enum Verdict: Hashable, Sendable {
        case allowed
        /// In the hook's words, or why there are none.
        case refused(String)
    }

    private struct Lane: Sendable {
        var index: Int
        var hook: WebhookNotice.Hook
        var url: String
        var timeout: Duration
        var notices: AsyncStream<WebhookNotice>
        var queue: AsyncStream<WebhookNotice>.Continuation
    }

    private struct Trouble: Sendable {
        var dropped = 0
        var failed = 0
        var last = ""
    }

    private struct Troubles: Sendable {
        var byNode: [Int: Trouble] = [:]
        var toldAt: ContinuousClock.Instant?
    }

    private let settings: [WebhookSettings]
    private let lanes: [Lane]
    private let client = HookClient()
    /// Of its own: hooks that hang must not use up the connections of the one that clients wait for.
    private let authClient = HookClient()
    private let troubles = Mutex(Troubles())
    private let pendingAuth = Mutex(0)

    init(_ settings: [WebhookSettings]) {
        self.settings = settings
        lanes = settings.enumerated().flatMap { index, settings in
            WebhookNotice.Hook.allCases.compactMap { hook -> Lane? in
                guard let url = hook == .session ? settings.session : settings.event else { return nil }
                let (notices, queue) = AsyncStream<WebhookNotice>.makeStream(
                    bufferingPolicy: .bufferingOldest(Self.queueLimit))
                return Lane(
                    index: index, hook: hook, url: url, timeout: settings.timeout, notices: notices, queue: queue)
            }
        }
    }

    /// Puts the notices into their queues and returns at once.
    func tell(_ notices: [WebhookNotice]) {
        for notice in notices {
            guard let lane = lanes.first(where: { $0.index == notice.index && $0.hook == notice.hook }) else {
                continue
            }
            if case .dropped = lane.queue.yield(notice) { note(of: notice.index) { $0.dropped += 1 } }
        }
    }

    /// Calls the hooks until cancelled. What waits then is never told.
    func run() async {
        await withDiscardingTaskGroup { group in
            for lane in lanes {
                group.addTask { await self.run(lane) }
            }
        }
    }

    private func run(_ lane: Lane) async {
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            for await notice in lane.notices {
                if running == Self.concurrency {
                    await group.next()
                    running -= 1
                }
                // What is queued comes even after the end.
                guard group.addTaskUnlessCancelled(operation: { await self.call(lane, notice) }) else { break }
                running += 1
            }
            group.cancelAll()
        }
    }

    private func call(_ lane: Lane, _ notice: WebhookNotice) async {
        do {
            let answer = try await client.post(notice.body, to: lane.url, within: lane.timeout)
            guard !(200..<300).contains(answer.status) else { return }
            note(of: lane.index) { trouble in
                trouble.failed += 1
                trouble.last = "\(notice.type): status \(answer.status)"
            }
        } catch {
            note(of: lane.index) { trouble in
                trouble.failed += 1
                trouble.last = "\(notice.type): \(error)"
            }
        }
    }

    private func note(of index: Int, _ change: (inout Trouble) -> Void) {
        troubles.withLock { change(&$0.byNode[index, default: Trouble()]) }
    }

    /// What went wrong since the last time that something was said, as lines of the log.
    func takeTroubles() -> [(index: Int, text: String)] {
        troubles.withLock { troubles in
            guard !troubles.byNode.isEmpty else { return [] }
            if let toldAt = troubles.toldAt, toldAt.duration(to: .now) < Self.troubleInterval { return [] }
            defer {
                troubles.byNode = [:]
                troubles.toldAt = .now
            }
            return troubles.byNode.sorted { $0.key < $1.key }.map { index, trouble in
                var parts: [String] = []
                if trouble.dropped > 0 { parts.append("\(trouble.dropped) dropped, the queue is full") }
                if trouble.failed > 0 { parts.append("\(trouble.failed) failed, the last: \(trouble.last)") }
                return (index, "webhooks: " + parts.joined(separator: "; "))
            }
        }
    }

    /// Ends what is under way, and lets go of the connections.
    func close() async {
        for lane in lanes { lane.queue.finish() }
        await client.close()
        await authClient.close()
    }
}

extension Webhooks {
    /// Whether clients of the node are asked about.
    func asks(_ index: Int) -> Bool { settings[index].auth != nil }

    /// Asks whether a client may come in. Whatever is not a clear yes is a no.
    ///
    /// - Parameter body: of the request.
    func ask(_ body: JSONValue, of index: Int) async -> Verdict {
        guard let url = settings[index].auth else { return .allowed }
        let isBounded = pendingAuth.withLock { pending in
            guard pending < Self.pendingAuthLimit else { return false }
            pending += 1
            return true
        }
        guard isBounded else { return .refused("too many clients wait for the auth hook") }
        defer { pendingAuth.withLock { $0 -= 1 } }
        do {
            let answer = try await authClient.post(body, to: url, within: settings[index].timeout)
            return Self.verdict(answer)
        } catch {
            note(of: index) { trouble in
                trouble.failed += 1
                trouble.last = "auth: \(error)"
            }
            return .refused("the auth hook has not answered")
        }
    }

    private static func verdict(_ answer: HookClient.Answer) -> Verdict {
        let unclear = Verdict.refused("the auth hook has given no clear answer")
        guard answer.status == 200, let value = JSONValue.parse(answer.body.readableBytesView) else {
            return unclear
        }
        switch value["allowed"] {
        case .bool(true)?: return .allowed
        case .bool(false)?: return .refused(value.string("reason") ?? "the auth hook refused")
        default: return unclear
        }
    }

    /// The question about one client.
    static func question(
        _ request: ConnectRequest, connectionID: String, at time: Timestamp, version: String, nodeName: String
    ) -> JSONValue {
        var members = WebhookNotice.envelope(time, version, nodeName)
        members += [
            .init(key: "channel_id", value: .string(request.channel.name)),
            .init(key: "role", value: .string(request.role)),
            .init(key: "connection_id", value: .string(connectionID)),
        ]
        if let client = request.clientID { members.append(.init(key: "client_id", value: .string(client))) }
        if let bundle = request.bundleID { members.append(.init(key: "bundle_id", value: .string(bundle))) }
        if let metadata = request.metadata { members.append(.init(key: "metadata", value: metadata)) }
        return .object(members)
    }
}
