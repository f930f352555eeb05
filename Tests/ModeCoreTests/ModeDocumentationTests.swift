import Foundation
import ModeCore
import Testing

/// The transition table of the documentation is what the code does. After a change of the rules run the tests with
/// `NAGI_REWRITE_EXPECTED=1` and read the difference.
struct ModeDocumentationTests {
    private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/ModeCore/ModeCore.docc/ModeTransitions.md")

    @Test func `the documented table is what the code does`() throws {
        let text = ModeDocumentationTests.text
        if ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1" {
            try Data(text.utf8).write(to: ModeDocumentationTests.page)
        }
        #expect(try String(contentsOf: ModeDocumentationTests.page, encoding: .utf8) == text)
    }

    @Test func `every mode and every cause stand in it`() {
        for mode in NodeMode.allCases { #expect(ModeDocumentationTests.text.contains("`\(mode.rawValue)`")) }
        for cause in ModeCause.all { #expect(ModeDocumentationTests.text.contains("| \(words(for: cause)) |")) }
    }

    private static let text = """
        # Mode transitions

        What becomes of each mode, whatever happens: every mode against every cause.

        ## Overview

        *stays*: the mode is kept. *refused*: it is kept, and whoever asked is told so. A standalone node knows the
        causes of its own kind, the requests and nothing else; the others are those of a node in a cluster.

        ### As the manual says today (`ModeProfile.current`)

        \(table(of: .current))

        ### The first release, of 2021 (`ModeProfile.firstRelease`)

        \(table(of: .firstRelease))

        ### Where requests are taken while `initial`

        The manual is silent about `ChangeMode` while a node is `initial`. With
        `ModeProfile(takesRequestsWhileInitial: true)` the first column of the three requests is different:

        \(table(of: ModeProfile(takesRequestsWhileInitial: true), causes: RequestableMode.allCases.map { .request($0) }))

        """

    private static func table(of profile: ModeProfile, causes: [ModeCause] = ModeCause.all) -> String {
        let modes = NodeMode.allCases
        var lines = ["| cause | " + modes.map { "`\($0.rawValue)`" }.joined(separator: " | ") + " |"]
        lines.append("| --- |" + modes.map { _ in " --- |" }.joined())
        for cause in causes {
            let cells = modes.map { mode in
                switch transition(from: mode, on: cause, profile: profile) {
                case .to(let next): "`\(next.rawValue)`"
                case .kept: "stays"
                case .refused: "refused"
                }
            }
            lines.append("| \(words(for: cause)) | " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n")
    }
}

private func words(for cause: ModeCause) -> String {
    switch cause {
    case .boot(let clustered): clustered ? "boots in a cluster" : "boots standalone"
    case .restart(let clustered): clustered ? "restarts in a cluster" : "restarts standalone"
    case .request(let mode): "`ChangeMode` to `\(mode.rawValue)`"
    case .join: "joins the cluster"
    case .isolate: "loses the majority"
    case .rejoin: "finds the majority again"
    case .fileFault: "a file operation fails"
    }
}
