/// Diagnostics for a person: of each kind the first ones in full, of the others where they stand.
package struct DiagnosticList: Sendable {
    /// So many of one code are shown in full.
    static let shownOfOneCode = 10
    /// And of so many more the places.
    static let placesOfOneCode = 40

    private let diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    package var text: String {
        var text = ""
        var counts: [DiagnosticCode: Int] = [:]
        var order: [DiagnosticCode] = []
        var rest: [DiagnosticCode: [Diagnostic]] = [:]
        for diagnostic in diagnostics {
            counts[diagnostic.code, default: 0] += 1
            if counts[diagnostic.code, default: 0] <= Self.shownOfOneCode {
                text += diagnostic.rendered()
            } else {
                if rest[diagnostic.code] == nil { order.append(diagnostic.code) }
                rest[diagnostic.code, default: []].append(diagnostic)
            }
        }
        for code in order { text += places(of: rest[code] ?? [], code) + "\n" }
        return text
    }

    /// `13 more duplicate-address: cluster.yaml:12:7 13:7 14:7, other.yaml:3:1`.
    private func places(of rest: [Diagnostic], _ code: DiagnosticCode) -> String {
        var text = "\(rest.count) more \(code.rawValue):"
        var file: String?
        for diagnostic in rest.prefix(Self.placesOfOneCode) {
            let place = "\(diagnostic.line):\(diagnostic.column)"
            if diagnostic.file == file {
                text += " \(place)"
            } else {
                text += "\(file == nil ? "" : ",") \(shown(diagnostic.file)):\(place)"
            }
            file = diagnostic.file
        }
        let left = rest.count - Self.placesOfOneCode
        return text + (left > 0 ? " … (--format json has all)" : "")
    }
}
