import Foundation
import Testing

/// Authorities and certificates as openssl makes them, in a directory that is gone after the test.
final class TestCertificates: Sendable {
    struct Pair: Sendable {
        var certificate: String
        var key: String
    }

    struct Failed: Error {
        var arguments: [String]
    }

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    var path: String { directory.path }

    func file(_ name: String) -> String { path + "/" + name }

    /// `NAME.pem` and `NAME.key` of an authority.
    @discardableResult
    func authority(_ name: String) throws -> String {
        try openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
                + ["-keyout", "\(name).key", "-out", "\(name).pem", "-subj", "/CN=\(name)"])
        return file("\(name).pem")
    }

    /// `NAME.pem` and `NAME.key`, signed.
    ///
    /// - Parameter days: from now on; nil: it expired long ago.
    @discardableResult
    func certificate(
        _ name: String, by authority: String, for subject: String = "IP:127.0.0.1", days: Int? = 30
    ) throws -> Pair {
        try "subjectAltName=\(subject)\n".write(toFile: file("\(name).ext"), atomically: true, encoding: .utf8)
        try openssl(
            ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "\(name).key"]
                + ["-out", "\(name).csr", "-subj", "/CN=\(name)"])
        guard let days else {
            try expire(name, by: authority)
            return Pair(certificate: file("\(name).pem"), key: file("\(name).key"))
        }
        try openssl(
            ["x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key"]
                + ["-CAcreateserial", "-days", "\(days)", "-extfile", "\(name).ext", "-out", "\(name).pem"])
        return Pair(certificate: file("\(name).pem"), key: file("\(name).key"))
    }

    private func expire(_ name: String, by authority: String) throws {
        let configuration = """
            [ca]
            default_ca = here
            [here]
            database = index.txt
            new_certs_dir = .
            default_md = sha256
            policy = names
            rand_serial = yes
            [names]
            commonName = supplied

            """
        try configuration.write(toFile: file("ca.cnf"), atomically: true, encoding: .utf8)
        try "".write(toFile: file("index.txt"), atomically: true, encoding: .utf8)
        try openssl(
            ["ca", "-batch", "-config", "ca.cnf", "-notext", "-in", "\(name).csr"]
                + ["-cert", "\(authority).pem", "-keyfile", "\(authority).key", "-extfile", "\(name).ext"]
                + ["-startdate", "20250101000000Z", "-enddate", "20250201000000Z", "-out", "\(name).pem"])
    }

    /// The other's place is taken by it.
    func copy(_ name: String, to other: String) throws {
        let bytes = try Data(contentsOf: URL(filePath: file(name)))
        try bytes.write(to: URL(filePath: file(other)))
    }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = URL(filePath: path)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(arguments: arguments) }
    }
}
