/// Why the daemon did not start, or did not go on.
package enum DaemonError: Error, Sendable, CustomStringConvertible {
    case state(StateError)
    case journal(JournalError)
    /// The policies are wrong, and the journal has none from an earlier start.
    case noPolicies
    case cannotListen(ListenAddress, reason: String)
    case loop(LoopFailure)
    /// A daemon that acted has left that undone, and one that only observes would leave it so.
    case leavesUndone([String])
    case embedded(EmbeddedFailure)

    package var description: String {
        switch self {
        case .state(let error): "\(error)"
        case .journal(let error): "\(error)"
        case .noPolicies: "there are no policies to work by, neither these nor any from an earlier start"
        case .cannotListen(let address, let reason): "the API cannot listen on \(address): \(reason)"
        case .leavesUndone(let left):
            "with --observe-only this would be left as it is:\n  \(left.joined(separator: "\n  "))"
        case .loop(let failure): "\(failure): nothing more is sent, the nodes stay as they are"
        case .embedded(let failure): "\(failure)"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .cannotListen(let address, _):
            "another nagi daemon may be there (nagi status --address \(address)); a free port: --listen \(address.host):0"
        case .leavesUndone:
            "start it without --observe-only and let it finish, or leave that so: --observe-only --force"
        case .state, .journal, .noPolicies, .loop, .embedded: nil
        }
    }
}
