/// Why the journal cannot be opened, read or written. Any of them ends the daemon: without a journal nothing may be
/// sent.
package enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotOpen(path: String, reason: String)
    /// The file is left as it is.
    case corrupt(path: String, reason: String)
    case notAJournal(path: String)
    /// Written by an earlier version of nagi, in a format that this one does not read.
    case tooOld(path: String, format: Int)
    /// Written by a later version of nagi.
    case tooNew(path: String, format: Int)
    case settingRefused(String)
    case cannotAppend(String)
    case cannotRead(String)
    case unreadableRecord(seq: Int64, reason: String)
    case unreadableCheckpoint(seq: Int64, reason: String)
    /// Records between this one and the next are not there.
    case recordsMissing(after: Int64)

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "the journal \(path) cannot be opened: \(reason)"
        case .corrupt(let path, let reason):
            "the journal \(path) is damaged (\(reason)); it was left as it is: put a backup in its place"
        case .notAJournal(let path):
            "\(path) is a database, but not nagi's journal"
        case .tooOld(let path, let format):
            "the journal \(path) has format \(format), of an earlier nagi; this one reads format "
                + "\(JournalFormat.version) only: let the earlier nagi give back what it holds, then start with a new "
                + "state directory (--state)"
        case .tooNew(let path, let format):
            "the journal \(path) has format \(format), which is newer than this nagi knows: it reads format "
                + "\(JournalFormat.version)"
        case .settingRefused(let setting):
            "the journal's database did not take the setting \(setting)"
        case .cannotAppend(let reason):
            "the journal cannot be written: \(reason)"
        case .cannotRead(let reason):
            "the journal cannot be read: \(reason)"
        case .unreadableRecord(let seq, let reason):
            "record \(seq) of the journal cannot be read: \(reason)"
        case .unreadableCheckpoint(let seq, let reason):
            "the journal's checkpoint at record \(seq) cannot be read: \(reason)"
        case .recordsMissing(let seq):
            "the journal is damaged: the records after \(seq) are not there; put a backup in its place"
        }
    }
}
