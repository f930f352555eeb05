import Foundation
import Glibc

/// Two ports that were free a moment ago, from below those that the system hands out by itself: nobody who asks for
/// any port gets them meanwhile.
struct FreePorts: Sendable {
    let apiPort: Int
    let signaling: Int

    init() throws {
        let first = try Self.free()
        var second = try Self.free()
        while second == first { second = try Self.free() }
        (apiPort, signaling) = (first, second)
    }

    var api: String { "http://127.0.0.1:\(apiPort)/" }
    var ready: String { "http://127.0.0.1:\(signaling)/.ok" }

    private static func free() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 10_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
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
        throw POSIXError(.EADDRINUSE)
    }
}
