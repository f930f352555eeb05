/// Why a mode server does not serve.
package enum ModeServerError: Error, Hashable, Sendable, CustomStringConvertible {
    case notLoopback(String)
    case invalid(String)
    case cannotListen(host: String, port: Int, reason: String)
    case listenerClosed(port: Int)
    case cannotWriteLog(path: String, reason: String)

    package var description: String {
        switch self {
        case .notLoopback(let host):
            "\(host) is not a loopback address; the mode API has no authentication, it is only served on loopback"
        case .invalid(let text): text
        case .cannotListen(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
        case .listenerClosed(let port): "the listener on port \(port) closed while it was opened"
        case .cannotWriteLog(let path, let reason): "cannot write the log \(path): \(reason)"
        }
    }
}
