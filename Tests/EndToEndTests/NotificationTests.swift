import Foundation
import Glibc
import Testing

extension PolicyScenarioTests {
    /// What a receiver got: one line for each request.
    private struct Notice: Decodable {
        var header: String
        var body: Body

        struct Body: Decodable {
            var id, occasion, severity, title, text: String
            var policy, cluster, run, node: String?
        }
    }

    /// A webhook receiver of Python's own HTTP server. It is not there for the first request: that is tried again.
    private static let receiver = """
        import http.server, json, sys
        refused = 0
        class Receiver(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *words): pass
            def do_POST(self):
                global refused
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status = 200 if refused else 503
                refused += status == 503
                self.send_response(status)
                self.send_header("retry-after", "0")
                self.send_header("content-length", "0")
                self.end_headers()
                if status == 200: print(json.dumps({"header": self.headers["webhook-id"], "body": body}), flush=True)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    @Test(.timeLimit(.minutes(2)))
    func `who is to be told hears of a run from its start to its end, and of each notify step`() async throws {
        try await Stage.open(nodes: 3, traffic: .none) { stage in
            let receiver = try stage.start(["-c", Self.receiver], program: "python3")
            let port = try await eventually("the receiver listens", within: .seconds(10)) {
                receiver.outputText.split(separator: "\n").first.map(String.init)
            }
            try Data("http://127.0.0.1:\(port)/hook/T000\n".utf8).write(
                to: stage.policies.appendingPathComponent("hook"))
            try stage.write(
                "notifications.yaml",
                """
                apiVersion: nagi/v1
                kind: Notification
                metadata: {name: chat}
                spec:
                  url: {file: hook}
                  on: [run-started, run-finished, approval-needed, fault]
                  policies: [upgrade]
                """)
            let node = stage.nodes[0].name
            try stage.writeRollout(
                nodes: [node], more: "approval: {required: true}",
                steps: """
                    - notify: {notification: chat, text: "it is <{node}>'s turn for {revision}"}
                    - drain: {deadline: 1m, onDeadline: abort}
                    - restore: {}
                    """)
            let daemon = try await stage.startDaemon()
            func told() -> [Notice] {
                receiver.outputText.split(separator: "\n").dropFirst().compactMap {
                    try? JSONDecoder().decode(Notice.self, from: Data($0.utf8))
                }
            }
            try await eventually("it is asked for an approval", within: .seconds(20)) {
                told().contains { $0.body.occasion == "approval-needed" } ? () : nil
            }
            // A new start tells nothing again.
            daemon.send(SIGTERM)
            #expect(try await daemon.ended(within: .seconds(10)) == 0)
            try await stage.startDaemon()
            let approved = try await stage.run([
                "approve", "upgrade", "--reason", "go", "--state", stage.state.path,
            ])
            #expect(approved.status == 0, "\(approved.program.errorText)")
            _ = try await stage.completion()
            try await eventually("its end is told", within: .seconds(20)) {
                told().contains { $0.body.occasion == "run-finished" } ? () : nil
            }
            let notices = told()
            #expect(notices.map(\.body.occasion) == ["approval-needed", "run-started", "notify", "run-finished"])
            #expect(Set(notices.map(\.header)).count == 4 && notices.allSatisfy { $0.header == $0.body.id })
            #expect(notices.allSatisfy { $0.body.policy == "upgrade" && $0.body.cluster == "demo" })
            #expect(
                notices[2].body.text == "it is <\(node)>'s turn for \(Stage.newVersion)"
                    && notices[2].body.node == "demo/\(node)")
            #expect(notices[3].body.title == "upgrade is completed")
            let log = daemon.outputText
            #expect(log.contains("notification chat: status 503: it is tried again"))
            #expect(!log.contains("T000"), "the address is a secret")
        }
    }
}
