import Primitives

/// The facts that a command gets as environment variables, never pasted into its arguments.
enum CommandEnvironment {
    static func facts(
        node: ClusterNode?, address: NodeAddress, cluster: String, run: RunID, revision: String?
    ) -> [String: String] {
        var environment = ["NAGI_NODE_API": address.api, "NAGI_CLUSTER": cluster, "NAGI_RUN": run.text]
        environment["NAGI_NODE"] = node?.name
        environment["NAGI_REVISION"] = revision
        for (label, value) in (node?.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
            environment["NAGI_LABEL_\(variable(label))"] = value
        }
        return environment
    }

    /// Upper case, with everything that no variable name may hold as `_`.
    private static func variable(_ label: String) -> String {
        String(label.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
