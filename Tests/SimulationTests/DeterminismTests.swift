import Foundation
import Simulation
import Testing

/// The same seed does the same, also in a process with another hash seed: an order that leaks from a dictionary shows.
struct DeterminismTests {
    static let seeds: [UInt64] = [1, 2, 3, 5, 7, 11]
    static let variable = "NAGI_PRINT_DIGESTS"

    static func digests() -> [String] { seeds.map { "\($0) \(World.run(.drawn(seed: $0)).digest)" } }

    @Test func `prints its digests when asked`() {
        guard ProcessInfo.processInfo.environment[DeterminismTests.variable] != nil else { return }
        for line in DeterminismTests.digests() { print("digest \(line)") }
    }

    @Test(.disabled(if: ProcessInfo.processInfo.environment[variable] != nil))
    func `two processes come to the same digests`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--testing-library", "swift-testing", "--filter", "DeterminismTests"]
        process.environment = ProcessInfo.processInfo.environment.merging([DeterminismTests.variable: "1"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        let theirs = text.split(separator: "\n").filter { $0.hasPrefix("digest ") }.map { String($0.dropFirst(7)) }
        #expect(theirs == DeterminismTests.digests())
        #expect(theirs.count == DeterminismTests.seeds.count)
    }
}
