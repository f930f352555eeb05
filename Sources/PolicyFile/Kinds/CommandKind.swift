/// `command:` of a step and of a gate.
enum CommandKind {
    /// A program by its path, and its arguments. No PATH is searched: the policy says which file is run, whoever starts the
    /// daemon.
    static let command = ValueType<[String]>(
        .list(argument.shape, minimum: 1, maximum: 256, first: .text(pattern: "^\\.?/.*[^/]$"))
    ) { node, findings in
        if case .sequence(let items) = node.value, let program = items.first { check(program, findings) }
        return words.read(node, findings)
    }

    private static let words = ValueType<[String]>.list(of: argument, minimum: 1, maximum: 256)

    private static func check(_ program: YAMLNode, _ findings: Findings) {
        guard let text = program.scalar?.text, program.scalar?.isNull == false else { return }
        let isPath = text.hasPrefix("/") || text.hasPrefix("./")
        guard !isPath || text.hasSuffix("/") else { return }
        let message: String
        let hint: String
        if isPath || text.isEmpty {
            (message, hint) = (
                "\"\(text)\" names no program", "write /usr/bin/curl, or ./curl for a file beside the policy"
            )
        } else if text.hasPrefix("../") || text.hasPrefix("~") {
            message = "\"\(text)\" is neither an absolute path nor one that starts with ./"
            hint = "put it beside the policy and write ./, or write its absolute path"
        } else if text.contains("/") {
            message = "\"\(text)\" is neither an absolute path nor one that starts with ./"
            hint = "write ./\(text) for a file beside the policy"
        } else {
            message = "\"\(text)\" is a bare name, and no PATH is searched"
            hint = "write /usr/bin/\(text), or ./\(text) for a file beside the policy"
        }
        findings.error(.bareCommandName, message, at: program.location, hint: hint)
    }

    /// One argument: any text, numbers too, also the empty one in quotes.
    private static let argument = ValueType<String>(.text(pattern: nil)) { node, findings in
        if let scalar = node.scalar, !scalar.isPlain, scalar.text.isEmpty { return "" }
        return ValueType<String>.anyText.read(node, findings)
    }
}
