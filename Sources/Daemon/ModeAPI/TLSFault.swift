import Calendars
import NIOSSL
import Primitives

/// What was wrong with a TLS handshake, as far as this end can tell.
enum TLSFault: Hashable, Sendable {
    /// The certificate is good for another name or address.
    case name
    /// The certificate is not believed: too old, too young, or of somebody unknown.
    case untrusted
    /// The other end wants a certificate of the daemon.
    case wantsCertificate
    /// The other end does not take the daemon's certificate, with its word for it.
    case refusesCertificate(String)
    /// What answers there does not speak TLS.
    case noTLS
    case other(String)

    /// Nil where the error has nothing to do with TLS.
    init?(_ error: any Error) {
        if let error = error as? NIOSSLExtraError {
            self = error == .failedToValidateHostname ? .name : .other("\(error)")
            return
        }
        switch error as? NIOSSLError {
        case .unableToValidateCertificate:
            self = .name
            return
        // The end of a connection, no matter of trust.
        case .uncleanShutdown: return nil
        default: break
        }
        guard error is NIOSSLError || error is BoringSSLError else { return nil }
        self.init(text: "\(error)")
    }

    private init(text: String) {
        let words: [(String, TLSFault)] = [
            ("CERTIFICATE_VERIFY_FAILED", .untrusted), ("CERTIFICATE_REQUIRED", .wantsCertificate),
            ("WRONG_VERSION_NUMBER", .noTLS), ("HTTP_REQUEST", .noTLS),
            ("ALERT_UNKNOWN_CA", .refusesCertificate("it does not know who signed it")),
            ("ALERT_CERTIFICATE_EXPIRED", .refusesCertificate("it has expired")),
            ("ALERT_BAD_CERTIFICATE", .refusesCertificate("it is no good")),
            ("ALERT_CERTIFICATE_UNKNOWN", .refusesCertificate("it is not accepted")),
            ("ALERT_CERTIFICATE_REVOKED", .refusesCertificate("it is revoked")),
            // Before TLS 1.3, whoever wants a certificate and gets none says only this.
            (
                "ALERT_HANDSHAKE_FAILURE",
                .other(
                    "the handshake was refused: a certificate of the daemon may be wanted "
                        + "(api.tls.certificateFile), or other ciphers")
            ),
        ]
        self = words.first { text.contains($0.0) }?.1 ?? .other("the handshake failed: \(text.prefix(120))")
    }

    /// Whether it is the other end's certificate that is wrong: nothing was sent then, and that certificate says more.
    var isAboutPeer: Bool {
        switch self {
        case .name, .untrusted: true
        case .wantsCertificate, .refusesCertificate, .noTLS, .other: false
        }
    }

    /// - Parameters:
    ///   - certificate: what the other end shows; nil: it could not be had.
    ///   - authority: who is trusted: a file, or the host.
    func words(host: String, _ certificate: NIOSSLCertificate?, trusted authority: String, at now: Timestamp) -> String
    {
        switch self {
        case .name:
            guard let certificate else { return "TLS: its certificate is not for \(host)" }
            return "TLS: its certificate is for \(certificate.shownNames), not for \(host)"
        case .untrusted:
            guard let certificate else { return "TLS: its certificate is not trusted by \(authority)" }
            if certificate.end < now { return "TLS: its certificate expired at \(certificate.end.rfc3339)" }
            if certificate.begin > now { return "TLS: its certificate holds only from \(certificate.begin.rfc3339) on" }
            return
                "TLS: its certificate is signed by nobody that \(authority) trusts (it ends \(certificate.end.rfc3339))"
        case .wantsCertificate: return "TLS: it wants a certificate of the daemon: api.tls.certificateFile"
        case .refusesCertificate(let reason): return "TLS: it refuses the daemon's certificate: \(reason)"
        case .noTLS: return "TLS: what answers there does not speak it: https where http is meant?"
        case .other(let text): return "TLS: \(text)"
        }
    }
}
