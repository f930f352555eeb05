import Foundation
import Glibc

/// The program that was built together with these tests: it lies beside them.
enum NagiBinary {
    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("nagi").path
    }()

    /// Waits in short steps until it holds; false after so many seconds.
    static func eventually(within seconds: Double = 20, _ holds: () async throws -> Bool) async rethrows -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if try await holds() { return true }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return try await holds()
    }

    static func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return !stat[end...].hasPrefix(") Z")
    }
}
