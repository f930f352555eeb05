import Foundation
import Testing

extension EndToEndTests {
    /// The calls of the mode feature's page, and the answers that it shows there.
    private static let calls = [
        (body: ["mode=block_new_session"], operation: "ChangeMode", mode: "block_new_session", length: 28),
        (body: ["mode=block_new_connection"], operation: "ChangeMode", mode: "block_new_connection", length: 31),
        (body: ["mode=normal"], operation: "ChangeMode", mode: "normal", length: 17),
        (body: [], operation: "GetMode", mode: "normal", length: 17),
    ]

    private static let client = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/http" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.timeLimit(.minutes(2))) func `HTTPie gets the answers of the mode feature's page`() async throws {
        guard let client = Self.client else {
            print("skipped: HTTPie (the program http) is not installed")
            return
        }
        try await Stage.open(nodes: 1, traffic: .none) { stage in
            let port = try #require(URL(string: stage.nodes[0].api)?.port)
            for call in Self.calls {
                let arguments =
                    ["POST", "127.0.0.1:\(port)", "x-sora-target:Sora_20211215.\(call.operation)"] + call.body
                    + ["-vvv", "--ignore-stdin", "--pretty=format"]
                let (asked, status) = try await stage.run(arguments, program: client)
                #expect(status == 0, "\(asked.errorText)")
                let text = asked.outputText.replacing("\r\n", with: "\n")
                let answer = text[(text.range(of: "HTTP/1.1 200")?.lowerBound ?? text.endIndex)...]
                let parts = answer.components(separatedBy: "\n\n")
                let lines = parts[0].split(separator: "\n").map(Self.withLowerCaseName)
                #expect(lines.first == "http/1.1 200 ok")
                #expect(
                    lines.dropFirst().filter { !$0.hasPrefix("date: ") && !$0.hasPrefix("server: ") }.sorted() == [
                        "access-control-allow-headers: Origin, X-Requested-With, Content-Type, Accept, x-sora-target",
                        "access-control-allow-methods: POST, OPTIONS",
                        "access-control-allow-origin: http://127.0.0.1:5000",
                        "access-control-max-age: 1000",
                        "content-length: \(call.length)",
                        "content-type: application/json",
                    ], "\(text)")
                #expect(lines.contains { $0.hasPrefix("date: ") } && lines.contains { $0.hasPrefix("server: ") })
                #expect(parts.dropFirst().first == "{\n    \"mode\": \"\(call.mode)\"\n}")
            }
        }
    }

    /// Names of headers mean the same in any case.
    private static func withLowerCaseName(_ line: Substring) -> String {
        guard let colon = line.firstIndex(of: ":") else { return line.lowercased() }
        return line[..<colon].lowercased() + line[colon...]
    }
}
