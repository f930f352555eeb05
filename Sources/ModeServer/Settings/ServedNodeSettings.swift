import ModeCore
import Primitives

/// One node that is served, and where.
package struct ServedNodeSettings: Sendable {
    /// Each time that a session empties is remembered for so long.
    package static let maxGracePeriod = Duration.hours(1)

    package var node: NodeSettings
    /// A loopback address: the mode API has no authentication of its own.
    package var host: String
    /// Port of the mode API; 0 takes a free one.
    package var apiPort: Int
    /// Port of signaling and `/.ok`; 0 takes a free one.
    package var signalingPort: Int
    package var webhooks: WebhookSettings
    package var signaling: SignalingSettings

    package init(
        _ node: NodeSettings, host: String = "127.0.0.1", apiPort: Int = 0, signalingPort: Int = 0,
        webhooks: WebhookSettings = WebhookSettings(), signaling: SignalingSettings = SignalingSettings()
    ) {
        self.node = node
        self.host = host
        self.apiPort = apiPort
        self.signalingPort = signalingPort
        self.webhooks = webhooks
        self.signaling = signaling
    }

    func check() throws(ModeServerError) {
        guard Self.isLoopback(host) else { throw .notLoopback(host) }
        for port in [apiPort, signalingPort] where !(0...65535).contains(port) {
            throw .invalid("\(port) is not a port: ports are 0 to 65535")
        }
        guard (1...128).contains(node.version.utf8.count), node.version.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .invalid("a version is 1 to 128 visible ASCII characters") }
        guard (.zero...Self.maxGracePeriod).contains(node.gracePeriod) else {
            throw .invalid("a grace period is at most an hour, and can't be negative")
        }
        guard node.maxConnections > 0 else { throw .invalid("a node must be licensed for at least one connection") }
        try webhooks.check()
        try signaling.check()
    }

    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
