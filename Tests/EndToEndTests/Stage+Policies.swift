import Foundation
import Glibc

/// What tests write into the policy directory.
extension Stage {
    /// A span of time in a policy, to the second.
    struct Opening {
        var start: Date
        var seconds: Int

        var end: Date { start.addingTimeInterval(Double(seconds)) }

        /// Starts with the first whole second after so many from now.
        init(in wait: Double, seconds: Int) {
            start = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + wait).rounded(.up))
            self.seconds = seconds
        }

        fileprivate func entry(_ name: String) -> String {
            let format = Date.ISO8601FormatStyle(timeZoneSeparator: .colon).year().month().day().time(
                includingFractionalSeconds: false)
            return "{name: \(name), at: \(start.formatted(format)), duration: \(seconds)s}"
        }
    }

    /// A rollout without windows, over the first so many nodes.
    func writeRollout(nodes count: Int, steps: String) throws {
        try writeRollout(nodes: nodes.prefix(count).map(\.name), steps: steps)
    }

    /// A rollout without windows.
    ///
    /// - Parameters:
    ///   - more: further lines of its spec.
    ///   - freeze: when it may not act.
    func writeRollout(
        _ name: String = "upgrade", revision: String = Stage.newVersion, nodes: [String], more: String = "",
        freeze: Opening? = nil, steps: String
    ) throws {
        try write(
            "rollout.yaml",
            """
            apiVersion: nagi/v1
            kind: Rollout
            metadata: {name: \(name)}
            spec:
              cluster: demo
              revision: "\(revision)"
              selector: {nodes: [\(nodes.joined(separator: ", "))]}
            \(freeze.map { "  timeZone: UTC\n  exclusions: [\($0.entry("incident"))]" } ?? "")
            \(more.indented(by: 2))
              sequence:
                steps:
            \(steps.indented(by: 6))
            """)
    }

    /// A maintenance window over all nodes that opens so many seconds from now.
    func writeWindow(opening seconds: Double, steps: String) throws {
        let format = Date.ISO8601FormatStyle(timeZoneSeparator: .colon).year().month().day().time(
            includingFractionalSeconds: false)
        try write(
            "window.yaml",
            """
            apiVersion: nagi/v1
            kind: MaintenanceWindow
            metadata: {name: tonight}
            spec:
              cluster: demo
              timeZone: UTC
              windows: [{name: now, at: \(Date().addingTimeInterval(seconds).formatted(format)), duration: 5m}]
              sequence:
                steps:
            \(steps.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n"))
            """)
    }

    /// A maintenance window.
    ///
    /// - Parameter more: further lines of its spec.
    func writeWindow(
        _ name: String = "tonight", nodes: [String], windows: [Opening], more: String = "", steps: String
    ) throws {
        let windows = windows.enumerated().map { $1.entry("window-\($0 + 1)") }.joined(separator: ", ")
        try write(
            "window.yaml",
            """
            apiVersion: nagi/v1
            kind: MaintenanceWindow
            metadata: {name: \(name)}
            spec:
              cluster: demo
              timeZone: UTC
              selector: {nodes: [\(nodes.joined(separator: ", "))]}
              windows: [\(windows)]
            \(more.indented(by: 2))
              sequence:
                steps:
            \(steps.indented(by: 6))
            """)
    }

    /// Lets the daemon read the policies again.
    func reload() { daemon?.send(SIGHUP) }
}

/// What the commands in these policies do.
extension Stage {
    /// The steps of an upgrade by a command of the test's own.
    ///
    /// - Parameters:
    ///   - before: shell lines before the node's restart.
    ///   - after: shell lines at the command's end.
    func upgradeSteps(before: String = "", after: String = "") throws -> String {
        let command = try writeCommand(
            "upgrade",
            #"""
            \#(before)
            admin "/nodes/$NAGI_NODE/restart" "{\"version\":\"$NAGI_REVISION\"}"
            \#(after)
            """#)
        return """
            - drain: {deadline: 1m, onDeadline: abort}
            - block: {}
            - run: {name: upgrade, command: [\(command)], timeout: 30s, disruptive: true}
            - verify: {connected: true, version: "{revision}", timeout: 30s}
            - restore: {}
            - soak: {for: 1s}
            """
    }

    /// A program in bash: it notes its start and its end, and may ask the admin API for something by `admin PATH BODY`.
    ///
    /// - Returns: its path.
    func writeCommand(_ name: String, _ lines: String) throws -> String {
        let script = file(name)
        let port = URL(string: admin)?.port ?? 0
        try Data(
            #"""
            #!/usr/bin/env bash
            set -euo pipefail
            cd "\#(directory.path)"
            echo "$NAGI_NODE" >>starts
            echo "begin $NAGI_NODE" >>commands
            trap 'echo "end $NAGI_NODE" >>commands' EXIT
            admin() {
                local answer
                exec 3<>/dev/tcp/127.0.0.1/\#(port)
                printf 'POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n' "$1" >&3
                printf 'Content-Length: %d\r\n\r\n%s' "${#2}" "$2" >&3
                read -r answer <&3
                exec 3>&-
                [[ $answer == *' 20'* ]]
            }
            \#(lines)

            """#.utf8
        ).write(to: script)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
        return script.path
    }

    /// Nodes for which a command was started, in order.
    var commandStarts: [String] { text("starts").split(separator: "\n").map(String.init) }

    /// Waits until a command has been started.
    func firstCommand(within limit: Duration = .seconds(20)) async throws {
        try await eventually("a command runs", within: limit, every: .milliseconds(5)) {
            commandStarts.isEmpty ? nil : ()
        }
    }

    /// `begin NODE` and `end NODE`, in order.
    var commandMarks: [String] { text("commands").split(separator: "\n").map(String.init) }
}

extension String {
    /// Every line moved to the right.
    func indented(by spaces: Int) -> String {
        split(separator: "\n").map { String(repeating: " ", count: spaces) + $0 }.joined(separator: "\n")
    }
}
