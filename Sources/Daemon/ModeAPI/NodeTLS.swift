import AsyncHTTPClient
import Glibc
import NIOCore
import NIOSSL
import Primitives
import Scheduling

/// What https calls of a cluster's nodes trust and show: the files of `api.tls`, read and checked.
///
/// Making one reads files: never on the control loop.
struct NodeTLS: Sendable {
    /// The longest file: the whole list of authorities of a host has a quarter of it.
    static let maxBytes = 1 << 20

    /// Why the files are of no use.
    struct Unusable: Error, Hashable, CustomStringConvertible {
        var description: String
    }

    /// Until when a certificate in a file holds.
    struct Expiry: Hashable, Sendable {
        var file: String
        var end: Timestamp
    }

    /// Connections that trust and show this. A client of their own: where a request carries its certificates, the pool of a
    /// shared one hashes and compares them all at every call, with the list of a host's authorities four times as long as the
    /// rest of the call takes.
    private let connections: Connections
    /// The file with the authorities that are trusted; nil: those of this host.
    let caFile: String?
    /// Of each file with certificates the one that ends first.
    let expiries: [Expiry]
    /// The same for the same bytes, within this process.
    let digest: Int

    init(_ files: Files) throws(Unusable) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        var expiries: [Expiry] = []
        if let file = files.ca {
            let authorities = try Self.certificates(file)
            configuration.trustRoots = .certificates(authorities)
            expiries += Self.expiry(of: authorities, file)
        }
        if let file = files.certificate, let key = files.key {
            let chain = try Self.certificates(file)
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try Self.key(key))
            expiries += Self.expiry(of: chain, file)
        }
        do {
            // Only here does it show that a key is another certificate's.
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            let pair = [files.certificate, files.key].compactMap { $0?.name }.joined(separator: " and ")
            throw Unusable(
                description: pair.isEmpty
                    ? "the certificates of \(files.ca?.name ?? "api.tls") cannot be used"
                    : "\(pair) do not belong together: the key is another certificate's")
        }
        connections = Connections(configuration)
        caFile = files.ca?.name
        self.expiries = expiries
        digest = files.digest
    }

    var client: HTTPClient { connections.client }

    private static func certificates(_ file: File) throws(Unusable) -> [NIOSSLCertificate] {
        let found = (try? NIOSSLCertificate.fromPEMBytes(file.bytes)) ?? []
        guard !found.isEmpty else {
            throw Unusable(description: "the file \(file.path) has no certificate that can be read: PEM is wanted")
        }
        return found
    }

    private static func key(_ file: File) throws(Unusable) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: file.bytes, format: .pem)
        } catch {
            throw Unusable(
                description: "the file \(file.path) has no key that can be read: PEM without a passphrase is wanted")
        }
    }

    private static func expiry(of certificates: [NIOSSLCertificate], _ file: File) -> [Expiry] {
        certificates.map(\.end).min().map { [Expiry(file: file.name, end: $0)] } ?? []
    }
}

extension NodeTLS {
    /// They end with the last call that may still need them.
    private final class Connections: Sendable {
        let client: HTTPClient

        init(_ configuration: TLSConfiguration) {
            client = HTTPExchange.makeClient(configuration)
        }

        deinit {
            client.shutdown { _ in }
        }
    }

    /// What clusters name alike is read once, and connected with once.
    struct Reader {
        /// Where relative names start.
        let directory: String
        private var known: [TLSSettings: Result<Files, Unusable>] = [:]
        private var made: [TLSSettings: Result<NodeTLS, Unusable>] = [:]

        init(directory: String) {
            self.directory = directory
        }

        mutating func files(_ settings: TLSSettings) throws(Unusable) -> Files {
            if let files = known[settings] { return try files.get() }
            let files = Result { () throws(Unusable) in try Files(settings, directory: directory) }
            known[settings] = files
            return try files.get()
        }

        mutating func tls(_ settings: TLSSettings) throws(Unusable) -> NodeTLS {
            if let tls = made[settings] { return try tls.get() }
            let tls: Result<NodeTLS, Unusable>
            do throws(Unusable) {
                tls = .success(try NodeTLS(try files(settings)))
            } catch {
                tls = .failure(error)
            }
            made[settings] = tls
            return try tls.get()
        }
    }

    struct File: Sendable {
        /// As the policy writes it.
        var name: String
        var path: String
        var bytes: [UInt8]
    }

    /// The bytes of the files that the policy names.
    struct Files: Sendable {
        let ca: File?
        let certificate: File?
        let key: File?
        let digest: Int

        /// - Parameter directory: where relative names start.
        init(_ settings: TLSSettings, directory: String) throws(Unusable) {
            ca = try Self.read(settings.caFile, directory)
            certificate = try Self.read(settings.certificateFile, directory)
            key = try Self.read(settings.keyFile, directory)
            var hasher = Hasher()
            for file in [ca, certificate, key] { hasher.combine(file?.bytes) }
            digest = hasher.finalize()
        }

        private static func read(_ name: String?, _ directory: String) throws(Unusable) -> File? {
            guard let name else { return nil }
            let path = name.hasPrefix("/") ? name : directory + "/" + name
            do throws(DurableFile.Failure) {
                // What a cluster's keeper mounts are links.
                guard let bytes = try DurableFile.read(path, limit: NodeTLS.maxBytes, followsLinks: true) else {
                    throw DurableFile.Failure("open", ENOENT)
                }
                return File(name: name, path: path, bytes: bytes)
            } catch {
                throw Unusable(description: "the file \(path) cannot be read: \(error)")
            }
        }
    }
}

extension NIOSSLCertificate {
    var begin: Timestamp { Timestamp(seconds: Int64(notValidBefore)) }
    /// Its last second.
    var end: Timestamp { Timestamp(seconds: Int64(notValidAfter)) }

    /// Hosts and addresses that it is for, as far as a few of them say it.
    var shownNames: String {
        let names = _subjectAlternativeNames().compactMap { name -> String? in
            switch name.nameType {
            case .dnsName: String(decoding: name.contents, as: UTF8.self)
            case .ipAddress: try? SocketAddress(packedIPAddress: ByteBuffer(bytes: name.contents), port: 0).ipAddress
            default: nil
            }
        }
        return names.isEmpty
            ? "no name" : names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and others" : "")
    }
}
