import Glibc

/// Held for as long as the process lives: two daemons on one state directory would both act.
package final class InstanceLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `StateError.inUse` with the other's pid.
    init(path: String, directory: String) throws(StateError) {
        // Close-on-exec matters: a command that inherited the lock would keep it after the daemon's end.
        let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard fd >= 0 else {
            throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        guard flock(fd, LOCK_EX | LOCK_NB) == 0 else {
            close(fd)
            let text = (try? DurableFile.read(path, limit: 64)) ?? nil
            let pid = String(decoding: text ?? [], as: UTF8.self).filter(\.isNumber)
            throw .inUse(path: directory, pid: pid.isEmpty ? "unknown" : pid)
        }
        descriptor = fd
        ftruncate(fd, 0)
        // The pid is for the message above only; the lock itself holds without it.
        try? DurableFile.writeAll(Array("\(getpid())\n".utf8), to: fd)
    }

    /// Whether a process holds the lock; false where there is none.
    static func isHeld(_ path: String) -> Bool {
        let fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard fd >= 0 else { return false }
        defer { close(fd) }
        // Shared, and given back at once: a daemon that starts in this instant would be refused, and try again.
        return flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    deinit {
        close(descriptor)
    }
}
