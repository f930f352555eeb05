/// Where the daemon's HTTP API listens: a loopback address and a port. It has no TLS, so nothing else is taken.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case unreadable(String)
        case notLoopback(String)

        package var description: String {
            switch self {
            case .unreadable(let text): "\"\(text)\" is not an address: write 127.0.0.1:8787 or [::1]:8787"
            case .notLoopback(let host):
                "\(host) is not a loopback address: the API has no TLS, so it listens on 127.0.0.1 or [::1] only"
            }
        }
    }

    static let loopbackNames: Set<String> = ["127.0.0.1", "::1", "localhost"]
    package static let standard = ListenAddress(host: "127.0.0.1", port: 8787)

    /// Without brackets.
    package var host: String
    /// 0: any free one.
    package var port: Int

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package init(_ text: String) throws(Fault) {
        guard let (host, port) = Self.split(text), let port else { throw .unreadable(text) }
        guard Self.loopbackNames.contains(host) else { throw .notLoopback(host) }
        // Names can be made to mean something else.
        self.init(host: host == "localhost" ? "127.0.0.1" : host, port: port)
    }

    package func with(port: Int) -> ListenAddress { ListenAddress(host: host, port: port) }

    package var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// Host and port of `host`, `host:port`, `[host]` or `[host]:port`.
    static func split(_ text: String) -> (host: String, port: Int?)? {
        var rest = Substring(text)
        let host: Substring
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.count <= 5, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = Int(digits), port <= 65535
        else { return nil }
        return (String(host), port)
    }
}
