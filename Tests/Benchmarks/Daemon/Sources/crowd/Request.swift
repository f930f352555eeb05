/// As much of a request as a node of the crowd looks at.
struct Request {
    /// `GetMode`; empty where the request names no operation.
    var operation: String
    /// What ChangeMode asks for.
    var mode: String?
    /// No other request comes on that connection.
    var isLast: Bool

    /// Takes the first whole request off what has come in; nil where there is none yet.
    init?(_ pending: inout [UInt8]) {
        guard let end = Request.headEnd(pending) else { return nil }
        let lines = String(decoding: pending[..<end], as: UTF8.self).split(separator: "\r\n")
        var length = 0
        operation = ""
        isLast = false
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            switch line[..<colon].lowercased() {
            case "content-length": length = Int(value) ?? 0
            case "x-sora-target": operation = value.split(separator: ".").last.map(String.init) ?? ""
            case "connection": isLast = value.lowercased() == "close"
            default: break
            }
        }
        guard pending.count >= end + length else { return nil }
        let words = String(decoding: pending[end..<(end + length)], as: UTF8.self).split(separator: "\"")
        mode = words.first { ["normal", "block_new_session", "block_new_connection"].contains($0) }.map(String.init)
        pending.removeFirst(end + length)
    }

    /// After the empty line.
    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for place in 3..<bytes.count
        where bytes[place] == 10 && bytes[place - 1] == 13 && bytes[place - 2] == 10 && bytes[place - 3] == 13 {
            return place + 1
        }
        return nil
    }
}
