import Synchronization

/// Where a served node can be reached.
package struct ServedNode: Hashable, Sendable {
    package var name: String
    /// `http://127.0.0.1:3000/`
    package var api: String
    /// `ws://127.0.0.1:5000/signaling`
    package var signaling: String
    /// `http://127.0.0.1:5000/.ok`
    package var ready: String

    init(name: String, host: String, apiPort: Int, signalingPort: Int) {
        let authority = host.contains(":") ? "[\(host)]" : host
        self.name = name
        self.api = "http://\(authority):\(apiPort)/"
        self.signaling = "ws://\(authority):\(signalingPort)/signaling"
        self.ready = "http://\(authority):\(signalingPort)/.ok"
    }
}

/// The addresses of a mode server, as it prints them.
package struct ServedAddresses: Hashable, Sendable {
    package var nodes: [ServedNode]
    /// The admin API; nil if it is off.
    package var admin: String?

    /// One line: `{"nodes":[{"name","api","signaling","ready"}],"admin"}`.
    package var json: String {
        let value: JSONValue = [
            "nodes": .array(
                nodes.map {
                    [
                        "name": .string($0.name), "api": .string($0.api), "signaling": .string($0.signaling),
                        "ready": .string($0.ready),
                    ]
                }),
            "admin": admin.map(JSONValue.string) ?? .null,
        ]
        return value.text
    }

    /// Columns for people.
    package var table: String {
        let rows = [["NODE", "API", "SIGNALING", "READY"]] + nodes.map { [$0.name, $0.api, $0.signaling, $0.ready] }
        let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                .trimmingSuffix()
        }
        if let admin { lines.append("admin  \(admin)") }
        return lines.joined(separator: "\n")
    }
}

extension String {
    fileprivate func trimmingSuffix() -> String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

/// The addresses of the nodes by index, known once their listeners are open.
final class NodeDirectory: Sendable {
    private let nodes = Mutex<[Int: ServedNode]>([:])

    subscript(index: Int) -> ServedNode? { nodes.withLock { $0[index] } }

    func set(_ node: ServedNode, for index: Int) { nodes.withLock { $0[index] = node } }
}
