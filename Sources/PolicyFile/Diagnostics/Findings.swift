/// Collects what is found in one pass over all files, by location, and turns it into diagnostics at the end.
final class Findings {
    struct Finding: Hashable {
        var severity: Diagnostic.Severity
        var code: DiagnosticCode
        var message: String
        var hint: String?
        var location: SourceLocation
        /// About the file as a whole: line and column are 0.
        var isWholeFile = false
        var related: [Note] = []
    }

    /// A second place, with what is to be seen there.
    struct Note: Hashable {
        var message: String
        var location: SourceLocation
    }

    private(set) var findings: [Finding] = []
    private(set) var errors = 0
    private var dropped = 0
    private var droppedErrors = 0
    private var seen: Set<Finding> = []
    /// Found in files that are none of the pass's own.
    private var elsewhere: Set<Diagnostic> = []

    func error(
        _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
        related: [Note] = []
    ) {
        add(Finding(severity: .error, code: code, message: message, hint: hint, location: location, related: related))
    }

    func warning(
        _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
        related: [Note] = []
    ) {
        add(Finding(severity: .warning, code: code, message: message, hint: hint, location: location, related: related))
    }

    /// Of what there may be only once, a second one.
    func duplicate(
        _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
        first: SourceLocation
    ) {
        error(code, message, at: location, hint: hint, related: [.init(message: "the first is here", location: first)])
    }

    func note(
        _ code: DiagnosticCode, _ message: String, at location: SourceLocation, hint: String? = nil,
        related: [Note] = []
    ) {
        add(Finding(severity: .note, code: code, message: message, hint: hint, location: location, related: related))
    }

    /// About a file as a whole: no line, no excerpt.
    func error(_ code: DiagnosticCode, _ message: String, file: Int, hint: String? = nil) {
        let location = SourceLocation(file: file, line: 0, column: 0)
        add(Finding(severity: .error, code: code, message: message, hint: hint, location: location, isWholeFile: true))
    }

    /// About a file as a whole: no line, no excerpt.
    func warning(file: Int, _ code: DiagnosticCode, _ message: String) {
        let location = SourceLocation(file: file, line: 0, column: 0)
        add(Finding(severity: .warning, code: code, message: message, location: location, isWholeFile: true))
    }

    /// What is found from now on is only counted: no words need to be looked for.
    var isFull: Bool { findings.count >= PolicyLimits.diagnostics }

    /// Some of it could not be read: what is missing of it is no finding of its own.
    func hasError(at places: Set<SourceLocation>) -> Bool {
        findings.contains { $0.severity == .error && places.contains($0.location) }
    }

    private func add(_ finding: Finding) {
        guard seen.insert(finding).inserted else { return }
        if finding.severity == .error { errors += 1 }
        if findings.count < PolicyLimits.diagnostics {
            findings.append(finding)
        } else {
            drop(finding.severity)
        }
    }

    private func drop(_ severity: Diagnostic.Severity) {
        dropped += 1
        if severity == .error { droppedErrors += 1 }
    }

    /// What was found in a file that the sources name, complete with its place there.
    func add(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics where !elsewhere.contains(diagnostic) {
            if diagnostic.severity == .error { errors += 1 }
            if findings.count + elsewhere.count < PolicyLimits.diagnostics {
                elsewhere.insert(diagnostic)
            } else {
                drop(diagnostic.severity)
            }
        }
    }

