import ArgumentParser

/// `nagi version`
struct Version: ParsableCommand {
    static let current = "0.1.0"
    static let text = "nagi \(current)"
    static let configuration = CommandConfiguration(
        abstract: "Print the version.", discussion: "  nagi version")

    func run() {
        print(Self.text)
    }
}
