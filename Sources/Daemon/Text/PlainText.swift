extension StringProtocol {
    /// The text with `?` for everything that steers a terminal or makes lines of its own: control and direction characters,
    /// line and paragraph separators. Names and texts come from nodes, policies and commands.
    package var plain: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "?"
                    default: scalar
                    }
                }))
    }
}
