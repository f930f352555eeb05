import Foundation
import Glibc
import Synchronization

/// A node of raw sockets: says exactly the bytes that a test wants, or nothing.
final class StubNode: Sendable {
    struct Call: Sendable {
        var method: String
        var path: String
        var headers: [String: String]
        var body: String
        /// Counted from 0 in the order of accepting.
        var connection: Int

        var target: String { headers["x-sora-target"] ?? "" }
        /// The part after the date: `GetMode`.
        var operation: String { target.split(separator: ".").last.map(String.init) ?? path }
    }

    enum Reply: Sendable {
        case answer(Int, String, headers: [String: String] = [:])
        /// These bytes, then the connection is closed after a moment.
        case raw(String, after: Duration = .zero)
        /// These bytes, and nothing more on an open connection.
        case stall(String)
        case silence
        case close
        case reset
    }

    let port: Int
    private let listener: Int32
    private let respond: @Sendable (Call) -> Reply
    private let seen = Mutex<[Call]>([])
    private let open = Mutex<Set<Int32>>([])
    private let listening = Mutex(true)

    /// - Parameter port: 0 takes a free one.
    init(port wanted: Int = 0, _ respond: @escaping @Sendable (Call) -> Reply) throws {
        self.respond = respond
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(wanted).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(fd, pointer, length) == 0 && listen(fd, 64) == 0 && getsockname(fd, pointer, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    var url: String { "http://127.0.0.1:\(port)/" }
    var calls: [Call] { seen.withLock { $0 } }
    var operations: [String] { calls.map(\.operation) }
    /// It takes connections until a moment after `stop`.
    var isListening: Bool { listening.withLock { $0 } }

    /// Under the locks under which descriptors are closed: a number that somebody else's socket has by now, the listener
    /// of another test for one, must not be shut down.
    func stop() {
        listening.withLock { isOpen in
            if isOpen { shutdown(listener, Int32(SHUT_RDWR)) }
        }
        open.withLock { descriptors in
            for fd in descriptors { shutdown(fd, Int32(SHUT_RDWR)) }
        }
    }

    private func accept() {
        var number = 0
        while true {
            let fd = Glibc.accept(listener, nil, nil)
            guard fd >= 0 else { break }
            open.withLock { _ = $0.insert(fd) }
            let connection = number
            number += 1
            Thread.detachNewThread { [self] in
                serve(fd, connection)
                open.withLock { descriptors in
                    descriptors.remove(fd)
                    close(fd)
                }
            }
        }
        listening.withLock { isOpen in
            isOpen = false
            close(listener)
        }
    }

    private func serve(_ fd: Int32, _ connection: Int) {
        var pending: [UInt8] = []
        while let call = next(fd, &pending, connection) {
            seen.withLock { $0.append(call) }
            switch respond(call) {
            case .answer(let status, let body, let headers):
                var head = "HTTP/1.1 \(status) X\r\ncontent-length: \(body.utf8.count)\r\n"
                for (name, value) in headers.sorted(by: { $0.key < $1.key }) { head += "\(name): \(value)\r\n" }
                send(fd, head + "\r\n" + body)
            case .raw(let text, let moment):
                send(fd, text)
                usleep(UInt32(moment / .microseconds(1)))
                return
            case .stall(let text):
                send(fd, text)
                waitForEnd(fd)
                return
            case .silence:
                return waitForEnd(fd)
            case .close:
                return
            case .reset:
                var hard = linger(l_onoff: 1, l_linger: 0)
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
                return
            }
        }
    }

    private func next(_ fd: Int32, _ pending: inout [UInt8], _ connection: Int) -> Call? {
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let head = pending.firstRange(of: separator) {
                let lines = String(decoding: pending[..<head.lowerBound], as: UTF8.self).split(separator: "\r\n")
                let parts = lines[0].split(separator: " ").map(String.init)
                var headers: [String: String] = [:]
                for line in lines.dropFirst() {
                    let pair = line.split(separator: ":", maxSplits: 1)
                    headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces)
                }
                let length = Int(headers["content-length"] ?? "0") ?? 0
                if pending.count >= head.upperBound + length {
                    let body = String(decoding: pending[head.upperBound..<(head.upperBound + length)], as: UTF8.self)
                    pending.removeSubrange(..<(head.upperBound + length))
                    return Call(
                        method: parts[0], path: parts[1], headers: headers, body: body, connection: connection)
                }
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = recv(fd, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            pending += chunk[..<count]
        }
    }

    private func waitForEnd(_ fd: Int32) {
        var byte: UInt8 = 0
        while recv(fd, &byte, 1, 0) > 0 {}
    }

    private func send(_ fd: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress?.advanced(by: done), $0.count - done, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            done += count
        }
    }
}

/// A node that keeps a mode like a real one.
struct ModeStub: Sendable {
    private final class State: Sendable {
        let mode: Mutex<String>

        init(_ mode: String) {
            self.mode = Mutex(mode)
        }
    }

    let node: StubNode
    private let state: State

    /// - Parameter members: what it lists; nil: it has no list.
    init(mode: String = "normal", listing members: String? = Sample.members) throws {
        let state = State(mode)
        self.state = state
        node = try StubNode { call in
            switch call.operation {
            case "GetMode":
                return .answer(200, "{\"mode\":\"\(state.mode.withLock { $0 })\"}")
            case "ChangeMode":
                let word = call.body.split(separator: "\"").last { $0 != "}" }.map(String.init) ?? ""
                state.mode.withLock { $0 = word }
                return .answer(200, "{\"mode\":\"\(word)\"}")
            case "GetStatsReport":
                return .answer(200, Sample.stats)
            case "ListClusterNodes":
                return members.map { .answer(200, $0) } ?? .answer(400, "")
            default:
                return .answer(400, "")
            }
        }
    }

    var current: String { state.mode.withLock { $0 } }
    /// How often somebody asked it for a mode.
    var changes: Int { node.operations.count { $0 == "ChangeMode" } }

    /// It is set there, by nobody's call.
    func turn(_ mode: String) { state.mode.withLock { $0 = mode } }
}

enum Sample {
    /// A report of that release; nil: it does not say which one.
    static func report(_ version: String?, relays: Bool = false) -> String {
        let relay = relays ? #","cluster_relay":[{"node_name":"b","total_sent":1}]"# : ""
        return (version.map { #"{"version":"\#($0)","# } ?? "{")
            + #""total_ongoing_connections":3,"total_session_created":4,"total_session_destroyed":1,"#
            + #""total_connection_created":9\#(relay)}"#
    }

    static let stats = """
        {"version":"2025.1.1","total_ongoing_connections":58,"total_session_created":20,"total_session_destroyed":3,\
        "total_connection_created":90,"total_connection_destroyed":32,"average_duration_sec":10}
        """
    static let members = """
        [{"node_name":"node-01","epoch":7,"mode":"normal","sora_version":"2025.2.0","connected":true,\
        "temporary_node":false},{"node_name":"node-02","connected":false},\
        {"node_name":"spare","epoch":1,"connected":true,"temporary_node":true}]
        """
}
