import Foundation

/// A Python that has the packages jsonschema and PyYAML: made once, in the folder of build products, and kept.
enum SchemaPython {
    private static let folder = Corpus.directory.appending(path: "../../.build/schema-validator").standardizedFileURL
    static let script = Corpus.directory.appending(path: "schema_check.py")

    /// The program; nil, with the reason printed, where it can't be had.
    static func prepared() throws -> String? {
        let python = folder.appending(path: "bin/python3").path
        if try run([python, "-c", "import jsonschema, yaml"]).status == 0 { return python }
        for step in [
            ["python3", "-m", "venv", folder.path],
            [python, "-m", "pip", "install", "--quiet", "jsonschema", "pyyaml"],
        ] {
            guard try run(step).status == 0 else {
                print("skipped: cannot prepare the package jsonschema: \(step.joined(separator: " ")) failed")
                return nil
            }
        }
        return python
    }

    /// Ended after two minutes. What it says on standard error is left to the terminal.
    static func run(_ command: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "120"] + command
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
