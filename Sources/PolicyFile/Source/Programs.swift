/// The programs of the machine on which commands would run. The parser itself asks no file system.
package struct Programs: Sendable {
    package enum State: Hashable, Sendable {
        case executable
        case missing
        /// It is there, and whoever asks may not run it.
        case notExecutable
        case directory
    }

    /// What there is at the path that a policy file writes; nil where nobody can know. One that starts with `./` is
    /// relative to the directory of the policy file whose path (as in `PolicySource`) is the second argument.
    package var state: @Sendable (_ program: String, _ policyFile: String) -> State?

    package init(state: @escaping @Sendable (String, String) -> State?) {
        self.state = state
    }

    /// The policies are for another machine, or nobody wants to know.
    package static let notAsked = Programs { _, _ in nil }
}
