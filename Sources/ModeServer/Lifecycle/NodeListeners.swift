import Hummingbird
import ModeCore
import NIOCore

/// The two listeners of one node. They keep their ports over closing and opening again.
actor NodeListeners {
    private let settings: ServedNodeSettings
    private let serverName: String
    private let bodyDeadline: Duration
    private let served: ServedCluster
    private let directory: NodeDirectory
    private let index: Int
    private var apiPort: Int
    private var signalingPort: Int
    private var api: HTTPListener?
    private var signaling: SignalingListener?

    init(index: Int, settings: ModeServerSettings, served: ServedCluster, directory: NodeDirectory) {
        self.index = index
        self.settings = settings.nodes[index]
        self.serverName = settings.serverName
        self.bodyDeadline = settings.bodyDeadline
        self.served = served
        self.directory = directory
        self.apiPort = settings.nodes[index].apiPort
        self.signalingPort = settings.nodes[index].signalingPort
    }

    /// Opens what is closed.
    func open() async throws {
        let answers = ModeAnswers()
        if api == nil {
            let responder = ModeAPIResponder(
                index: index, served: served, directory: directory, answers: answers, bodyDeadline: bodyDeadline)
            let listener = try await listen(on: apiPort, responder)
            apiPort = listener.port
            api = listener
        }
        if signaling == nil {
            let listener = try await openSignaling()
            signalingPort = listener.port
            signaling = listener
        }
        directory.set(
            ServedNode(
                name: settings.node.name, host: settings.host, apiPort: apiPort, signalingPort: signalingPort),
            for: index)
    }

    /// Refuses connections and drops the open ones.
    func close(because disconnection: Disconnection = Disconnection(.nodeStopped)) async {
        let open = (api, signaling)
        (api, signaling) = (nil, nil)
        await open.0?.close()
        await open.1?.close(because: disconnection)
    }

    private func openSignaling() async throws -> SignalingListener {
        do {
            return try await SignalingListener.open(
                host: settings.host, port: signalingPort,
                SignalingNode(
                    index: index, served: served, directory: directory, settings: settings.signaling,
                    serverName: serverName))
        } catch let error as IOError {
            throw ModeServerError.cannotListen(host: settings.host, port: signalingPort, reason: "\(error)")
        }
    }

    private func listen<Responder: HTTPResponder>(
        on port: Int, _ responder: Responder
    ) async throws -> HTTPListener where Responder.Context == ListenerContext {
        do {
            return try await HTTPListener.open(
                host: settings.host, port: port, serverName: serverName, responder: responder)
        } catch let error as IOError {
            throw ModeServerError.cannotListen(host: settings.host, port: port, reason: "\(error)")
        }
    }
}
