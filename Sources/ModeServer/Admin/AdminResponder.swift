import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import ModeCore
import NIOCore
import Primitives

/// The admin API of a mode server: what an operator, an upgrade command or a test does to its nodes.
///
///     GET  /nodes
///     POST /nodes/{name}/restart   {"version": "2025.2.0"}, the body may be left out
///     POST /nodes/{name}/stop | crash
///     POST /nodes/{name}/start     likewise
///     POST /nodes/{name}/isolate   {"with": ["node-02"]}: they stay in touch with each other; may be left out
///     POST /nodes/{name}/rejoin | purge | fileFault
///     POST /nodes/{name}/faults    {"latencySeconds", "errorRate", "neverAnswer", "answerLost", "silentIgnore",
///                                  "operations"}: replaces all of them, what is left out is off
struct AdminResponder: HTTPResponder {
    typealias Context = ListenerContext

    static let maxBodyBytes = 64 * 1024

    let nodes: NodeLifecycle
    let served: ServedCluster
    let directory: NodeDirectory
    /// For a whole request body; without it a slow sender refreshes the idle timeout with each byte.
    let bodyDeadline: Duration

    /// What is answered instead of a result.
    struct Refusal: Error {
        var status: HTTPResponse.Status
        var message: String
    }

    func respond(to request: Request, context: ListenerContext) async throws -> Response {
        do {
            // First of all: a body that nobody reads would come in for as long as its sender likes.
            let body = try await body(of: request, context)
            return try await route(request, body)
        } catch let refusal as Refusal {
            return Self.answer(refusal.status, ["error": ["message": .string(refusal.message)]])
        } catch let obstacle as NodeLifecycle.Obstacle {
            let message =
                switch obstacle {
                case .isChanging: "the node is on its way down or up"
                case .isRunning: "the node runs"
                case .isNotRunning: "the node does not run"
                case .isConnected: "the node is connected: stop or isolate it before it is purged"
                case .isStandalone: "the nodes stand alone: what is asked for happens in clusters only"
                }
            return Self.answer(.conflict, ["error": ["message": .string(message)]])
        }
    }

    private func route(_ request: Request, _ body: ByteBuffer) async throws -> Response {
        // Only programs call this: a page in somebody's browser must not restart nodes.
        guard !request.headers.contains(.origin) else {
            throw Refusal(status: .forbidden, message: "requests of web pages are refused")
        }
        let path = request.uri.path.split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
        guard path.first == "nodes", path.count == 1 || path.count == 3 else {
            throw Refusal(status: .notFound, message: "there is /nodes and /nodes/NAME/ACTION")
        }
        guard path.count == 3 else {
            guard request.method == .get else { throw Refusal(status: .methodNotAllowed, message: "use GET") }
            return Self.answer(.ok, state())
        }
        guard request.method == .post else { throw Refusal(status: .methodNotAllowed, message: "use POST") }
        guard let index = served.read({ $0.cluster.index(of: path[1]) }) else {
            throw Refusal(status: .notFound, message: "there is no node \(path[1])")
        }
        return try await perform(path[2], on: index, body: try arguments(in: body))
    }

    private func perform(_ action: String, on index: Int, body: JSONValue) async throws -> Response {
        guard let action = AdminActions(rawValue: action) else {
            let known = AdminActions.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal(status: .notFound, message: "there is no action \(action); there are \(known)")
        }
        switch action {
        case .restart:
            let cut = try await nodes.restart(index, version: try version(in: body))
            return Self.answer(.accepted, ["connections_cut": .integer(Int64(cut))])
        case .stop, .crash:
            let cut = try await nodes.stop(index, isCrash: action == .crash)
            return Self.answer(.ok, ["connections_cut": .integer(Int64(cut))])
        case .start:
            try nodes.start(index, version: try version(in: body))
            return Self.answer(.accepted, [:])
        case .isolate:
            let side = [index] + (try company(in: body))
            try nodes.changeMembership { $0.split(side, side: index + 1, at: $1) }
        case .rejoin: try nodes.changeMembership { $0.rejoin(index, at: $1) }
        case .purge: try nodes.purge(index)
        case .fileFault: try nodes.fileFault(index)
        case .faults:
            let faults = try NodeFaults(body)
            served.update { state, now in
                state.faults[index] = faults
                state.disturbedCalls[index] = 0
                state.facts.note("faults \(body.text)", of: index, at: now)
            }
        }
        return Self.answer(.ok, [:])
    }

