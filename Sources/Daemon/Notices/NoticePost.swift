import NIOCore
import NIOHTTP1
import Primitives
import Scheduling

/// Brings one body to one receiver: a single attempt, and what came of it.
struct NoticePost: Sendable {
    enum Outcome: Hashable, Sendable {
        case delivered
        /// Another attempt may end otherwise, after that time if the receiver says one.
        case failed(String, retryAfter: Duration?)
        /// Another attempt would end like this one.
        case refused(String)
    }

    /// Longest answer that is looked at, in bytes.
    private static let bodyLimit = 64 << 10

    let caller: AddressCaller
    let target: NotificationPolicy.Target
    let timeout: Duration

    func attempt(_ body: String, id: String) async -> Outcome {
        let deadline = deadline
        let url: String
        do throws(SecretSource.Missing) {
            url = try await address(by: deadline)
        } catch {
            return .failed("url: \(error)", retryAfter: nil)
        }
        let headers: HTTPHeaders = [
            "content-type": "application/json", "user-agent": "nagi", "webhook-id": id,
        ]
        do throws(CallFailure) {
            let answer = try await caller.exchange.perform(
                .POST, url, headers: headers, body: ByteBuffer(string: body), deadline: deadline,
                bodyLimit: Self.bodyLimit)
            return outcome(of: answer)
        } catch {
            return .failed(isSecret ? error.withoutAddress : "\(error)", retryAfter: nil)
        }
    }

    /// Why an attempt could not succeed now.
    enum Hindrance: Hashable, Sendable {
        case unreadable(String)
        case unreachable(String)
    }

    /// Reads the address and connects to it, and sends nothing: a receiver would tell people.
    func trial() async -> Hindrance? {
        let url: String
        do throws(SecretSource.Missing) {
            url = try await address(by: deadline)
        } catch {
            return .unreadable("url: \(error)")
        }
        guard let place = AddressProbe.place(of: url) else { return .unreadable("url: it names no host") }
        let isThere = await AddressProbe.answers(
            place, within: .nanoseconds(timeout.nanoseconds), on: caller.exchange.group)
        // What is secret is the address's path.
        return isThere ? nil : .unreachable("nothing takes connections at \(place.host), port \(place.port)")
    }

    private var isSecret: Bool { if case .secret = target { true } else { false } }

    private var deadline: NIODeadline { .now() + .nanoseconds(timeout.nanoseconds) }

    private func address(by deadline: NIODeadline) async throws(SecretSource.Missing) -> String {
        switch target {
        case .address(let url): return url
        case .secret(let reference):
            let url = try await caller.secret(reference, by: deadline)
            guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
                throw SecretSource.Missing(description: "what it refers to is no address that begins with https://")
            }
            return url
        }
    }

    private func outcome(of answer: CallAnswer) -> Outcome {
        // Many servers repeat in an error the address that they were asked for.
        let text = isSecret ? "status \(answer.status)" : answer.summary
        switch answer.status {
        case 200..<300: return .delivered
        case 408, 500...: return .failed(text, retryAfter: answer.status == 503 ? Self.wait(answer) : nil)
        case 429: return .failed(text, retryAfter: Self.wait(answer))
        case 300..<400: return .refused("\(text); it is not followed elsewhere")
        default: return .refused(text)
        }
    }

    /// Seconds, or a date beside the receiver's own clock.
    private static func wait(_ answer: CallAnswer) -> Duration? {
        guard let text = answer.retryAfter?.trimmingPrefix(while: \.isWhitespace) else { return nil }
        if text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let seconds = UInt32(text) { return .seconds(seconds) }
        guard let instant = HTTPDate.instant(String(text)) else { return nil }
        return max(.zero, instant - (answer.date ?? HostClock.now().wall))
    }
}

extension CallFailure {
    /// What libraries say may name what was called.
    fileprivate var withoutAddress: String {
        switch self {
        case .notConnected: "no connection"
        case .distrusted: "its certificate is not trusted"
        case .broken: "the connection was closed without an answer"
        case .timedOut, .tooLarge: "\(self)"
        }
    }
}
