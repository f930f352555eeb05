import Hummingbird
import NIOCore

/// What is known of a request beside its bytes.
struct CallerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Its connection.
    let channel: any Channel
    private let peer: SocketAddress?
    private let own: SocketAddress?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        (peer, own) = (source.channel.remoteAddress, source.channel.localAddress)
    }

    /// The user of this machine who asks.
    var user: String? {
        guard let peer = peer?.port, let own = own?.port else { return nil }
        return LocalPeer.user(at: peer, calling: own)
    }
}
