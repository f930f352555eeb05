import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Starts the program in a directory of its own and waits for its end.
    private func nagi(_ arguments: String..., files: [String: String] = [:]) async throws -> (
        status: Int32, output: String, errors: String
    ) {
        try await nagi(arguments, files: files)
    }

    private func nagi(_ arguments: [String], files: [String: String] = [:]) async throws -> (
        status: Int32, output: String, errors: String
    ) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-e2e-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for (name, text) in files { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
        let program = try Program(arguments, in: directory, name: "asked")
        defer { program.send(SIGKILL) }
        return (try await program.ended(within: .seconds(10)), program.outputText, program.errorText)
    }

    @Test(.timeLimit(.minutes(2))) func `every verb says what it does, with an example`() async throws {
        let overview = try await nagi("--help")
        #expect(overview.status == 0)
        let list = try #require(overview.output.components(separatedBy: "SUBCOMMANDS:").last)
        // Verbs stand two columns in; what follows on further lines stands deeper.
        let verbs = list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0 != "See" }
        #expect(Set(verbs).isSuperset(of: ["check", "daemon", "status", "serve-modes", "version"]))
        for verb in verbs {
            let help = try await nagi(verb, "--help")
            #expect(help.status == 0, "nagi \(verb) --help")
            let examples = help.output.split(separator: "\n").filter { $0.hasPrefix("  nagi \(verb)") }
            #expect(!examples.isEmpty, "nagi \(verb) --help has no example")
        }
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["check", "daemon", "diff", "history", "hold", "plan", "pause", "retry"])
    func `help is folded once, by the terminal's width`(_ verb: String) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("nagi-e2e-\(UUID().uuidString)")
        for width in [80, 120, 1_000] {
            let program = try Program(
                [verb, "--help"], in: FileManager.default.temporaryDirectory, name: file.lastPathComponent,
                environment: ["COLUMNS": "\(width)"])
            defer {
                program.send(SIGKILL)
                for file in [program.output, program.errors] { try? FileManager.default.removeItem(at: file) }
            }
            #expect(try await program.ended(within: .seconds(10)) == 0)
            let lines = program.outputText.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.allSatisfy { $0.count <= width }, "\(verb) at \(width)")
            guard width == 1_000, let end = lines.firstIndex(where: { $0.hasPrefix("USAGE") }) else { continue }
            // Where there is room for all of it, a paragraph is one line.
            for (line, next) in zip(lines[..<end], lines[..<end].dropFirst()) where !line.hasPrefix(" ") {
                #expect(line.isEmpty || next.isEmpty, "\(verb): \(line)")
            }
        }
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            (["stauts"], "nagi status"), (["chekc", "policies"], "nagi check"), (["drain", "node-01"], "nagi hold"),
            (["frobnicate"], "nagi --help"), (["status", "--formt", "json"], "--format"), (["exec-stp"], "nagi --help"),
        ])
    func `a slip of the pen is answered with what was meant`(_ arguments: [String], _ meant: String) async throws {
        let answer = try await nagi(arguments)
        #expect(answer.status == 2)
        #expect(answer.errors.contains(meant), "\(answer.errors)")
    }

    @Test(.timeLimit(.minutes(2))) func `the version is told by verb and by flag`() async throws {
        let verb = try await nagi("version")
        let flag = try await nagi("--version")
        #expect(verb.status == 0 && flag.status == 0)
        #expect(verb.output.hasPrefix("nagi ") && verb.output == flag.output)
    }

    @Test(.timeLimit(.minutes(2))) func `check looks for commands, unless they are for another machine`() async throws {
        let policy = """
            apiVersion: nagi/v1
            kind: Sequence
            metadata: {name: s}
            spec:
              steps:
                - drain: {}
                - run: {command: [./there]}
                - run: {command: [./not-there]}
                - run: {command: [/tmp]}
            """
        let files = ["p.yaml": policy, "there": "#!/bin/sh\n"]
        let here = try await nagi("check", "p.yaml", files: files)
        #expect(here.status == 0)
        #expect(here.output.contains("p.yaml:7:23: warning[command-not-executable]: ./there"), "\(here.output)")
        #expect(here.output.contains("p.yaml:8:23: warning[command-not-found]: ./not-there is not on this machine"))
        #expect(here.output.contains("p.yaml:9:23: warning[command-not-found]: /tmp is a directory"))
        #expect(try await nagi("check", "p.yaml", "--strict", files: files).status == 1)
        let elsewhere = try await nagi("check", "p.yaml", "--strict", "--elsewhere", files: files)
        #expect(elsewhere.status == 0 && !elsewhere.output.contains("command-not"))
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            ["frobnicate"], ["status", "--frobnicate"], ["check"], ["daemon", "policies", "--listen", "nowhere"],
            ["serve-modes", "--nodes", "many"], ["status", "--address", "not an address"],
            ["serve-modes", "--nodes", "0"], ["status", "--watch"], ["status", "--watch", "--check"],
            ["serve-modes", "--host", "0.0.0.0"],
        ])
    func `what is not understood ends with 2 and a reason`(_ arguments: [String]) async throws {
        let answer = try await nagi(arguments)
        #expect(answer.status == 2)
        #expect(answer.output.isEmpty)
        #expect(!answer.errors.isEmpty)
    }

    @Test(
        .timeLimit(.minutes(2)),
        arguments: [
            ["status", "--address", "\u{1B}[31mred"], ["status", "--format", "\u{1B}[31mred"], ["\u{1B}[31mred"],
            ["status", "\u{1B}]0;owned\u{07}"], ["status", "--\u{1B}[31mred"], ["hold", "a", "b\nError: all is lost"],
        ])
    func `what was typed steers no terminal where it is complained about`(_ arguments: [String]) async throws {
        let answer = try await nagi(arguments)
        #expect(answer.status == 2)
        #expect(answer.errors.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(!answer.errors.contains("\nError: all is lost"), "\(answer.errors)")
    }

    @Test(.timeLimit(.minutes(2))) func `status without a daemon ends with 3 and says what to do`() async throws {
        // Nothing listens on port 1 of a loopback address.
        let logged = try await nagi("status", "--state", "/nonexistent", "--address", "http://127.0.0.1:1/")
        #expect(logged.status == 3)
        let asked = try await nagi("status", "--state", "/nonexistent", "--address", "127.0.0.1:1")
        #expect(asked.status == 3)
        #expect(asked.output.isEmpty)
        #expect(asked.errors.hasPrefix("no daemon answers on 127.0.0.1:1: "))
        #expect(asked.errors.contains("start one: nagi daemon PATH"))
    }

    @Test(.timeLimit(.minutes(2))) func `check of a wrong policy ends with 1 and says where`() async throws {
        struct Report: Decodable {
            struct Entry: Decodable {
                var severity: String
                var code: String
                var message: String
                var hint: String?
                var file: String
                var line: Int
                var column: Int
            }
            var ok: Bool
            var diagnostics: [Entry]
        }
        let wrong = """
            apiVersion: nagi/v1
            kind: Cluster
            metadata: {name: tokyo}
            spec:
              topology: clusterd
              nodes:
                - {name: node-01, api: "http://192.0.2.5:3000/"}
            """
        let asked = try await nagi("check", "wrong.yaml", "--format", "json", files: ["wrong.yaml": wrong])
        #expect(asked.status == 1)
        let report = try JSONDecoder().decode(Report.self, from: Data(asked.output.utf8))
        #expect(!report.ok)
        let first = try #require(report.diagnostics.first)
        #expect(first.severity == "error" && first.file == "wrong.yaml" && first.line == 5 && first.column == 13)
        #expect(first.code.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
        #expect(first.message.contains("clusterd"))
        // Present also where it is empty: other programs read it.
        #expect(asked.output.contains(#""hint":"#))

        let fixed = wrong.replacing("clusterd", with: "clustered")
        let fine = try await nagi("check", "right.yaml", "--format", "json", files: ["right.yaml": fixed])
        #expect(fine.status == 0)
        #expect(fine.output == "{\"diagnostics\":[],\"ok\":true}\n")
    }

    @Test(.timeLimit(.minutes(2))) func `serve-modes says where its nodes are, in one line of JSON`() async throws {
        try await Stage.open(nodes: 2, traffic: .none) { stage in
            #expect(stage.nodes.map(\.name) == ["node-01@127.0.0.1", "node-02@127.0.0.1"])
            let address = /http:\/\/127\.0\.0\.1:[0-9]+\//
            for node in stage.nodes {
                #expect(node.api.wholeMatch(of: address) != nil, "\(node.api)")
                #expect(node.signaling.wholeMatch(of: /ws:\/\/127\.0\.0\.1:[0-9]+\/signaling/) != nil)
                #expect(node.ready.wholeMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+\/\.ok/) != nil)
            }
            #expect(stage.admin.wholeMatch(of: address) != nil, "\(stage.admin)")
            #expect(stage.serversOutput.split(separator: "\n").count == 1)
            let log = try await stage.finishedLog()
            #expect(log.summary?.cut == 0)
        }
    }
}
