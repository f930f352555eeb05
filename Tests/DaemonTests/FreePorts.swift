import Foundation
import Glibc

/// Two ports that were free a moment ago.
struct FreePorts: Sendable {
    let apiPort: Int
    let signaling: Int

    init() throws {
        let sockets = [try Self.bound(), try Self.bound()]
        for (descriptor, _) in sockets { close(descriptor) }
        (apiPort, signaling) = (sockets[0].port, sockets[1].port)
    }

    var api: String { "http://127.0.0.1:\(apiPort)/" }
    var ready: String { "http://127.0.0.1:\(signaling)/.ok" }

    private static func bound() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
