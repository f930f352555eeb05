import Glibc

/// Asks the operating system whether a port could be listened on right now.
enum PortProbe {
    /// Nil: it could; else why not.
    ///
    /// - Parameter host: an address in numbers, without brackets.
    static func obstacle(host: String, port: Int) -> String? {
        let isVersion6 = host.contains(":")
        let descriptor = socket(
            isVersion6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return reason() }
        defer { close(descriptor) }
        // As the listeners do: connections of a process before this one are no obstacle.
        var isReused: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        var bound: Int32
        if isVersion6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(clamping: port).bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            bound = withUnsafePointer(to: &address) { bind($0, to: descriptor) }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(clamping: port).bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            bound = withUnsafePointer(to: &address) { bind($0, to: descriptor) }
        }
        // Two sockets may both be bound with that option; only one of them may listen.
        if bound == 0 { bound = listen(descriptor, 1) }
        return bound == 0 ? nil : reason()
    }

    private static func bind<Address>(_ address: UnsafePointer<Address>, to descriptor: Int32) -> Int32 {
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
