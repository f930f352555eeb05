import Foundation
import Glibc

/// One HTTP call to a server of this machine: the admin API has no other client here.
struct LoopbackCall {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Seconds until it is given up.
    static let limit = 5

    /// `http://127.0.0.1:PORT/`
    var address: String

    func get(_ path: String) throws -> (status: Int, body: String) { try call("GET", path, "") }

    /// - Parameter body: JSON.
    func post(_ path: String, _ body: String) throws -> (status: Int, body: String) { try call("POST", path, body) }

    /// A call of the mode API, as an application makes it.
    func ask(_ operation: String, _ body: String = "") throws -> (status: Int, body: String) {
        try call("POST", "/", body, headers: "x-sora-target: Sora_20211215.\(operation)\r\n")
    }

    private func call(
        _ method: String, _ path: String, _ body: String, headers: String = ""
    ) throws -> (status: Int, body: String) {
        guard let url = URL(string: address), let host = url.host, let port = url.port.flatMap(UInt16.init) else {
            throw Failure(description: "\(address) is not an address")
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket") }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: Self.limit, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = inet_addr(host)
        let connected = withUnsafePointer(to: &target) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(description: "no connection to \(address)") }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nContent-Type: application/json\r\n"
            + headers
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        try handle.write(contentsOf: Data(request.utf8))
        let answer = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
        guard let status = answer.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
            let end = answer.range(of: "\r\n\r\n")
        else { throw Failure(description: "not an answer: \(answer)") }
        return (status, String(answer[end.upperBound...]))
    }
}

extension LoopbackCall {
    /// Ports that were free a moment ago, all different, from below those that the system hands out by itself: nobody
    /// who asks for any port gets them meanwhile.
    static func freePorts(_ count: Int) throws -> [Int] {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        return try (0..<count).map { _ in
            for _ in 0..<1000 {
                let port = Int.random(in: 10_000..<32_000)
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                descriptors.append(descriptor)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_addr.s_addr = inet_addr("127.0.0.1")
                address.sin_port = UInt16(port).bigEndian
                let isFree = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    }
                }
                if isFree { return port }
            }
            throw Failure(description: "no port is free")
        }
    }
}
