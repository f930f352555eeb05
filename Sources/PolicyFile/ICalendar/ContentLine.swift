/// One content line (RFC 5545, section 3.1): a name, parameters and a value, unfolded.
struct ContentLine {
    struct Parameter {
        /// In capitals.
        var name: String
        /// Without their quotes.
        var values: [String]
        var range: Range<Int>
    }

    /// In capitals.
    var name: String
    var parameters: [Parameter]
    /// As written, escapes included.
    var value: String
    /// Bytes of the unfolded line.
    var nameRange: Range<Int>
    var valueRange: Range<Int>
    private let line: LogicalLine

    /// Why a line is none.
    struct Fault: Error {
        var message: String
        var place: ICalendarPlace
        var hint: String?
    }

    init(_ line: LogicalLine) throws(Fault) {
        self.line = line
        var scanner = Scanner(line: line)
        nameRange = try scanner.name(of: "property")
        name = scanner.text(nameRange).uppercased()
        parameters = []
        while scanner.take(0x3B) { parameters.append(try scanner.parameter()) }
        guard scanner.take(0x3A) else {
            throw Fault(
                message: "this is no line of a calendar: no colon after the name",
                place: line.place(scanner.position..<scanner.position + 1), hint: "NAME;PARAMETER=…:value")
        }
        valueRange = scanner.position..<line.bytes.count
        value = scanner.text(valueRange)
    }

    /// The parameter's only value.
    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.values.first }

    /// The value in capitals without blanks around it, for words such as `CANCELLED`.
    var word: String {
        let bytes = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        let last = bytes.lastIndex { $0 != 0x20 && $0 != 0x09 }
        return last.map { String(Substring(bytes[...$0])).uppercased() } ?? ""
    }

    var namePlace: ICalendarPlace { line.place(nameRange) }
    var valuePlace: ICalendarPlace { line.place(valueRange) }
    var place: ICalendarPlace { line.place(0..<line.bytes.count) }

    func place(of parameter: String) -> ICalendarPlace {
        parameters.first { $0.name == parameter }.map { line.place($0.range) } ?? namePlace
    }

    /// Bytes of the value.
    func place(inValue range: Range<Int>) -> ICalendarPlace {
        line.place(valueRange.lowerBound + range.lowerBound..<valueRange.lowerBound + range.upperBound)
    }

    /// The value as TEXT (section 3.3.11): `\n` is a line break; of an unknown escape the character is kept.
    var text: String {
        var text = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in value.unicodeScalars {
            if isEscaped {
                text.append(scalar == "n" || scalar == "N" ? "\n" : scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    private struct Scanner {
        let line: LogicalLine
        var position = 0

        func text(_ range: Range<Int>) -> String { String(decoding: line.bytes[range], as: UTF8.self) }

        mutating func take(_ byte: UInt8) -> Bool {
            guard position < line.bytes.count, line.bytes[position] == byte else { return false }
            position += 1
            return true
        }

        /// Letters, digits and hyphens; underscores, which some programs write, are let pass.
        mutating func name(of what: String) throws(Fault) -> Range<Int> {
            let start = position
            while position < line.bytes.count, Scanner.isNameByte(line.bytes[position]) { position += 1 }
            guard start < position else {
                throw Fault(
                    message: "this is no line of a calendar: the name of a \(what) is missing",
                    place: line.place(start..<start + 1),
                    hint: start == 0 ? "a line that goes on starts with a blank" : nil)
            }
            return start..<position
        }

        mutating func parameter() throws(Fault) -> Parameter {
            let start = position
            let name = text(try name(of: "parameter")).uppercased()
            guard take(0x3D) else {
                throw Fault(
                    message: "the parameter \(name) has no value", place: line.place(start..<position))
            }
            var values: [String] = []
            repeat { values.append(try parameterValue()) } while take(0x2C)
            return Parameter(name: name, values: values, range: start..<position)
        }

        private mutating func parameterValue() throws(Fault) -> String {
            let start = position
            if take(0x22) {
                while position < line.bytes.count, line.bytes[position] != 0x22 { position += 1 }
                guard position < line.bytes.count else {
                    throw Fault(message: "the quote is not closed", place: line.place(start..<start + 1))
                }
                position += 1
                return text(start + 1..<position - 1)
            }
            while position < line.bytes.count, ![0x22, 0x2C, 0x3A, 0x3B].contains(line.bytes[position]) {
                position += 1
            }
            return text(start..<position)
        }

        private static func isNameByte(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x2D || byte == 0x5F
        }
    }
}

/// The bytes of one line with its folds taken out, which remember where they were.
struct LogicalLine {
    var bytes: [UInt8] = []
    /// Where in the file the first byte is.
    var start: Int
    private var folds: [Fold] = []

    private struct Fold {
        /// The first byte after it.
        var at: Int
        /// Bytes that this and the folds before it take in the file.
        var skipped: Int
    }

    init(start: Int) {
        self.start = start
    }

    mutating func fold(continuingAt source: Int) {
        folds.append(Fold(at: bytes.count, skipped: source - start - bytes.count))
    }

    /// Where the bytes are in the file; up to the first fold inside them.
    func place(_ range: Range<Int>) -> ICalendarPlace {
        var low = 0
        var high = folds.count
        while low < high {
            let middle = (low + high) / 2
            if folds[middle].at <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        let first = start + range.lowerBound + (low == 0 ? 0 : folds[low - 1].skipped)
        let end = low < folds.count ? min(range.upperBound, folds[low].at) : range.upperBound
        return ICalendarPlace(start: first, end: first + max(1, end - range.lowerBound))
    }

    /// The place of the first byte that is not UTF-8.
    var brokenPlace: ICalendarPlace? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): offset += scalar.count
            case .error: return place(offset..<offset + 1)
            case .emptyInput: return nil
            }
        }
    }
}

/// The logical lines of a file. A line ends with CR LF, or, as many programs write it, with LF or CR alone.
struct LogicalLines {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    mutating func next() -> LogicalLine? {
        guard position < bytes.count else { return nil }
        var line = LogicalLine(start: position)
        while true {
            let start = position
            while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D {
                position += 1
            }
            line.bytes += bytes[start..<position]
            if position < bytes.count {
                let isPair =
                    bytes[position] == 0x0D && position + 1 < bytes.count && bytes[position + 1] == 0x0A
                position += isPair ? 2 : 1
            }
            guard position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 else {
                return line
            }
            position += 1
            line.fold(continuingAt: position)
        }
    }
}
