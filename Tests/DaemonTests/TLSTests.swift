import Daemon
import Foundation
import ModeCore
import NIOSSL
import Primitives
import Testing

@testable import Scheduling

/// https to the nodes, with certificates of one's own.
@Suite struct TLSTests {
    private let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates()
        try certificates.authority("ca")
    }

    private func policies(
        _ node: TLSNode, _ tls: TLSSettings? = TLSSettings(caFile: "ca.pem"), url: String? = nil
    ) -> PolicySet {
        PolicySet(
            clusters: [
                ClusterPolicy(
                    name: "tokyo", topology: .standalone,
                    nodes: [ClusterNode(name: "node-01", api: url ?? node.url, ready: node.url + ".ok")],
                    api: APISettings(timeout: .seconds(5), tls: tls),
                    observe: ObserveSettings(interval: .milliseconds(200)))
            ], digest: "d1")
    }

    private func client() -> ModeAPIClient { ModeAPIClient(directory: certificates.path, environment: [:]) }

    /// `normal`, or why it is not known.
    private func seen(_ set: PolicySet, _ client: ModeAPIClient) async -> String {
        switch await client.read(node01, .whole, at: set.address) {
        case .observed(let seen): seen.ready == true ? "\(seen.mode)" : "\(seen.mode), not ready"
        case .readFailed(_, _, _, let failure): "\(failure)"
        default: "nothing"
        }
    }

    private func daemon(
        _ set: PolicySet, certificateCheck: Duration = .seconds(60), log: LogLines = LogLines()
    ) throws -> DaemonService {
        var settings = DaemonSettings(
            state: StateDirectory(path: certificates.file("state")), listen: try ListenAddress("127.0.0.1:0"),
            policyDirectory: certificates.path, environment: [:])
        settings.certificateCheck = certificateCheck
        return DaemonService(settings: settings, readPolicies: { PolicyReading(set: set) }, log: log.add)
    }

    /// Nil where it does not listen yet.
    private func api(of service: DaemonService) -> DaemonConnection? {
        guard let address = service.listeningAddress,
            let token = try? StateDirectory(path: certificates.file("state")).existingToken()
        else { return nil }
        return DaemonConnection(address: address, token: token)
    }

    /// The mode of the one node.
    private func observed(by service: DaemonService) async -> String? {
        try? await api(of: service)?.status().document.clusters.first?.nodes.first?.observed
    }

    private func seen(_ set: PolicySet) async -> String {
        let client = client()
        client.use(set)
        let text = await seen(set, client)
        await client.shutdown()
        return text
    }

    @Test func `a certificate of the own authority is taken, for the mode API and the probe`() async throws {
        let node = try await TLSNode(try certificates.certificate("node", by: "ca"))
        #expect(await seen(policies(node)) == "normal")
        let change = change(.normal)
        let client = client()
        client.use(policies(node))
        #expect(await client.change(change, to: policies(node).address).outcome == .alreadyThere)
        await client.shutdown()
        node.stop()
    }

    @Test func `what is wrong with a certificate is said in words, with its end`() async throws {
        try certificates.authority("other")
        let stranger = try await TLSNode(try certificates.certificate("stranger", by: "other"))
        let text = await seen(policies(stranger))
        #expect(text.hasPrefix("TLS: its certificate is signed by nobody that ca.pem trusts (it ends 20"), "\(text)")
        let host = await seen(policies(stranger, nil))
        #expect(host.hasPrefix("TLS: its certificate is signed by nobody that this host trusts"), "\(host)")
        stranger.stop()

        let old = try await TLSNode(try certificates.certificate("old", by: "ca", days: nil))
        let expired = await seen(policies(old))
        #expect(expired == "TLS: its certificate expired at 2025-02-01T00:00:00Z")
        old.stop()

        let elsewhere = try await TLSNode(try certificates.certificate("elsewhere", by: "ca", for: "DNS:a.example"))
        #expect(await seen(policies(elsewhere)) == "TLS: its certificate is for a.example, not for 127.0.0.1")
        elsewhere.stop()
    }

    @Test func `a node that is not trusted is sent nothing`() async throws {
        let node = try await TLSNode(try certificates.certificate("old", by: "ca", days: nil))
        let client = client()
        client.use(policies(node))
        let answer = await client.change(change(.blockNewSession), to: policies(node).address)
        guard case .notSent(let reason) = answer.outcome else {
            Issue.record("\(answer)")
            return
        }
        #expect(reason.description.contains("expired"))
        await client.shutdown()
        node.stop()
    }

    @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
    func `a certificate of the daemon is shown where it is asked for`(latest: TLSVersion) async throws {
        let pair = try certificates.certificate("node", by: "ca")
        try certificates.certificate("me", by: "ca", for: "DNS:nagi")
        try certificates.authority("other")
        try certificates.certificate("forged", by: "other", for: "DNS:nagi")
        let node = try await TLSNode(pair, clientCA: certificates.file("ca.pem"), latest: latest)
        let mine = TLSSettings(caFile: "ca.pem", certificateFile: "me.pem", keyFile: "me.key")
        #expect(await seen(policies(node, mine)) == "normal")
        let none = await seen(policies(node))
        // Before TLS 1.3 the answer is the same as where no cipher is shared.
        let wanted =
            latest == .tlsv13
            ? "it wants a certificate of the daemon: api.tls.certificateFile"
            : "the handshake was refused: a certificate of the daemon may be wanted (api.tls.certificateFile), or other ciphers"
        #expect(none == "TLS: " + wanted)
        let forged = TLSSettings(caFile: "ca.pem", certificateFile: "forged.pem", keyFile: "forged.key")
        let refused = await seen(policies(node, forged))
        #expect(refused.hasPrefix("TLS: it refuses the daemon's certificate"), "\(refused)")
        node.stop()
    }

    @Test func `http where https is meant is told from a dead node`() async throws {
        let plain = try await TLSNode(nil)
        let node = try await TLSNode(try certificates.certificate("node", by: "ca"))
        let text = await seen(policies(node, url: "https://127.0.0.1:\(plain.port)/"))
        #expect(text == "TLS: what answers there does not speak it: https where http is meant?")
        plain.stop()
        node.stop()
    }

    @Test func `files that cannot be used make the node unreachable and are named`() async throws {
        let node = try await TLSNode(try certificates.certificate("node", by: "ca"))
        try certificates.certificate("me", by: "ca")
        try Data("-----BEGIN nonsense".utf8).write(to: URL(filePath: certificates.file("bad.pem")))
        let cases: [(TLSSettings, String)] = [
            (TLSSettings(caFile: "gone.pem"), "gone.pem cannot be read: open: No such file"),
            (TLSSettings(caFile: "bad.pem"), "bad.pem has no certificate that can be read"),
            (TLSSettings(certificateFile: "me.pem", keyFile: "me.pem"), "me.pem has no key that can be read"),
            (
                TLSSettings(certificateFile: "me.pem", keyFile: "node.key"),
                "me.pem and node.key do not belong together"
            ),
        ]
        for (tls, words) in cases {
            let text = await seen(policies(node, tls))
            #expect(text.hasPrefix("api.tls: ") && text.contains(words), "\(text)")
        }
        node.stop()
    }

    @Test func `new files are used by new calls, and half a file is not`() async throws {
        try certificates.authority("next")
        let first = try certificates.certificate("node", by: "ca")
        let second = try certificates.certificate("renewed", by: "next")
        try certificates.copy("ca.pem", to: "trusted.pem")
        let node = try await TLSNode(first)
        let set = policies(node, TLSSettings(caFile: "trusted.pem"))
        let client = client()
        client.use(set)
        #expect(await seen(set, client) == "normal")
        #expect(client.refreshCertificates().isEmpty)

        try Data("-----BEGIN".utf8).write(to: URL(filePath: certificates.file("trusted.pem")))
        let told = client.refreshCertificates()
        #expect(told.map(\.isFault) == [true] && told[0].text.contains("trusted.pem"))
        #expect(client.refreshCertificates().isEmpty, "it is told once")
        #expect(await seen(set, client) == "normal", "those in use stay")
        client.use(set)
        #expect(await seen(set, client) == "normal", "also where a person has the policies read again")

        try node.show(second)
        try certificates.copy("next.pem", to: "trusted.pem")
        #expect(client.refreshCertificates().map(\.isFault) == [false])
        #expect(await seen(set, client) == "normal")
        await client.shutdown()
        node.stop()
    }

    @Test func `preflight names files that are of no use, and what ends before long`() async throws {
        try certificates.certificate("me", by: "ca", days: 3)
        let node = try await TLSNode(try certificates.certificate("node", by: "ca", days: 5))
        func findings(_ tls: TLSSettings) async -> [PreflightFinding] {
            await Preflight(policies(node, tls), policyDirectory: certificates.path, environment: [:]).sections()
                .flatMap(\.findings)
        }
        let soon = await findings(TLSSettings(caFile: "ca.pem", certificateFile: "me.pem", keyFile: "me.key"))
        #expect(soon.allSatisfy { $0.severity == .warning && $0.code == .certificateEnds }, "\(soon)")
        #expect(soon.map(\.node) == [nil, "node-01"] || soon.map(\.node) == [nil, "node-01", "node-01"])
        #expect(soon.first?.message.hasPrefix("the certificate of me.pem ends in 2d") == true, "\(soon)")
        let gone = await findings(TLSSettings(caFile: "gone.pem"))
        #expect(gone.map(\.code) == [.certificatesUnusable] && gone[0].message.contains("gone.pem"), "\(gone)")
        node.stop()
    }

    @Test func `a reload says which file of certificates is no good, and the last good one stays`() async throws {
        try certificates.authority("next")
        try certificates.copy("ca.pem", to: "trusted.pem")
        let node = try await TLSNode(try certificates.certificate("node", by: "ca"))
        let set = policies(node, TLSSettings(caFile: "trusted.pem"))
        let service = try daemon(set)
        let task = Task { try await service.run() }
        #expect(await NagiBinary.eventually { await observed(by: service) == "normal" })
        let connection = try #require(api(of: service))
        func reload(dryRun: Bool = false) async throws -> ReloadDocument {
            try await connection.reload(ReloadRequest(dryRun: dryRun)).document
        }
        let same = try await reload()
        #expect(same.ok && same.outcome == "unchanged" && same.text == [] && same.faults == [])

        try Data("-----BEGIN".utf8).write(to: URL(filePath: certificates.file("trusted.pem")))
        for isTrial in [true, false, false] {
            let broken = try await reload(dryRun: isTrial)
            #expect(!broken.ok && broken.outcome == "unchanged" && broken.text.isEmpty)
            #expect(
                broken.faults == [
                    "api.tls of tokyo: the file \(certificates.file("trusted.pem")) has no certificate that can be read: "
                        + "PEM is wanted; those read before stay in use"
                ])
        }
        #expect(await observed(by: service) == "normal")

        try certificates.copy("next.pem", to: "trusted.pem")
        let other = try await reload()
        #expect(other.text == ["api.tls of tokyo: other certificates than before"] && other.faults == [])
        #expect(await NagiBinary.eventually { await observed(by: service) == nil })
        service.stop()
        try await task.value
        node.stop()
    }

    @Test func `a running daemon takes certificates that have changed`() async throws {
        try certificates.authority("next")
        try certificates.copy("ca.pem", to: "trusted.pem")
        let node = try await TLSNode(try certificates.certificate("renewed", by: "next"))
        let set = policies(node, TLSSettings(caFile: "trusted.pem"))
        let log = LogLines()
        let service = try daemon(set, certificateCheck: .milliseconds(50), log: log)
        let task = Task { try await service.run() }
        #expect(await NagiBinary.eventually { log.contain("signed by nobody that trusted.pem trusts") })
        try certificates.copy("next.pem", to: "trusted.pem")
        #expect(await NagiBinary.eventually { log.contain("the certificates of tokyo have changed") })
        #expect(await NagiBinary.eventually { await observed(by: service) == "normal" })
        service.stop()
        try await task.value
        node.stop()
    }
}
