import Foundation
import PolicyFile

extension PolicyDirectory {
    /// The calendar files beside policy files: only what is inside the directory of the file that names them, by the
    /// name and by where links lead. Read with the same care as policy files.
    package static let calendarFiles = CalendarFiles { name, policyFile in
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.hasPrefix("/"), !parts.contains(".."), !name.contains("\0"), !name.isEmpty else {
            return .failure(.init("it is not inside the directory of the policy file"))
        }
        let directory = policyFile.lastIndex(of: "/").map { String(policyFile[...$0]) } ?? ""
        let shown = directory + name
        guard let root = resolved(directory.isEmpty ? "." : directory) else { return .failure(.init(reason(errno))) }
        guard let real = resolved(shown) else { return .failure(.init(reason(errno))) }
        guard real.hasPrefix(root == "/" ? root : root + "/") else {
            return .failure(.init("the link leads out of the directory"))
        }
        return bytes(of: real).map { PolicySource(path: shown, bytes: $0) }
    }
}
