import Primitives

/// Something that a person should look at, for as long as it lasts.
package struct Alarm: Hashable, Sendable, Codable {
    package enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        case stuck
        case contested
        case clockNotTrusted = "clock-not-trusted"
        case clockDiffers = "clock-differs"
        case nothingAnswers = "nothing-answers"
        case listContradicts = "list-contradicts"
        case wrongAddress = "wrong-address"
        case wrongTopology = "wrong-topology"
        case releaseWaits = "release-waits"
        case writeRefused = "write-refused"
        case holdEnds = "hold-ends"
        /// Members that are in no policy, and may not be called where the lists say that they are.
        case addressRefused = "address-refused"
        /// No node of the cluster is known, and no seed says who is in it.
        case noSeedAnswers = "no-seed-answers"
    }

    /// What it is about; there is one alarm for each.
    package struct Key: Hashable, Sendable, Codable, Comparable {
        package var code: Code
        package var cluster: String?
        package var node: NodeID?
        package var run: RunID?

        package init(_ code: Code, cluster: String? = nil, node: NodeID? = nil, run: RunID? = nil) {
            self.code = code
            self.cluster = cluster ?? node?.cluster
            self.node = node
            self.run = run
        }

        private var text: String {
            "\(code.rawValue) \(cluster ?? "") \(node?.name ?? "") \(run?.text ?? "")"
        }

        package static func < (a: Key, b: Key) -> Bool { a.text < b.text }
    }

    package var key: Key
    package var text: String
    package var since: Timestamp

    package init(_ key: Key, _ text: String, since: Timestamp) {
        self.key = key
        self.text = text
        self.since = since
    }
}
