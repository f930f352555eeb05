import Foundation
import Glibc
import TestSupport

/// The program that was built together with these tests: it lies beside them.
enum NagiBinary {
    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("nagi").path
    }()

    /// Whether it comes to hold within so many seconds.
    static func eventually<Failure: Error>(
        within seconds: Double = 20, _ holds: () async throws(Failure) -> Bool
    ) async throws(Failure) -> Bool {
        try await Patience.answer(within: .seconds(seconds), every: .milliseconds(20)) {
            () async throws(Failure) -> Bool? in
            try await holds() ? true : nil
        } ?? false
    }

    static func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return !stat[end...].hasPrefix(") Z")
    }
}
