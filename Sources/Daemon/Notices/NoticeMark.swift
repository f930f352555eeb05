import Foundation
import Primitives
import Scheduling

/// How far one notification has come, and what it is not to be told again.
struct NoticeMark: Codable, Hashable, Sendable {
    /// The journal whose records it counts.
    var journal: String
    /// The last record that is through: told, given up, or of no interest.
    var after: Int64
    private var runs: [String: Set<String>] = [:]
    /// Windows by their occurrences, with the second in which they opened.
    private var windows: [String: Int64] = [:]

    init(journal: String, after: Int64) {
        self.journal = journal
        self.after = after
    }

    func isTold(_ once: Notice.Once?) -> Bool {
        switch once {
        case .run(let run, let what): runs[run.text]?.contains(what) ?? false
        case .window(let occurrence, _): windows[occurrence] != nil
        case nil: false
        }
    }

    mutating func note(_ once: Notice.Once?) {
        switch once {
        case .run(let run, let what): runs[run.text, default: []].insert(what)
        case .window(let occurrence, let start): windows[occurrence] = start.seconds
        case nil: break
        }
    }

    mutating func forget(_ run: RunID) { runs[run.text] = nil }

    /// What was told of a daemon that only observed is no news of one that acts, whose runs have the same names.
    mutating func forgetAll() {
        runs = [:]
        windows = [:]
    }

    mutating func forgetWindows(before instant: Timestamp) {
        windows = windows.filter { $0.value >= instant.seconds }
    }
}

/// The marks of notifications, a small file for each.
struct NoticeMarks: Sendable {
    private static let limit = 4 << 20

    let folder: String

    func path(_ name: String) -> String { "\(folder)/\(name).json" }

    /// Nil: it has told nothing yet.
    func read(_ name: String) throws -> NoticeMark? {
        guard let bytes = try DurableFile.read(path(name), limit: Self.limit) else { return nil }
        return try JSONDecoder().decode(NoticeMark.self, from: Data(bytes))
    }

    /// Durable on return.
    func write(_ mark: NoticeMark, of name: String) throws(DurableFile.Failure) {
        try DurableFile.write(jsonText(mark), to: path(name))
    }

    /// Whoever has left the policies begins anew if he comes again.
    func keep(only names: Set<String>) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for file in files where !names.contains(String(file.prefix { $0 != "." })) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(file)")
        }
    }
}
