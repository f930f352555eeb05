/// Where a node tells what happens on it. Each hook is called at most once for each fact, in no certain order.
package struct WebhookSettings: Hashable, Sendable {
    /// Asked before a client is admitted.
    package var auth: String?
    /// Told of `session.created`, `session.destroyed` and `session.vanished`.
    package var session: String?
    /// Told of `connection.created`, `connection.destroyed` and `connection.failed`, and of `connection.updated` where
    /// that is asked for.
    package var event: String?
    /// For one call. A hook that takes longer is given up; the auth hook's answer counts as no.
    package var timeout: Duration
    /// Whether `session.vanished` is sent; later releases of the mode feature do so only if configured.
    package var tellsVanished: Bool
    /// How often `connection.updated` is sent for each live connection; nil is never.
    package var updateInterval: Duration?

    package init(
        auth: String? = nil, session: String? = nil, event: String? = nil, timeout: Duration = .seconds(3),
        tellsVanished: Bool = true, updateInterval: Duration? = nil
    ) {
        self.auth = auth
        self.session = session
        self.event = event
        self.timeout = timeout
        self.tellsVanished = tellsVanished
        self.updateInterval = updateInterval
    }

    /// `http://` or `https://`, a host, and nothing that a URL can't have.
    func check() throws(ModeServerError) {
        for url in [auth, session, event].compactMap(\.self) {
            let isWeb = url.hasPrefix("http://") || url.hasPrefix("https://")
            guard isWeb, url.utf8.count <= 2048, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .invalid("\(url) is not the address of a webhook: http://host:port/path")
            }
        }
        guard timeout > .zero else { throw .invalid("the time-out of webhooks must be more than zero") }
        guard updateInterval.map({ $0 > .zero }) ?? true else {
            throw .invalid("the interval of updates must be more than zero")
        }
    }
}
