extension StringProtocol {
    /// The text with `?` for everything that steers a terminal or makes lines of its own: control and direction characters,
    /// line and paragraph separators. Names and texts come from nodes, policies and commands.
    package var plain: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.isSteering ? "?" : $0 }))
    }
}

extension Unicode.Scalar {
    /// Steers a terminal, turns the direction of writing, or makes lines of its own.
    var isSteering: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
