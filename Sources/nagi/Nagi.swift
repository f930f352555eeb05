import ArgumentParser

@main struct Nagi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "nagi", subcommands: [ServeModes.self])
}