    /// Sorted, each once, with the line of the source that it is about.
    func diagnostics(of sources: [PolicySource]) -> [Diagnostic] {
        var lines: [Int32: SourceLines] = [:]
        // Many findings of one long line share its text: a thousand copies of 300 kB are what hostile files are for.
        var excerpts: [SourceLocation: String] = [:]
        let secrets = Dictionary(
            grouping: findings.filter { $0.code == .secretInText }.map(\.location), by: \.startOfLine)
        var diagnostics: [Diagnostic] = []
        for finding in findings {
            var location = finding.location
            var excerpt: String?
            if !finding.isWholeFile {
                let text = lines[location.file] ?? SourceLines(sources[Int(location.file)].bytes)
                lines[location.file] = text
                location = text.inside(location)
                let start = location.startOfLine
                excerpt = excerpts[start] ?? text.line(Int(location.line))?.hiding(secrets[start] ?? [])
                excerpts[start] = excerpt
            }
            diagnostics.append(
                Diagnostic(
                    severity: finding.severity, code: finding.code, message: finding.message, hint: finding.hint,
                    file: sources[Int(location.file)].path, line: Int(location.line), column: Int(location.column),
                    length: Int(location.length), excerpt: excerpt,
                    related: finding.related.map {
                        Diagnostic.Related(
                            message: $0.message, file: sources[Int($0.location.file)].path,
                            line: Int($0.location.line), column: Int($0.location.column))
                    }))
        }
        diagnostics += elsewhere
        diagnostics.sort()
        if dropped > 0, let last = diagnostics.last {
            diagnostics.append(
                Diagnostic(
                    severity: droppedErrors > 0 ? .error : .warning, code: .tooManyDiagnostics,
                    message: "\(dropped) more are not shown",
                    file: last.file))
        }
        return diagnostics
    }
}

extension SourceLocation {
    fileprivate var startOfLine: SourceLocation { SourceLocation(file: Int(file), line: Int(line), column: 1) }
}

extension String {
    /// What should not have been written down is not repeated, in logs least of all.
    fileprivate func hiding(_ places: [SourceLocation]) -> String {
        guard !places.isEmpty else { return self }
        var scalars = Array(unicodeScalars)
        for place in places {
            let start = Int(place.column) - 1
            for index in start..<max(start, min(scalars.count, start + Int(place.length))) { scalars[index] = "*" }
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }
}

/// The lines of a file, broken where libyaml breaks them: LF, CR, CR LF, NEL, LS, PS.
struct SourceLines {
    private let bytes: [UInt8]
    private var starts: [Int] = [0]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        var index = 0
        while index < self.bytes.count {
            let length = SourceLines.breakLength(self.bytes, index)
            index += max(1, length)
            if length > 0 { starts.append(index) }
        }
    }

    /// The line of that number, from 1, without its break. Broken UTF-8 shows as U+FFFD.
    func line(_ number: Int) -> String? {
        guard number >= 1, number <= starts.count else { return nil }
        let start = starts[number - 1]
        var end = start
        while end < bytes.count, SourceLines.breakLength(bytes, end) == 0 { end += 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// libyaml's last mark is on the line after the last one, even where the text does not end with a break.
    func inside(_ location: SourceLocation) -> SourceLocation {
        guard Int(location.line) > starts.count else { return location }
        let last = line(starts.count) ?? ""
        return SourceLocation(
            file: Int(location.file), line: starts.count, column: last.unicodeScalars.count + 1, length: 1)
    }

    /// Line and column, from 1, of a byte.
    func position(ofByte offset: Int) -> (line: Int, column: Int) {
        let offset = min(max(0, offset), bytes.count)
        var line = 0
        var after = starts.count
        while line < after {
            let middle = (line + after) / 2
            if starts[middle] <= offset { line = middle + 1 } else { after = middle }
        }
        let column = String(decoding: bytes[starts[line - 1]..<offset], as: UTF8.self).unicodeScalars.count + 1
        return (line, column)
    }

    private static func breakLength(_ bytes: [UInt8], _ index: Int) -> Int {
        switch bytes[index] {
        case 0x0A: 1
        case 0x0D: index + 1 < bytes.count && bytes[index + 1] == 0x0A ? 2 : 1
        case 0xC2: index + 1 < bytes.count && bytes[index + 1] == 0x85 ? 2 : 0
        case 0xE2:
            index + 2 < bytes.count && bytes[index + 1] == 0x80 && (bytes[index + 2] & 0xFE) == 0xA8 ? 3 : 0
        default: 0
        }
    }
}
