import Glibc

/// Copies from a pipe into a file up to a limit and throws the rest away, so that a talkative command neither stalls
/// nor fills the disk.
struct CappedOutput {
    let source: Int32
    let file: Int32
    let limit: Int
    private var written = 0
    private var isOpen = true

    init(source: Int32, file: Int32, limit: Int) {
        self.source = source
        self.file = file
        self.limit = limit
        let flags = fcntl(source, F_GETFL)
        _ = fcntl(source, F_SETFL, flags | O_NONBLOCK)
    }

    /// Takes what comes within that time; returns at once when something did.
    mutating func wait(milliseconds: Int32) {
        guard isOpen else {
            usleep(UInt32(milliseconds) * 1000)
            return
        }
        var poller = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
        if poll(&poller, 1, milliseconds) > 0 { drainWhatIsThere(chunks: 16) }
    }

    mutating func drainWhatIsThere() { drainWhatIsThere(chunks: 1024) }

    /// Returns when nobody holds the other end any more.
    mutating func drainToEnd() {
        while isOpen { wait(milliseconds: 10_000) }
    }

    private mutating func drainWhatIsThere(chunks: Int) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        for _ in 0..<chunks where isOpen {
            let count = read(source, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                if errno != EAGAIN { end() }
                return
            }
            if count == 0 { return end() }
            let kept = min(count, limit - written)
            // A full disk must not end the command: what it prints is a help to people, nothing else.
            if kept > 0 { try? DurableFile.writeAll(Array(chunk[..<kept]), to: file) }
            written += kept
        }
    }

    private mutating func end() {
        isOpen = false
        close(source)
    }
}
