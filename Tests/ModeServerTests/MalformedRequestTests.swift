import Foundation
import ModeServer
import NIOHTTP1
import Testing

/// Requests that clients should not send, as bytes: `malformed/WHAT-IS-WRONG.http`.
///
/// A file has the request, a line `----`, and the answers, one a line: status and body. After the request the test asks
/// for the mode once more on the same connection, or for `/.ok`; that is answered too unless the server has closed the
/// connection. A last line `waits` says that it was silent and kept it open. In the request each line ends with CRLF unless a
/// backslash ends it; `\xHH` and `\n` are bytes, `{{N*text}}` is repeated, `{length}` is the length of the body. A first
/// line `@signaling` sends it to the signaling port.
///
/// `NAGI_REWRITE_EXPECTED=1` writes the answers anew: read the difference before you commit it.
@Suite(.timeLimit(.minutes(2)))
struct MalformedRequestTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("malformed")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".http") }.sorted()
    }()

    @Test func `there is a corpus`() { #expect(Self.names.count >= 130) }

    @Test(arguments: names) func `is answered as the table says`(name: String) async throws {
        let file = Self.folder.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        let parts = text.components(separatedBy: "\n----\n")
        try #require(parts.count == 2)
        let request = try MalformedRequest(parts[0])
        let expected = parts[1]
        _ = try await serving(ModeServerSettings()) { served in
            let isRewriting = ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1"
            // Where an answer is expected a busy machine may take its time; where none is, silence proves it.
            let patience = isRewriting || !expected.hasSuffix("waits\n") ? Duration.seconds(10) : .seconds(3)
            let answers = try await request.answers(of: served, patience: patience)
            if isRewriting {
                try Data("\(parts[0])\n----\n\(answers)".utf8).write(to: file)
            } else {
                #expect(answers == expected, "\(name)")
            }
            #expect(try await send(served.api(), target: "Sora_20211215.GetMode").status == 200, "it still serves")
            #expect(try await send(.GET, served.ready()).status == 200)
        }
    }
}

/// One request of the corpus.
struct MalformedRequest: Sendable {
    var bytes: [UInt8]
    var isForSignaling: Bool

    init(_ text: String) throws {
        var lines = text.components(separatedBy: "\n")
        isForSignaling = lines.first == "@signaling"
        if isForSignaling { lines.removeFirst() }
        let wire = lines.map { $0.hasSuffix("\\") ? String($0.dropLast()) : $0 + "\r\n" }.joined()
        let repeated = try Self.repeating(wire)
        let bytes = try Self.unescape(repeated)
        let start = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? bytes.count
        let marker = Array("{length}".utf8)
        if let place = bytes.firstRange(of: marker) {
            self.bytes =
                Array(bytes[..<place.lowerBound]) + Array("\(bytes.count - start)".utf8)
                + Array(bytes[place.upperBound...])
        } else {
            self.bytes = bytes
        }
    }

    /// A handshake on the signaling port, and bytes after it.
    init(upgrade bytes: [UInt8]) {
        let head = """
            GET /signaling HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """
        self.bytes = Array(head.utf8) + bytes
        isForSignaling = true
    }

    /// Sends the request, then asks for the mode on the same connection; a line for each answer.
    func answers(of served: Served, patience: Duration) async throws -> String {
        let url = isForSignaling ? served.ready() : served.api()
        let last =
            isForSignaling
            ? "GET /.ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            : "POST / HTTP/1.1\r\nHost: a\r\nx-sora-target: Sora_20211215.GetMode\r\nContent-Length: 0\r\n"
                + "Connection: close\r\n\r\n"
        let (received, end) = try await RawConnection.exchange(with: url, bytes + Array(last.utf8), patience: patience)
        var lines: [String] = []
        for answer in received.components(separatedBy: "HTTP/1.").dropFirst() {
            let status = answer.dropFirst(2).prefix(3)
            let body = answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
            lines.append(body.isEmpty ? String(status) : "\(status) \(body)")
        }
        if end == .waits { lines.append("waits") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func repeating(_ text: String) throws -> String {
        var (rest, result) = (text[...], "")
        while let open = rest.range(of: "{{"), let star = rest[open.upperBound...].firstIndex(of: "*"),
            let count = Int(rest[open.upperBound..<star])
        {
            let body = rest[rest.index(after: star)...]
            // The text that is repeated has at least one character: it may be a brace.
            let close = try #require(body.dropFirst().range(of: "}}"))
            result += rest[..<open.lowerBound] + String(repeating: String(body[..<close.lowerBound]), count: count)
            rest = rest[close.upperBound...]
        }
        return result + rest
    }

    private static func unescape(_ text: String) throws -> [UInt8] {
        var result: [UInt8] = []
        var rest = Array(text.utf8)[...]
        result.reserveCapacity(rest.count)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                result.append(byte)
                continue
            }
            switch kind {
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                result.append(try #require(UInt8(digits, radix: 16)))
                rest = rest.dropFirst(2)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "t"): result.append(9)
            default: result.append(kind)
            }
        }
        return result
    }
}
