/// The line of a help text that says how a verb is called: the only one that the library does not fold.
package struct UsageLine: Sendable {
    private let title: Substring
    private let rest: Substring

    /// Nil: the line is another one.
    package init?(_ line: String) {
        guard line.lowercased().hasPrefix("usage: ") else { return nil }
        title = line.prefix(7)
        rest = line.dropFirst(7)
    }

    /// Broken between arguments, each of which is whole.
    package func folded(width: Int) -> [String] {
        let indent = String(repeating: " ", count: title.count)
        var lines: [String] = []
        var line = String(title)
        for argument in arguments {
            if line.count > title.count, line.count + 1 + argument.count > width {
                lines.append(line)
                line = indent + argument
            } else {
                line += (line.count > title.count ? " " : "") + argument
            }
        }
        return lines + [line]
    }

    /// `--mode <mode>` in its brackets is one.
    private var arguments: [String] {
        var arguments: [String] = []
        var open = 0
        for word in rest.split(separator: " ") {
            if open > 0 {
                arguments[arguments.count - 1] += " " + word
            } else {
                arguments.append(String(word))
            }
            open += word.count { $0 == "[" } - word.count { $0 == "]" }
        }
        return arguments
    }
}
