/// Why the state directory cannot be used.
package enum StateError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotMake(path: String, reason: String)
    case cannotRead(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    /// Another daemon uses the directory.
    case inUse(path: String, pid: String)
    case badToken(path: String)

    package var description: String {
        switch self {
        case .cannotMake(let path, let reason): "\(path) cannot be made: \(reason)"
        case .cannotRead(let path, let reason): "\(path) cannot be read: \(reason)"
        case .cannotWrite(let path, let reason): "\(path) cannot be written: \(reason)"
        case .inUse(let path, let pid):
            "another nagi daemon (pid \(pid)) uses the state directory \(path); stop it, or give --state another one"
        case .badToken(let path): "\(path) holds no token; remove it, and the next start makes a new one"
        }
    }
}
