import Foundation
import Scheduling
import Testing

/// The table of the documentation is the function that decides. After a change of the rules run the tests with
/// `NAGI_REWRITE_EXPECTED=1` and read the difference.
struct TableDocumentationTests {
    private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/Scheduling/Scheduling.docc/WhatHappensToANode.md")

    @Test func `the documented table is what the code does`() throws {
        let text = TableDocumentationTests.text
        if ProcessInfo.processInfo.environment["NAGI_REWRITE_EXPECTED"] == "1" {
            try Data(text.utf8).write(to: TableDocumentationTests.page)
        }
        #expect(try String(contentsOf: TableDocumentationTests.page, encoding: .utf8) == text)
    }

    private static let text = """
        # What happens to a node in work

        What becomes of a node's part in a run, whatever happens: every happening against every phase.

        ## Overview

        This is `Table.response(of:to:_:)`, printed. Where several things happen at once, what gives a node back or ends its
        part goes before what only makes it wait; of those the higher row wins.

        *waits* and *stays*: no step goes on, and the step's deadline stands. *on*: as if nothing had happened, and the
        deadline runs. *given back*: the claim is dropped and the part ends; the node owes its release, which no run waits
        for. A cell with two answers depends on `onWindowEnd`, or on the sequence's `onFailure`.

        \(Table.markdown)
        """
}
