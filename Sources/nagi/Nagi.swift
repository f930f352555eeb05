import ArgumentParser

@main struct Nagi: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "nagi", subcommands: [Check.self])
}
