import ModeCore
import NIOCore

/// The nodes of a server for whoever lives in the same process: the calls of the mode API without a socket between.
extension ModeServer {
    /// What the node answers to a `POST /` with this target and body; nil if there is no node of that name or it does
    /// not run. Fault switches do not apply.
    ///
    /// - Parameters:
    ///   - target: value of `x-sora-target`.
    ///   - body: empty for a request without a body.
    ///   - peer: who calls, for the log.
    package func call(_ target: String, body: [UInt8], on name: String, peer: String) -> ModeAPIAnswer? {
        guard let index = served.read({ $0.cluster.index(of: name) }), served.read({ $0.cluster[index].isRunning })
        else { return nil }
        let api = ModeAPIResponder(
            index: index, served: served, directory: directory, answers: ModeAnswers(),
            bodyDeadline: settings.bodyDeadline)
        return api.answer(target: target, body: ByteBuffer(bytes: body), peer: peer)
    }

    /// What `/.ok` of the node says: true is 200, false is 503; nil if there is no node of that name or it does not
    /// run.
    package func isReady(_ name: String) -> Bool? {
        served.read { state in
            guard let index = state.cluster.index(of: name), state.cluster[index].isRunning else { return nil }
            return state.cluster.isReady(index)
        }
    }
}
