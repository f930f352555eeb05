import Foundation
import PolicyFile

/// PyYAML's loader in C in another process: reads the same files once for each line that it gets.
final class Loader {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let count: Int

    /// Nil where the folder has no program, or it does not start.
    init?(folder: String, sources: [PolicySource]) {
        count = sources.count
        let folder = URL(fileURLWithPath: folder)
        let files = folder.appendingPathComponent("files")
        do {
            try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
            for source in sources { try Data(source.bytes).write(to: files.appendingPathComponent(source.path)) }
            process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            process.arguments = [folder.appendingPathComponent("load.py").path, files.path]
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        } catch {
            return nil
        }
        guard line() == "ready" else { return nil }
    }

    /// Files per second.
    func round() -> Double {
        input.fileHandleForWriting.write(Data("\n".utf8))
        guard let nanoseconds = Double(line()), nanoseconds > 0 else { return 0 }
        return Double(count) / nanoseconds * 1e9
    }

    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func line() -> String {
        var line = Data()
        let handle = output.fileHandleForReading
        while let byte = try? handle.read(upToCount: 1), !byte.isEmpty, byte != Data("\n".utf8) { line += byte }
        return String(decoding: line, as: UTF8.self)
    }
}
