import ArgumentParser
import Daemon
import Foundation

/// `nagi exec-step`: what the daemon starts to run a command of a policy. Not for people.
struct ExecStepVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec-step", abstract: "Run one command of a policy for the daemon.",
        discussion: "  nagi exec-step --dir /state/commands/command-1 --timeout 900 -- /usr/local/bin/upgrade",
        shouldDisplay: false)

    @Option(help: "Directory of the command.") var dir: String
    @Option(help: "Where the command runs.") var workingDirectory = "/"
    @Option(help: "Seconds until the command is ended.") var timeout: Double
    @Argument(parsing: .postTerminator, help: "Program and arguments.") var command: [String] = []

    func validate() throws {
        guard dir.hasPrefix("/"), workingDirectory.hasPrefix("/") else {
            throw ValidationError("directories are given as absolute paths")
        }
        guard timeout.isFinite, timeout > 0, timeout < 1e9 else {
            throw ValidationError("--timeout is a number of seconds")
        }
    }

    func run() throws {
        let step = ExecStep(
            directory: dir, workingDirectory: workingDirectory, timeout: .seconds(timeout), command: command,
            environment: ProcessInfo.processInfo.environment)
        throw ExitCode(step.run())
    }
}
