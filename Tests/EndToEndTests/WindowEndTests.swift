import Foundation
import Glibc
import Testing

extension EndToEndTests {
    enum Kind: String, CaseIterable {
        case window = "MaintenanceWindow"
        case rollout = "Rollout"
    }

    @Test(.timeLimit(.minutes(2)), arguments: Kind.allCases)
    func `what was blocked when the daemon died is given back though the window has closed`(_ kind: Kind) async throws {
        try await Stage.open(traffic: .lasting) { stage in
            // Policies are written to the second.
            let start = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
            let end = start.addingTimeInterval(8)
            let format = Date.ISO8601FormatStyle(timeZoneSeparator: .colon).year().month().day().time(
                includingFractionalSeconds: false)
            try stage.write(
                "policy.yaml",
                """
                apiVersion: nagi/v1
                kind: \(kind.rawValue)
                metadata: {name: tonight}
                spec:
                  cluster: demo
                  timeZone: UTC
                  windows: [{name: now, at: \(start.formatted(format)), duration: 8s}]
                  onWindowEnd: restore
                \(kind == .rollout ? "  revision: \"\(Stage.newVersion)\"" : "")
                  sequence:
                    steps:
                      - drain: {deadline: 1m}
                      - block: {}
                      - restore: {}
                """)
            try await stage.startDaemon()
            let first = stage.nodes[0].name
            try await stage.verdict("draining", of: first, within: .seconds(5))
            try await stage.killDaemon()
            try #require(Date() < end)
            try await eventually("the window has closed", within: .seconds(10)) { Date() > end ? () : nil }
            #expect(stage.nodeLog.requestedModes(of: first) == ["block_new_session"])

            let restart = Date()
            try await stage.startDaemon()
            try await eventually("\(first) is normal again", within: .seconds(10)) {
                stage.nodeLog.requestedModes(of: first).last == "normal" ? () : nil
            }
            let back = try #require(stage.nodeLog.entries.last { $0.node == first && $0.fact.hasPrefix("mode ") })
            #expect(back.at.timeIntervalSince(restart) < 10)
            let after = try await stage.status("nothing is claimed any more", within: .seconds(10)) {
                $0.claimed.isEmpty && $0.nodes.allSatisfy { $0.observed == "normal" }
            }
            #expect(after.run?.nodes.contains { $0.phase == "done" } == false)
            // Two more seconds of its decisions: a start would be among the first.
            let quiet = ContinuousClock.now + .seconds(2)
            try await stage.status("two seconds have passed") {
                #expect($0.claimed.isEmpty)
                return ContinuousClock.now > quiet
            }
            for node in stage.nodes.dropFirst() { #expect(stage.nodeLog.requestedModes(of: node.name).isEmpty) }
            #expect(stage.nodeLog.requestedModes(of: first) == ["block_new_session", "normal"])
            try await stage.expectUnharmed()
        }
    }
}
