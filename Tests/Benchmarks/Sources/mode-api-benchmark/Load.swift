import Foundation

/// What wrk measured of one server in one round.
struct Load {
    var requestsPerSecond: Double

    /// 64 connections that are kept open, POST with the target header, for so many seconds.
    static func measure(_ url: String, seconds: Int, in folder: URL) throws -> Load {
        let script = folder.appendingPathComponent("post.lua")
        try Data(
            """
            wrk.method = "POST"
            wrk.headers["x-sora-target"] = "Sora_20211215.GetMode"
            wrk.headers["Content-Length"] = "0"
            """.utf8
        ).write(to: script)
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/wrk")
        process.arguments = ["-t1", "-c64", "-d\(seconds)s", "-s", script.path, url]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard !text.contains("Non-2xx"),
            let line = text.split(separator: "\n").first(where: { $0.contains("Requests/sec") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw Unmeasured(text) }
        return Load(requestsPerSecond: rate)
    }

    struct Unmeasured: Error, CustomStringConvertible {
        let description: String

        init(_ text: String) { description = "wrk measured nothing:\n\(text)" }
    }
}