    private func body(of request: Request, _ context: ListenerContext) async throws -> ByteBuffer {
        let deadline = context.channel.eventLoop.scheduleTask(in: .nanoseconds(bodyDeadline.nanoseconds)) {
            context.channel.close(mode: .all, promise: nil)
        }
        defer { deadline.cancel() }
        do {
            return try await request.body.collect(upTo: Self.maxBodyBytes)
        } catch is NIOTooManyBytesError {
            context.channel.eventLoop.scheduleTask(in: .nanoseconds(bodyDeadline.nanoseconds)) {
                context.channel.close(mode: .all, promise: nil)
            }
            throw Refusal(status: .contentTooLarge, message: "the body is larger than \(Self.maxBodyBytes) bytes")
        }
    }

    private func arguments(in bytes: ByteBuffer) throws -> JSONValue {
        guard bytes.readableBytes > 0 else { return [:] }
        guard let value = JSONValue.parse(bytes.readableBytesView), case .object = value else {
            throw Refusal(status: .badRequest, message: "the body is not a JSON object")
        }
        return value
    }

    /// The nodes that are cut off together with the one of the path.
    private func company(in body: JSONValue) throws -> [Int] {
        let refusal = Refusal(status: .badRequest, message: "with must be a list of names of nodes")
        switch body["with"] {
        case nil, .null?: return []
        case .array(let names)?:
            return try names.map { name in
                guard case .string(let name) = name, let index = served.read({ $0.cluster.index(of: name) })
                else { throw refusal }
                return index
            }
        default: throw refusal
        }
    }

    private func version(in body: JSONValue) throws -> String? {
        switch body["version"] {
        case nil, .null?: return nil
        case .string(let version)?
        where (1...128).contains(version.utf8.count) && version.utf8.allSatisfy({ (0x21...0x7E).contains($0) }):
            return version
        default:
            throw Refusal(status: .badRequest, message: "version must be 1 to 128 visible ASCII characters")
        }
    }

    private func state() -> JSONValue {
        served.update { state, _ in
            let nodes = state.cluster.nodes.map { node -> JSONValue in
                let address = directory[node.index]
                return [
                    "name": .string(node.name),
                    "api": .string(address?.api ?? ""),
                    "signaling": .string(address?.signaling ?? ""),
                    "ready": .string(address?.ready ?? ""),
                    "running": .bool(node.isRunning),
                    "joined": .bool(state.cluster.isJoined(node.index)),
                    "mode": node.isRunning ? .string(node.mode.rawValue) : .null,
                    "version": .string(node.version),
                    "epoch": .integer(Int64(node.epoch)),
                    "sessions": .integer(Int64(node.sessionCount)),
                    "connections": .integer(Int64(node.connectionCount)),
                    "connections_cut": .integer(Int64(node.connectionsCut)),
                    "calls_disturbed": .integer(Int64(state.disturbedCalls[node.index])),
                ]
            }
            return [
                "nodes": .array(nodes),
                "out_of_normal": .integer(Int64(state.facts.out)),
                "peak_out_of_normal": .integer(Int64(state.facts.peakOut)),
            ]
        }
    }

    private static func answer(_ status: HTTPResponse.Status, _ value: JSONValue) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: value.text)))
    }
}

extension NodeFaults {
    /// Reads fault switches. A key that is not one is refused: a fault that was misspelt is one that was not tested.
    fileprivate init(_ body: JSONValue) throws(AdminResponder.Refusal) {
        self.init()
        guard case .object(let members) = body else { return }
        for member in members {
            switch (member.key, member.value) {
            case ("latencySeconds", let value):
                guard let seconds = value.asNumber, (0...600).contains(seconds) else {
                    throw .init(status: .badRequest, message: "latencySeconds must be 0 to 600")
                }
                latency = .seconds(seconds)
            case ("errorRate", let value):
                guard let rate = value.asNumber, (0...1).contains(rate) else {
                    throw .init(status: .badRequest, message: "errorRate must be 0 to 1")
                }
                errorRate = rate
            case ("neverAnswer", .bool(let isOn)): neverAnswer = isOn
            case ("answerLost", .bool(let isOn)): answerLost = isOn
            case ("silentIgnore", .bool(let isOn)): silentIgnore = isOn
            case ("operations", .array(let names)):
                let known = Set(ModeOperation.allCases.map(\.name) + [NodeFaults.readiness])
                operations = names.compactMap { if case .string(let name) = $0 { name } else { nil } }
                guard operations.count == names.count, operations.allSatisfy(known.contains) else {
                    throw .init(
                        status: .badRequest, message: "operations are of \(known.sorted().joined(separator: ", "))")
                }
            default:
                throw .init(status: .badRequest, message: "\(member.key) is not a fault switch, or of another type")
            }
        }
    }
}

extension JSONValue {
    fileprivate var asNumber: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
