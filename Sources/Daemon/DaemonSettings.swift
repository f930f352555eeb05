import PolicyFile
import Scheduling

/// What reading the policy files gave.
package struct PolicyReading: Sendable {
    /// Nil where any of them is wrong.
    package var set: PolicySet?
    /// Errors and warnings as lines for people.
    package var messages: [String]
    /// The documents as they are written, where whoever read them kept them: to say what the next text changes.
    package var written: WrittenPolicies?

    package init(set: PolicySet?, messages: [String] = [], written: WrittenPolicies? = nil) {
        self.set = set
        self.messages = messages
        self.written = written
    }
}

package struct DaemonSettings: Sendable {
    package var state: StateDirectory
    package var listen: ListenAddress
    /// Where relative commands and secret files start. Absolute.
    package var policyDirectory: String
    /// The policies, for whoever is told to check them: that directory, or a file in it.
    package var policyPath: String
    package var environment: [String: String]
    /// What a daemon that only observes does about a journal in which something is left undone.
    package enum Mode: Sendable {
        case acts
        /// Sends nothing and runs no command; refused where something is left undone.
        case observes
        case observesAnyway
    }

    package var mode: Mode
    /// The program that has the verb `exec-step`.
    package var executable = "/proc/self/exe"
    /// How often the files of `api.tls` are looked at.
    package var certificateCheck = Duration.seconds(60)

    package init(
        state: StateDirectory, listen: ListenAddress = .standard, policyDirectory: String,
        policyPath: String? = nil, environment: [String: String], mode: Mode = .acts
    ) {
        self.mode = mode
        self.state = state
        self.listen = listen
        self.policyDirectory = policyDirectory
        self.policyPath = policyPath ?? policyDirectory
        self.environment = environment
    }
}
