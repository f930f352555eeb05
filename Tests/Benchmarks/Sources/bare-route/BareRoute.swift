import Foundation
import Hummingbird
import Logging
import NIOCore

/// The least that the same web server can do: every request is answered with one constant. Prints its port, and serves
/// until it is ended.
@main
struct BareRoute {
    static func main() async throws {
        let body = ByteBuffer(string: #"{"mode":"normal"}"#)
        let application = Application(
            responder: CallbackResponder { (_: Request, _: BasicRequestContext) in
                Response(
                    status: .ok, headers: [.contentType: "application/json", .contentLength: "\(body.readableBytes)"],
                    body: ResponseBody(byteBuffer: body))
            },
            configuration: .init(address: .hostname("127.0.0.1", port: 0), serverName: "bare"),
            onServerRunning: { channel in
                let line = "\(channel.localAddress?.port ?? 0)\n"
                try? FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
            },
            logger: Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() })
        try await application.run()
    }
}
