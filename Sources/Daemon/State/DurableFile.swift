import Glibc

/// Small files whose content is either the old or the new one, whatever happens meanwhile, and on disk on return.
enum DurableFile {
    /// Why a system call failed.
    struct Failure: Error, Hashable, CustomStringConvertible {
        var call: String
        var code: Int32

        init(_ call: String, _ code: Int32 = errno) {
            self.call = call
            self.code = code
        }

        var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    /// Replaces the file by way of a temporary one in the same directory.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(Failure) {
        let temporary = path + ".new"
        let fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard fd >= 0 else { throw Failure("open") }
        do throws(Failure) {
            try writeAll(bytes, to: fd)
            guard fsync(fd) == 0 else { throw Failure("fsync") }
        } catch {
            close(fd)
            unlink(temporary)
            throw error
        }
        close(fd)
        guard rename(temporary, path) == 0 else { throw Failure("rename") }
        try syncDirectory(of: path)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(Failure) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// Makes the file if nobody else has: true for the one caller who made it.
    static func claim(_ path: String) throws(Failure) -> Bool {
        let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if fd < 0 {
            if errno == EEXIST { return false }
            throw Failure("open")
        }
        let synced = fsync(fd) == 0
        close(fd)
        guard synced else { throw Failure("fsync") }
        try syncDirectory(of: path)
        return true
    }

    /// The whole file; nil where there is none. A pipe that stands in its place is not waited for: it is empty, or an error.
    ///
    /// - Parameters:
    ///   - limit: a longer file is an error (`EFBIG`).
    ///   - followsLinks: the path itself may be a symbolic link; nagi's own files never are.
    static func read(_ path: String, limit: Int, followsLinks: Bool = false) throws(Failure) -> [UInt8]? {
        let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLinks ? 0 : O_NOFOLLOW))
        if fd < 0 {
            if errno == ENOENT { return nil }
            throw Failure("open")
        }
        defer { close(fd) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(fd, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure("read")
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            if bytes.count > limit { throw Failure("read", EFBIG) }
        }
    }

    static func writeAll(_ bytes: [UInt8], to fd: Int32) throws(Failure) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure("write")
            }
            done += count
        }
    }

    static func syncDirectory(of path: String) throws(Failure) {
        let end = path.lastIndex(of: "/")
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fd >= 0 else { throw Failure("open") }
        defer { close(fd) }
        guard fsync(fd) == 0 else { throw Failure("fsync") }
    }
}
