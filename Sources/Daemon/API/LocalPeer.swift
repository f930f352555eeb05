import Glibc

/// Who is at the other end of a connection on this machine. The system's table of sockets says it, not the caller.
enum LocalPeer {
    private static let tableLimit = 16 << 20

    /// The name of the user whose socket it is, or `uid 1000` where the user has none; nil where the table does not say.
    ///
    /// - Parameters:
    ///   - port: the caller's.
    ///   - own: the port that was called.
    static func user(at port: Int, calling own: Int) -> String? {
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            guard let bytes = (try? DurableFile.read(table, limit: tableLimit)) ?? nil else { continue }
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst() {
                // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid
                let fields = line.split(separator: " ")
                guard fields.count > 7, Self.port(of: fields[1]) == port, Self.port(of: fields[2]) == own,
                    let uid = UInt32(fields[7])
                else { continue }
                return name(of: uid)
            }
        }
        return nil
    }

    private static func port(of address: Substring) -> Int? {
        address.split(separator: ":").last.flatMap { Int($0, radix: 16) }
    }

    private static func name(of uid: UInt32) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return "uid \(uid)"
        }
        return String(cString: name)
    }
}
