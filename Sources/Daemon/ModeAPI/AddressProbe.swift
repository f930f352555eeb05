import Foundation
import NIOCore
import NIOPosix

/// Whether anything takes connections at an address. Nothing is ever sent on one.
enum AddressProbe {
    struct Place: Hashable, Sendable {
        var host: String
        var port: Int
    }

    static func place(of url: String) -> Place? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
        let port = parts.port ?? (parts.scheme?.lowercased() == "https" ? 443 : 80)
        return Place(host: host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")), port: port)
    }

    static func answers(_ place: Place, within limit: TimeAmount, on group: any EventLoopGroup) async -> Bool {
        let channel = try? await ClientBootstrap(group: group).connectTimeout(limit)
            .connect(host: place.host, port: place.port).get()
        try? await channel?.close()
        return channel != nil
    }
}
