import NIOCore
import NIOWebSocket

/// Puts the fragments of one text message together, within limits.
struct FragmentedMessage {
    enum Progress {
        case incomplete
        case complete(String)
        case failed(WebSocketErrorCode)
    }

    private var bytes: ByteBuffer?
    private var fragments = 0

    /// Takes a frame that is not a control frame.
    mutating func take(_ frame: WebSocketFrame) -> Progress {
        var data = frame.unmaskedData
        switch (frame.opcode, bytes) {
        case (.binary, nil): return .failed(.unacceptableData)
        case (.text, nil):
            bytes = data
            fragments = 1
        case (.continuation, var known?):
            fragments += 1
            let size = known.readableBytes + data.readableBytes
            guard size <= SignalingSettings.maxMessageBytes, fragments <= SignalingSettings.maxFragments else {
                return .failed(.messageTooLarge)
            }
            // Nobody else holds the bytes then, so that a fragment is added without copying those before it.
            bytes = nil
            known.writeBuffer(&data)
            bytes = known
        default: return .failed(.protocolError)
        }
        guard frame.fin, let whole = bytes else { return .incomplete }
        bytes = nil
        guard let text = String(validating: whole.readableBytesView, as: UTF8.self) else {
            return .failed(.dataInconsistentWithMessage)
        }
        return .complete(text)
    }
}
