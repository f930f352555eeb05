import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Primitives

/// The mode API of one node: `POST /` with the operation in `x-sora-target`.
struct ModeAPIResponder: HTTPResponder {
    typealias Context = ListenerContext

    static let maxBodyBytes = 8_000_000
    /// A call that is never answered is given up after this time, if the client has not gone before.
    static let neverAnswerLimit = Duration.seconds(600)

    let index: Int
    let served: ServedCluster
    let directory: NodeDirectory
    let answers: ModeAnswers
    /// For a whole request body; without it a slow sender refreshes the idle timeout with each byte.
    let bodyDeadline: Duration

    func respond(to request: Request, context: ListenerContext) async throws -> Response {
        let hasBody = Self.hasBody(request)
        let target = request.headers[.soraTarget]
        guard let (mode, faults) = served.mode(of: index) else {
            context.channel.close(mode: .all, promise: nil)
            throw HTTPError(.serviceUnavailable)
        }
        if request.method == .post, target == ModeOperation.getMode.rawValue, !hasBody, faults == nil {
            return answers.mode(mode)
        }
        // Before anything is answered: a body that nobody reads would come in for as long as its sender likes.
        let body: ByteBuffer
        do throws(ModeAPIError) {
            body = try await collectBody(of: request, context: context)
        } catch {
            return refuseBody(error, context)
        }
        if request.method == .options { return ModeAnswers.preflight }
        guard request.method == .post else { return ModeAnswers.answer(.unexpectedMethod) }
        guard let target else { return ModeAnswers.answer(.missingHeaderName) }
        switch ModeOperation.resolve(target, hasBody: hasBody) {
        case .failure(let error): return ModeAnswers.answer(error)
        case .success(let operation):
            return try await call(operation, body: body, request: request, context: context)
        }
    }

    /// Carries the call out, with the faults that are switched on.
    private func call(
        _ operation: ModeOperation, body: ByteBuffer, request: Request, context: ListenerContext
    ) async throws -> Response {
        let (faults, fails) = served.disturb(operation.name, of: index)
        if faults.latency > .zero { try await Task.sleep(for: faults.latency) }
        if faults.neverAnswer { try await neverAnswer(context) }
        if fails { return ModeAnswers.answer(.handlerException) }
        let response = ModeAnswers.response(
            answer(operation, body: body, ignoring: faults.silentIgnore, peer: context.peer))
        if faults.answerLost {
            context.channel.close(mode: .all, promise: nil)
            throw HTTPError(.serviceUnavailable)
        }
        return response
    }

    /// The same call without a connection and without faults.
    func answer(target: String, body: ByteBuffer, peer: String) -> ModeAPIAnswer {
        switch ModeOperation.resolve(target, hasBody: body.readableBytes > 0) {
        case .failure(let error): ModeAPIAnswer(error)
        case .success(let operation): answer(operation, body: body, ignoring: false, peer: peer)
        }
    }

    private func answer(_ operation: ModeOperation, body: ByteBuffer, ignoring: Bool, peer: String) -> ModeAPIAnswer {
        let calls = ModeCalls(index: index, served: served, directory: directory, ignoring: ignoring, peer: peer)
        do throws(ModeAPIError) {
            return try calls.answer(operation, try operation.body(served.profiles[index]).arguments(in: body))
        } catch {
            return ModeAPIAnswer(error)
        }
    }

    private static func hasBody(_ request: Request) -> Bool {
        if let length = request.headers[.contentLength] { return length != "0" }
        return request.headers.contains(.transferEncoding)
    }

    private func collectBody(of request: Request, context: ListenerContext) async throws(ModeAPIError) -> ByteBuffer {
        guard Self.hasBody(request) else { return ByteBuffer() }
        if let length = request.headers[.contentLength].flatMap(Int.init), length > Self.maxBodyBytes {
            throw .payloadTooLarge
        }
        let deadline = context.channel.eventLoop.scheduleTask(in: .nanoseconds(bodyDeadline.nanoseconds)) {
            context.channel.close(mode: .all, promise: nil)
        }
        defer { deadline.cancel() }
        do {
            return try await request.body.collect(upTo: Self.maxBodyBytes)
        } catch is NIOTooManyBytesError {
            throw .payloadTooLarge
        } catch {
            throw .notJSON
        }
    }

    /// The rest of the body may still come in, so that a client which sends before it reads gets the answer; the
    /// connection ends at the body's deadline.
    private func refuseBody(_ error: ModeAPIError, _ context: ListenerContext) -> Response {
        context.channel.eventLoop.scheduleTask(in: .nanoseconds(bodyDeadline.nanoseconds)) {
            context.channel.close(mode: .all, promise: nil)
        }
        return ModeAnswers.answer(error)
    }

    private func neverAnswer(_ context: ListenerContext) async throws {
        try await context.closeWithClient()
        let isOver = served.clock.now + Self.neverAnswerLimit
        while context.channel.isActive, served.clock.now < isOver {
            try await Task.sleep(for: .milliseconds(50))
        }
        context.channel.close(mode: .all, promise: nil)
        throw HTTPError(.serviceUnavailable)
    }
}
