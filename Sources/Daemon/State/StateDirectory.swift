import Glibc

/// Where the daemon keeps what must survive it: journal, token, commands under way, how far whom was told,
/// and the address it listens on.
package struct StateDirectory: Hashable, Sendable {
    /// Absolute.
    package let path: String

    /// - Parameter path: absolute, or relative to the working directory.
    package init(path: String) {
        self.path = Self.absolute(path)
    }

    package var journalPath: String { path + "/journal.sqlite" }
    package var commandsPath: String { path + "/commands" }
    var noticesPath: String { path + "/notices" }
    var lockPath: String { path + "/lock" }
    var tokenPath: String { path + "/token" }
    var addressPath: String { path + "/address" }

    /// `$NAGI_STATE`, else `$XDG_STATE_HOME/nagi`, else `~/.local/state/nagi`.
    package static func standardPath(environment: [String: String]) -> String {
        if let path = environment["NAGI_STATE"], !path.isEmpty { return path }
        if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") { return base + "/nagi" }
        return (environment["HOME"] ?? "/root") + "/.local/state/nagi"
    }

    /// Makes the directory and its folders, for its owner alone.
    package func prepare() throws(StateError) {
        var prefix = ""
        for part in path.split(separator: "/") {
            prefix += "/" + part
            try make(prefix, mode: 0o755, mayExist: true)
        }
        try make(commandsPath, mode: 0o700, mayExist: true)
        try make(noticesPath, mode: 0o700, mayExist: true)
        guard chmod(path, 0o700) == 0 else {
            throw .cannotMake(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Takes the directory for this process.
    package func lock() throws(StateError) -> InstanceLock {
        try InstanceLock(path: lockPath, directory: path)
    }

    /// The secret that callers of the HTTP API show: 256 bits in hex, made on first use.
    package func token() throws(StateError) -> String {
        if let token = try existingToken() { return token }
        var generator = SystemRandomNumberGenerator()
        var token = ""
        for _ in 0..<32 {
            let byte = generator.next() as UInt8
            token += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        do {
            try DurableFile.write(token + "\n", to: tokenPath)
        } catch {
            throw .cannotWrite(path: tokenPath, reason: "\(error)")
        }
        return token
    }

    /// The token of a daemon that has started here before; nil if none has.
    package func existingToken() throws(StateError) -> String? {
        guard let text = try text(tokenPath) else { return nil }
        let token = text.filter { !$0.isWhitespace }
        guard token.count == 64, token.allSatisfy(\.isHexDigit) else { throw .badToken(path: tokenPath) }
        return token
    }

    /// Tells the command line where the daemon listens, `host:port`.
    package func writeAddress(_ address: String) throws(StateError) {
        do {
            try DurableFile.write(address + "\n", to: addressPath)
        } catch {
            throw .cannotWrite(path: addressPath, reason: "\(error)")
        }
    }

    /// Nobody listens there any more, and whoever takes the port next is not to be shown the token.
    package func removeAddress() { unlink(addressPath) }

    /// Whether a daemon uses the directory right now: its token is for nobody else.
    package var isInUse: Bool { InstanceLock.isHeld(lockPath) }

    /// Where the latest daemon listened; nil if none has, or if it ended in order.
    package func address() throws(StateError) -> String? {
        try text(addressPath).map { $0.filter { !$0.isWhitespace } }
    }

    private func text(_ path: String) throws(StateError) -> String? {
        do {
            return try DurableFile.read(path, limit: 4096).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw .cannotRead(path: path, reason: "\(error)")
        }
    }

    private func make(_ path: String, mode: mode_t, mayExist: Bool) throws(StateError) {
        if mkdir(path, mode) == 0 { return }
        if errno == EEXIST && mayExist { return }
        throw .cannotMake(path: path, reason: String(cString: strerror(errno)))
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard getcwd(&buffer, buffer.count) != nil else { return path }
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        let here = String(decoding: buffer[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path == "." ? here : here + "/" + path
    }
}
