import Daemon
import Foundation
import Glibc

/// A caller that asks and then does not take the answer.
final class SlowReader {
    private let descriptor: Int32

    init(_ address: ListenAddress, _ path: String, token: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var small: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &small, socklen_t(MemoryLayout<Int32>.size))
        var peer = sockaddr_in()
        peer.sin_family = sa_family_t(AF_INET)
        peer.sin_addr.s_addr = inet_addr("127.0.0.1")
        peer.sin_port = UInt16(address.port).bigEndian
        let isConnected = withUnsafePointer(to: &peer) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(.ECONNREFUSED) }
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\n\r\n"
        guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else {
            throw POSIXError(.EPIPE)
        }
    }

    /// Whether the other side has closed the connection. What it sent stands in the way of seeing that: a byte of ours that
    /// is sent back tells.
    func isCutOff() -> Bool {
        let sent = send(descriptor, "\r\n", 2, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        return sent < 0 && (errno == EPIPE || errno == ECONNRESET)
    }

    deinit { Glibc.close(descriptor) }
}
