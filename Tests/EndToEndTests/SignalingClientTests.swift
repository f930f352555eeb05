import Foundation
import Testing

extension EndToEndTests {
    /// What the clients see, step by step: the two sequence diagrams of the mode feature's page.
    private static let diagrams = [
        "block_new_connection": """
        mode: normal
        client1: connect channel_id=spam: accepted on NODE
        app: ChangeMode mode=block_new_connection: block_new_connection
        mode: block_new_connection
        client2: connect channel_id=spam: rejected block_new_connection, closed 4490 block_new_connection
        client1: still connected: pong
        app: ChangeMode mode=normal: normal
        mode: normal
        client2: connect channel_id=spam: accepted on NODE
        client1: still connected: pong

        """,
        "block_new_session": """
        mode: normal
        client1: connect channel_id=spam: accepted on NODE
        app: ChangeMode mode=block_new_session: block_new_session
        mode: block_new_session
        client2: connect channel_id=ham: rejected block_new_session, closed 4490 block_new_session
        client3: connect channel_id=spam: accepted on NODE
        client1: still connected: pong

        """,
    ]

    @Test(.timeLimit(.minutes(5)), arguments: ["block_new_connection", "block_new_session"])
    func `clients of the package websockets see what the diagrams of the page show`(diagram: String) async throws {
        try await Stage.open(nodes: 1, traffic: .none) { stage in
            guard let python = try await WebSocketPython.prepared(on: stage) else { return }
            let node = stage.nodes[0]
            let played = try stage.start(
                ["-u", WebSocketPython.script.path, diagram, node.api, node.signaling], program: python)
            #expect(try await played.ended(within: .seconds(30)) == 0, "\(played.errorText)")
            let expected = try #require(Self.diagrams[diagram]).replacing("NODE", with: node.name)
            #expect(played.outputText == expected)
        }
    }
}

/// A Python that has the package websockets: made once, in the folder of build products, and kept.
private enum WebSocketPython {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let folder = tests.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".build/signaling-clients")

    static let script = tests.appendingPathComponent("signaling_clients.py")

    /// The program; nil, with the reason printed, where it can't be had.
    static func prepared(on stage: Stage) async throws -> String? {
        let python = folder.appendingPathComponent("bin/python3").path
        if try await ends(well: [python, "-c", "import websockets"], on: stage) { return python }
        for step in [
            ["python3", "-m", "venv", folder.path], [python, "-m", "pip", "install", "--quiet", "websockets"],
        ] {
            guard try await ends(well: step, on: stage) else {
                print("skipped: cannot prepare the package websockets: \(step.joined(separator: " ")) failed")
                return nil
            }
        }
        return python
    }

    private static func ends(well command: [String], on stage: Stage) async throws -> Bool {
        // Programs of a stage have a home of their own; where packages come from may stand in the real one.
        let kept = ProcessInfo.processInfo.environment.filter { $0.key == "HOME" || $0.key.hasPrefix("PIP_") }
        let started = try stage.start(
            ["--"] + kept.map { "\($0.key)=\($0.value)" }.sorted() + command, program: "/usr/bin/env")
        return try await started.ended(within: .seconds(120)) == 0
    }
}
