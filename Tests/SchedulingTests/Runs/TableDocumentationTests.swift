import Foundation
import Testing

@testable import Scheduling

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

extension Table.Response {
    /// In the words of the documentation.
    fileprivate var text: String {
        switch self {
        case .impossible: "–"
        case .waits: "waits"
        case .waitsUntilDeadline: "waits, its deadline runs"
        case .stays: "stays"
        case .on: "on"
        case .onWithoutCommands: "on, commands wait"
        case .onUntilRestore: "on until restore: `held`"
        case .finish(let result): "`\(result.rawValue)`"
        case .giveBack(.finish(let result)): "given back, `\(result.rawValue)`"
        case .giveBack(.again(.whenClear)): "given back, queued again"
        case .giveBack(.again(.forOthers)): "given back, queued again later"
        case .failAndStay: "`failed`, stays"
        case .unlessCommandRuns(.giveBack(let result)):
            "refused while its command runs; else given back, `\(result.rawValue)`"
        case .unlessCommandRuns(.stay(let result)): "refused while its command runs; else `\(result.rawValue)`, stays"
        case .restartsSoak: "restarts soak"
        case .stopAtFloor: "stops at the floor: `foreign`"
        }
    }
}

extension Table {
    /// The whole table as the documentation shows it: Markdown, one row a happening.
    fileprivate static var markdown: String {
        let variants = [
            Traits(onWindowEnd: .restore, onFailure: .stay), Traits(onWindowEnd: .finish, onFailure: .restore),
        ]
        var lines = [
            "| event ↓ · part is → | " + Phase.allCases.map(\.rawValue).joined(separator: " | ") + " |",
            "|" + String(repeating: "---|", count: Phase.allCases.count + 1),
        ]
        for happening in Happening.allCases {
            let cells = Phase.allCases.map { phase in
                let texts = variants.map { response(of: phase, to: happening, $0).text }
                guard texts[0] != texts[1] else { return texts[0] }
                return happening == .stepFails
                    ? "`stay`: \(texts[0]); `restore`: \(texts[1])" : "`restore`: \(texts[0]); `finish`: \(texts[1])"
            }
            lines.append("| \(happening.rawValue) | " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
