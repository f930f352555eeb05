/// Where one node's mode API and its readiness probe are.
package struct NodeAddress: Hashable, Sendable, Codable {
    /// Where the mode API listens, `http://host:port/path`.
    package var api: String
    /// The readiness probe; nil: none.
    package var ready: String?

    package init(api: String, ready: String?) {
        self.api = api
        self.ready = ready
    }
}
