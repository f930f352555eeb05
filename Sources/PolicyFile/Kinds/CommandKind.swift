import Scheduling

/// `command:` of a step and of a gate.
enum CommandKind {
    /// A program by its path, and its arguments. No PATH is searched: the policy says which file is run, whoever starts the
    /// daemon.
    static let command = ValueType<[String]>(
        .list(argument.shape, minimum: 1, maximum: 256, first: .text(pattern: "^\\.?/.*[^/]$"), isOrdered: true)
    ) { node, findings in
        if let text = node.scalar?.text, !node.isNull {
            findings.wrongType("a list", node, hint: inBrackets(text))
            return nil
        }
        if case .sequence(let items) = node.value, let program = items.first {
            check(program, findings)
            checkShell(items, findings)
            checkPlaceholders(items, findings)
        }
        return words.read(node, findings)
    }

    private static let words = ValueType<[String]>.list(of: argument, minimum: 1, maximum: 256)

    /// Absolute, or from the directory of the policy.
    static func isPath(_ program: String) -> Bool {
        (program.hasPrefix("/") || program.hasPrefix("./")) && !program.hasSuffix("/")
    }

    /// A whole command line, as the list that it should be.
    private static func inBrackets(_ line: String) -> String {
        var words = line.split(separator: " ").map(String.init)
        if let program = words.first, !program.contains("/") { words[0] = "/usr/bin/" + program }
        return "each argument by itself, in brackets: [\(words.joined(separator: ", "))]"
    }

    /// What only a shell would replace or act on, where the program is none.
    private static func checkShell(_ items: [YAMLNode], _ findings: Findings) {
        let program = items.first?.scalar?.text.split(separator: "/").last.map(String.init) ?? ""
        guard !shells.contains(program) else { return }
        for item in items.dropFirst() {
            guard let text = item.scalar?.text else { continue }
            if let variable = variable(in: text) {
                findings.warning(
                    .noShell, "`$\(variable)` reaches the command as it stands: no shell replaces it",
                    at: item.location,
                    hint: "a script or [/bin/sh, -c, …] reads it, if it is one of NAGI_*, HOME, LANG, PATH and TZ")
            } else if operators.contains(text) {
                findings.warning(
                    .noShell, "`\(text)` is an argument like any other: there is no shell", at: item.location,
                    hint: "put the line into a script, or write [/bin/sh, -c, …]")
            }
        }
    }

    /// What stands for a fact in addresses and texts, and for nothing in an argument: not for a shell either, but for `${node}`,
    /// which is that shell's.
    private static func checkPlaceholders(_ items: [YAMLNode], _ findings: Findings) {
        for item in items.dropFirst() {
            guard let text = item.scalar?.text,
                let word = Placeholders.used(in: text.replacing("${", with: "$")).first(where: {
                    Placeholders.words.contains($0) || $0.hasPrefix(Placeholders.label)
                })
            else { continue }
            findings.warning(
                .noShell, "`{\(word)}` reaches the command as it stands: nothing is put into its arguments",
                at: item.location, hint: "\(StepFacts.variable(for: word)) is in its environment")
        }
    }

    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "zsh", "ksh", "env", "busybox", "ssh"]
    private static let operators: Set<String> = ["|", "||", "&&", "&", ";", ">", ">>", "<", "2>&1"]

    /// The name after the first `$` or `${`.
    private static func variable(in text: String) -> Substring? {
        for part in text.split(separator: "$", omittingEmptySubsequences: false).dropFirst() {
            let name = part.drop { $0 == "{" }.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            if name.first?.isLetter ?? false, name.contains(where: \.isUppercase) || part.hasPrefix("{") { return name }
        }
        return nil
    }

    private static func check(_ program: YAMLNode, _ findings: Findings) {
        guard let text = program.scalar?.text, program.scalar?.isNull == false else { return }
        guard !isPath(text) else { return }
        let message: String
        let hint: String
        if text.hasPrefix("/") || text.hasPrefix("./") || text.isEmpty {
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
