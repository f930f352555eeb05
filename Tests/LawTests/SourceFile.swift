import Foundation

/// A source file of a target, as the laws look at it.
struct SourceFile {
    /// From the root of the repository: `Sources/Daemon/Page/ChartAxis.swift`.
    let path: String
    /// Without comments and what string literals say, with the lines of the file.
    let code: String

    init(path: String, text: String) {
        self.path = path
        code = CodeReader.code(of: text)
    }

    /// Where the file lies inside its target; `.` for the target's root.
    var folder: String {
        let folders = path.split(separator: "/").dropFirst(2).dropLast()
        return folders.isEmpty ? "." : folders.joined(separator: "/")
    }

    var lines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }
}

extension SourceFile {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// By name. What has no Swift in it is no target of this language.
    static func targets() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path).sorted()
            .filter { try !all(of: $0).isEmpty }
    }

    /// By path.
    static func all(of target: String) throws -> [SourceFile] {
        let folder = root.appending(path: "Sources/\(target)")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
            .sorted { $0.path < $1.path }
            .map { url in
                SourceFile(
                    path: String(url.path.dropFirst(root.path.count + 1)),
                    text: try String(contentsOf: url, encoding: .utf8))
            }
    }
}
