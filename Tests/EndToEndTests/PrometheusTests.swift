import Foundation
import Glibc
import Testing

extension DaemonScenarioTests {
    /// A Prometheus server on a port of its own, that scrapes one page: a file.
    private struct Prometheus {
        /// In the path, or where `Tests/run` unpacks it.
        static let path: String? = {
            let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let folders =
                (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
                + [package.appendingPathComponent(".build/debian/prometheus/usr/bin").path]
            return folders.map { "\($0)/prometheus" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        }()

        let stage: Stage
        let program: String
        let port: Int

        init(_ stage: Stage, _ program: String) async throws {
            self.stage = stage
            self.program = program
            port = try LoopbackCall.freePorts(1)[0]
            try FileManager.default.createDirectory(at: stage.file("page"), withIntermediateDirectories: true)
            let page = try stage.start(
                ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", "page"], program: "python3")
            let pagePort = try await eventually("the page is served", within: .seconds(10)) {
                page.outputText.firstMatch(of: /port (\d+)/)?.1
            }
            try Data(
                """
                global: {scrape_interval: 200ms, scrape_timeout: 200ms}
                scrape_configs: [{job_name: sora, static_configs: [{targets: ["127.0.0.1:\(pagePort)"]}]}]

                """.utf8
            ).write(to: stage.file("prometheus.yml"))
        }

        var url: String { "http://127.0.0.1:\(port)/" }

        /// What the page says from now on: connections that fail a second.
        func fail(_ rate: String) throws {
            try Data("sora_failing_connections \(rate)\n".utf8).write(
                to: stage.file("page/metrics"), options: .atomic)
        }

        /// Starts it, and waits until it has scraped the page.
        func start() async throws -> Program {
            let server = try stage.start(
                [
                    "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
                    "--web.listen-address=127.0.0.1:\(port)",
                ], program: program)
            try await eventually("Prometheus has scraped", within: .seconds(20), every: .milliseconds(200)) {
                guard server.isRunning else { throw Stage.Ended(description: "it ended: \(server.errorText)") }
                let answer = try? LoopbackCall(address: url).get("/api/v1/query?query=sora_failing_connections")
                return answer?.body.contains(#""value":["#) == true ? () : nil
            }
            return server
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a real Prometheus says when the next node may go, and its death is not taken for good news`() async throws {
        guard let program = Prometheus.path else {
            print("skipped: no Prometheus (the Debian package prometheus, installed, or unpacked by Tests/run)")
            return
        }
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let prometheus = try await Prometheus(stage, program)
            try prometheus.fail("7")
            let first = try await prometheus.start()
            let names = stage.nodes.map(\.name)
            let query = #"sum(sora_failing_connections{job=\"sora\"})"#
            try stage.writeRollout(
                nodes: Array(names.prefix(2)),
                more: """
                    gates:
                      - name: connections-fail
                        prometheus: {url: "\(prometheus.url)", query: "\(query)", max: 0.5}
                        interval: 1s
                        failureLimit: 1000
                        onUnknown: wait
                    """,
                steps: """
                    - drain: {deadline: 1m, onDeadline: abort}
                    - restore: {}
                    - soak: {for: 3s}
                    """)
            try await stage.startDaemon()
            let bad = try await stage.verdict("waiting-gate", of: names[0])
            #expect(bad.verdict(of: names[0])?.text.contains("bad: 7 is more than 0.5") == true)
            #expect(stage.nodeLog.requestedModes(of: names[0]).isEmpty)

            try prometheus.fail("0.25")
            try await stage.status("the first node has been out") { $0.part(of: names[0])?.phase == "soaking" }
            first.send(SIGKILL)
            _ = try await first.ended(within: .seconds(5))
            try await stage.status("nobody knows", within: .seconds(20)) {
                $0.part(of: names[0])?.phase == "done"
                    && $0.verdict(of: names[1])?.text.contains("gate connections-fail: unknown") == true
            }
            #expect(try await stage.holds(for: .seconds(2)) { stage.nodeLog.requestedModes(of: names[1]).isEmpty })

            _ = try await prometheus.start()
            try await stage.completion()
            try await stage.expectUnharmed()
        }
    }
}
