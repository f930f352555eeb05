import Scheduling

/// Certificates are exchanged under a running daemon, mostly by a program that tells nobody.
extension CallSettings {
    /// Files of a cluster that are others than those in use, or that cannot be read any more.
    struct CertificateChange: Sendable {
        fileprivate var cluster: String
        fileprivate var settings: TLSSettings
        fileprivate var result: Result<NodeTLS, NodeTLS.Unusable>
    }

    /// What came of a change.
    enum CertificateNews: Hashable, Sendable {
        case taken(cluster: String)
        /// Those in use stay: half a file is no reason to lose sight of a node.
        case refused(cluster: String, reason: String)
    }

    /// Reads the files of every cluster again: never on the control loop.
    func certificateChanges(directory: String) -> [CertificateChange] {
        var reader = NodeTLS.Reader(directory: directory)
        return clusters.sorted { $0.key < $1.key }.compactMap { name, cluster in
            guard let settings = cluster.tlsSettings else { return nil }
            let current = (try? cluster.tls.get())?.digest
            do throws(NodeTLS.Unusable) {
                if try reader.files(settings).digest == current, cluster.laterFault == nil { return nil }
                return CertificateChange(cluster: name, settings: settings, result: .success(try reader.tls(settings)))
            } catch {
                return CertificateChange(cluster: name, settings: settings, result: .failure(error))
            }
        }
    }

    /// - Returns: nil where there is nothing new to tell.
    mutating func take(_ change: CertificateChange) -> CertificateNews? {
        // The policies may have been read again meanwhile.
        guard var cluster = clusters[change.cluster], cluster.tlsSettings == change.settings else { return nil }
        defer { clusters[change.cluster] = cluster }
        switch change.result {
        case .success(let tls):
            let isSame = (try? cluster.tls.get())?.digest == tls.digest
            if !isSame { cluster.tls = .success(tls) }
            cluster.laterFault = nil
            return isSame ? nil : .taken(cluster: change.cluster)
        case .failure(let fault):
            if case .failure(let known) = cluster.tls {
                cluster.tls = .failure(fault)
                return known == fault ? nil : .refused(cluster: change.cluster, reason: fault.description)
            }
            guard cluster.laterFault != fault else { return nil }
            cluster.laterFault = fault
            return .refused(cluster: change.cluster, reason: fault.description)
        }
    }
}
