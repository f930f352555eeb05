import Foundation
import PolicyFile

extension PolicyDirectory {
    /// What is on this machine of what commands run, for whoever runs this process. Links are followed.
    package static let programs = Programs { program, policyFile in
        let directory = policyFile.lastIndex(of: "/").map { String(policyFile[...$0]) } ?? ""
        return state(ofProgram: program.hasPrefix("/") ? program : directory + program)
    }

    static func state(ofProgram path: String) -> Programs.State {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return .missing }
        if isDirectory.boolValue { return .directory }
        return access(path, X_OK) == 0 ? .executable : .notExecutable
    }
}
