import CEpoll
import Glibc

/// Many nodes in one thread: each has a port for its API and one for its readiness probe, answers at once, and has no
/// calls. It counts what it is asked, and notes when.
struct Crowd {
    /// What a socket is for.
    private enum Role {
        case listener(port: Int)
        case connection(port: Int, pending: [UInt8])
    }

    struct Change {
        var node: Int
        var mode: String
        /// Nanoseconds of the wall clock.
        var at: Int64
    }

    /// What came in since the counters were last asked for.
    struct Counts {
        var connections = 0
        var calls: [String: Int] = [:]
        var first: Int64 = 0
        var last: Int64 = 0
    }

    let count: Int
    let clusterSize: Int
    private let events: Int32
    private var sockets: [Int32: Role] = [:]
    private(set) var ports: [Int] = []
    private var modes: [String]
    private(set) var counts = Counts()
    private(set) var changes: [Change] = []
    private(set) var openConnections = 0
    /// When each node had answered all that a whole read asks for the first time, by the wall clock.
    private var statsAt: [Int64?]
    private var readyAt: [Int64?]

    init(count: Int, clusterSize: Int) {
        self.count = count
        self.clusterSize = clusterSize
        modes = Array(repeating: "normal", count: count)
        statsAt = Array(repeating: nil, count: count)
        readyAt = Array(repeating: nil, count: count)
        events = epoll_create1(0)
        for _ in 0..<(2 * count) { listen() }
    }

    /// When nodes were read whole for the first time.
    var observedAt: [Int64] {
        zip(statsAt, readyAt).compactMap { stats, ready in
            guard let stats, let ready else { return nil }
            return max(stats, ready)
        }
    }

    func name(_ node: Int) -> String { "node-\(10_000 + node)" }

    mutating func forget() {
        counts = Counts()
        changes = []
    }

    /// Serves until a line comes in on standard input, or for as long as nothing else happens.
    ///
    /// - Returns: whether standard input has something to read.
    mutating func serve() -> Bool {
        var ready = [epoll_event](repeating: epoll_event(), count: 256)
        while true {
            let found = epoll_wait(events, &ready, 256, -1)
            var isAsked = false
            for place in 0..<max(0, Int(found)) {
                let socket = ready[place].data.fd
                if socket == STDIN_FILENO {
                    isAsked = true
                } else if case .listener(let port)? = sockets[socket] {
                    accept(on: socket, port)
                } else {
                    receive(socket)
                }
            }
            if isAsked { return true }
        }
    }

    func watch(_ socket: Int32) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: socket))
        epoll_ctl(events, EPOLL_CTL_ADD, socket, &event)
    }

    private mutating func listen() {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(socket, pointer, length) == 0 && Glibc.listen(socket, 64) == 0
                    && getsockname(socket, pointer, &length) == 0
            }
        }
        guard isListening else { fatalError("cannot listen: \(String(cString: strerror(errno)))") }
        sockets[socket] = .listener(port: ports.count)
        ports.append(Int(UInt16(bigEndian: address.sin_port)))
        watch(socket)
    }

    private mutating func accept(on listener: Int32, _ port: Int) {
        let socket = Glibc.accept(listener, nil, nil)
        guard socket >= 0 else { return }
        var yes: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        counts.connections += 1
        openConnections += 1
        sockets[socket] = .connection(port: port, pending: [])
        watch(socket)
    }

    private mutating func receive(_ socket: Int32) {
        guard case .connection(let port, var pending)? = sockets[socket] else { return }
        let received = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            count = max(0, recv(socket, buffer.baseAddress, buffer.count, 0))
        }
        guard !received.isEmpty else { return end(socket) }
        pending += received
        while let request = Request(&pending) {
            answer(request, at: port, socket)
            if request.isLast { return end(socket) }
        }
        sockets[socket] = .connection(port: port, pending: pending)
    }

    private mutating func end(_ socket: Int32) {
        sockets[socket] = nil
        openConnections -= 1
        close(socket)
    }

    /// Even ports are those of APIs.
    private mutating func answer(_ request: Request, at port: Int, _ socket: Int32) {
        let node = port / 2
        let now = Crowd.now()
        if counts.first == 0 { counts.first = now }
        counts.last = now
        let operation = port % 2 == 0 ? request.operation : "ready"
        counts.calls[operation, default: 0] += 1
        var body = ""
        switch operation {
        case "GetMode": body = "{\"mode\":\"\(modes[node])\"}"
        case "ChangeMode":
            if let mode = request.mode {
                modes[node] = mode
                changes.append(Change(node: node, mode: mode, at: now))
            }
            body = "{\"mode\":\"\(modes[node])\"}"
        case "GetStatsReport":
            body = """
                {"version":"2025.1.1","total_ongoing_connections":0,"total_session_created":20,\
                "total_session_destroyed":20,"total_connection_created":90,"total_connection_destroyed":90}
                """
        case "ListClusterNodes": body = list(around: node)
        default: break
        }
        send(
            socket,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
        if operation == "GetStatsReport" { statsAt[node] = statsAt[node] ?? Crowd.now() }
        if operation == "ready" { readyAt[node] = readyAt[node] ?? Crowd.now() }
    }

    private func list(around node: Int) -> String {
        let first = node / clusterSize * clusterSize
        let rows = (first..<min(first + clusterSize, count)).map { member in
            """
            {"node_name":"\(name(member))","epoch":1,"mode":"\(modes[member])","sora_version":"2025.1.1",\
            "connected":true,"temporary_node":false}
            """
        }
        return "[\(rows.joined(separator: ","))]"
    }

    private func send(_ socket: Int32, _ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
    }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
