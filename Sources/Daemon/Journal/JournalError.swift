/// Why the journal cannot be opened, read or written. Any of them ends the daemon: without a journal nothing may be
/// sent.
public enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotOpen(path: String, reason: String)
    /// The file is left as it is.
    case corrupt(path: String, reason: String)
    case notAJournal(path: String)
    /// Written by a later version of nagi.
    case tooNew(path: String, version: Int)
    case settingRefused(String)
    case cannotAppend(String)
    case cannotRead(String)
    case unreadableRecord(seq: Int64, reason: String)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "the journal \(path) cannot be opened: \(reason)"
        case .corrupt(let path, let reason):
            "the journal \(path) is damaged (\(reason)); it was left as it is: put a backup in its place"
        case .notAJournal(let path):
            "\(path) is a database, but not nagi's journal"
        case .tooNew(let path, let version):
            "the journal \(path) has format \(version), which is newer than this nagi knows"
        case .settingRefused(let setting):
            "the journal's database did not take the setting \(setting)"
        case .cannotAppend(let reason):
            "the journal cannot be written: \(reason)"
        case .cannotRead(let reason):
            "the journal cannot be read: \(reason)"
        case .unreadableRecord(let seq, let reason):
            "record \(seq) of the journal cannot be read: \(reason)"
        }
    }
}
