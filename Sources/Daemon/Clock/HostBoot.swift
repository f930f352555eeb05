/// The boot of this host: what tells whether uptimes of two processes are of one clock.
package enum HostBoot {
    /// Nil where the host does not say.
    package static func id() -> String? {
        guard let bytes = (try? DurableFile.read("/proc/sys/kernel/random/boot_id", limit: 256)) ?? nil else {
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        return text.isEmpty ? nil : text
    }
}
