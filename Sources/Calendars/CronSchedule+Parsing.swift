/// What is wrong with a cron expression, and where.
public struct CronError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Bytes of UTF-8 from the start of the text to the fault.
    public var offset: Int
    /// A sentence for the person who wrote it.
    public var message: String
    /// What to write instead, where that is known.
    public var hint: String?

    public init(offset: Int, message: String, hint: String? = nil) {
        self.offset = offset
        self.message = message
        self.hint = hint
    }

    public var description: String {
        message + (hint.map { " (\($0))" } ?? "") + ", at position \(offset + 1)"
    }
}

extension CronSchedule {
    /// Longer expressions are refused.
    public static let longestText = 1000

    /// Reads `minute hour day-of-month month day-of-week`.
    ///
    /// Each field is `*` or a list of numbers, names (`jan`, `mon`) and ranges, each with an optional `/step`; Sunday is 0
    /// and 7. Day of month may be `L`, the last one; day of week `fri#2`, the second Friday, or `friL`, the last.
    public init(_ text: String) throws(CronError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= CronSchedule.longestText else {
            throw CronError(
                offset: CronSchedule.longestText, message: "longer than \(CronSchedule.longestText) characters")
        }
        let fields = CronSchedule.split(bytes)
        if let first = fields.first, bytes[first.lowerBound] == UInt8(ascii: "@") {
            throw CronError(
                offset: first.lowerBound, message: "names like @daily are not read",
                hint: "write the five fields, such as 0 0 * * * for every midnight")
        }
        guard fields.count == 5 else {
            throw CronSchedule.fieldCountError(fields, in: bytes)
        }
        let minute = try CronField(.minute, bytes, fields[0])
        let hour = try CronField(.hour, bytes, fields[1])
        let dayOfMonth = try CronField(.dayOfMonth, bytes, fields[2])
        let month = try CronField(.month, bytes, fields[3])
        let dayOfWeek = try CronField(.dayOfWeek, bytes, fields[4])
        self.init(
            text: text, minutes: minute.bits, hours: UInt32(truncatingIfNeeded: hour.bits),
            daysOfMonth: UInt32(truncatingIfNeeded: dayOfMonth.bits), months: UInt16(truncatingIfNeeded: month.bits),
            daysOfWeek: UInt8(truncatingIfNeeded: dayOfWeek.bits), restrictsDayOfMonth: !dayOfMonth.startsWithStar,
            restrictsDayOfWeek: !dayOfWeek.startsWithStar, includesLastDayOfMonth: dayOfMonth.includesLast,
            ordinalDaysOfWeek: dayOfWeek.ordinals)
        if let message = impossibleDate {
            throw CronError(offset: fields[2].lowerBound, message: message)
        }
    }

    /// Why no date ever matches, like 30 February; nil where one does.
    private var impossibleDate: String? {
        guard restrictsDayOfMonth, !restrictsDayOfWeek, !includesLastDayOfMonth else { return nil }
        let longest = (1...12).filter { months >> UInt16($0) & 1 == 1 }
            .map { LocalDate.length(ofMonth: $0, year: 2000) }.max()
        guard let longest, daysOfMonth.trailingZeroBitCount > longest else { return nil }
        return "none of these months has a day \(daysOfMonth.trailingZeroBitCount), so that it never starts"
    }

    private static func split(_ bytes: [UInt8]) -> [Range<Int>] {
        var fields: [Range<Int>] = []
        var start: Int?
        for (index, byte) in bytes.enumerated() {
            let isSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            if isSpace, let begin = start {
                fields.append(begin..<index)
                start = nil
            } else if !isSpace, start == nil {
                start = index
            }
        }
        if let start { fields.append(start..<bytes.count) }
        return fields
    }

    private static func fieldCountError(_ fields: [Range<Int>], in bytes: [UInt8]) -> CronError {
        let order = "minute, hour, day of month, month, day of week"
        if fields.count > 5 {
            let hint = fields.count <= 7 ? "seconds and years are not read" : nil
            return CronError(
                offset: fields[5].lowerBound, message: "\(fields.count) fields where five are read: \(order)",
                hint: hint)
        }
        let count = fields.isEmpty ? "no field" : fields.count == 1 ? "one field" : "\(fields.count) fields"
        return CronError(offset: bytes.count, message: "\(count) where five are needed: \(order)")
    }
}

/// One field of an expression while it is read.
private struct CronField {
    enum Kind {
        case minute, hour, dayOfMonth, month, dayOfWeek

        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .dayOfMonth: "day of month"
            case .month: "month"
            case .dayOfWeek: "day of week"
            }
        }

        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        /// In the order of their numbers, the first of which is the smallest of the range.
        var names: [String] {
            switch self {
            case .minute, .hour, .dayOfMonth: []
            case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
            case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
            }
        }
    }

    private(set) var bits: UInt64 = 0
    private(set) var ordinals: UInt64 = 0
    private(set) var includesLast = false
    private(set) var startsWithStar = false

    private let kind: Kind
    private let bytes: [UInt8]
    private let end: Int
    private var position: Int

    init(_ kind: Kind, _ bytes: [UInt8], _ field: Range<Int>) throws(CronError) {
        self.kind = kind
        self.bytes = bytes
        position = field.lowerBound
        end = field.upperBound
        startsWithStar = peek == UInt8(ascii: "*")
        while true {
            try readItem()
            guard position < end else { break }
            guard take(",") else { throw unexpected() }
        }
        // Sunday's second number.
        if kind == .dayOfWeek, bits >> 7 & 1 == 1 { bits = bits & 0x7F | 1 }
    }

    private var peek: UInt8? { position < end ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let next = peek, next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func readItem() throws(CronError) {
        let itemStart = position
        if try readLast() { return }
        var low = kind.range.lowerBound
        var high = kind == .dayOfWeek ? 6 : kind.range.upperBound
        if !take("*") {
            low = try readValue()
            high = low
            if kind == .dayOfWeek, try readOrdinal(of: low) { return }
            if take("-") {
                high = try readValue()
                // The week may be written to end on Sunday.
                if kind == .dayOfWeek, high == 0, low > 0 { high = 7 }
                guard low <= high else {
                    throw CronError(
                        offset: itemStart, message: "the range of the \(kind.name) ends before it starts",
                        hint: "write two ranges with a comma")
                }
            } else if peek == UInt8(ascii: "/") {
                high = kind == .dayOfWeek ? 6 : kind.range.upperBound
            }
        }
        var step = 1
        if take("/") { step = try readStep() }
        for value in stride(from: low, through: max(low, high), by: step) { bits |= 1 << UInt64(value) }
    }

    /// `L` alone, for the last day of the month.
    private mutating func readLast() throws(CronError) -> Bool {
        guard let next = peek, next | 0x20 == UInt8(ascii: "l") else { return false }
        guard kind == .dayOfMonth else {
            let hint = kind == .dayOfWeek ? "the last Friday of the month is friL, Saturday is sat" : nil
            throw CronError(offset: position, message: "L alone means the last day of the month only", hint: hint)
        }
        position += 1
        includesLast = true
        return true
    }

    /// `#2` or `L` after a day of the week.
    private mutating func readOrdinal(of day: Int) throws(CronError) -> Bool {
        let shift: Int
        if take("#") {
            let start = position
            guard let ordinal = try readNumber(), (1...5).contains(ordinal) else {
                throw CronError(
                    offset: start, message: "a month has the first to the fifth of a day of the week",
                    hint: "write fri#1 to fri#5, or friL for the last one")
            }
            shift = 7 * (ordinal - 1)
        } else if let next = peek, next | 0x20 == UInt8(ascii: "l") {
            position += 1
            shift = 35
        } else {
            return false
        }
        ordinals |= 1 << UInt64(shift + day % 7)
        return true
    }

    private mutating func readStep() throws(CronError) -> Int {
        let start = position
        guard let step = try readNumber() else { throw unexpected(wanted: "a number after the slash") }
        guard step > 0 else { throw CronError(offset: start, message: "a step of 0 never moves on") }
        let size = kind == .dayOfWeek ? 7 : kind.range.count
        guard step < size else {
            throw CronError(
                offset: start, message: "a step of \(step) is longer than the whole range of the \(kind.name)",
                hint: "steps start anew in each field: */90 in the minute is not every 90 minutes")
        }
        return step
    }

    private mutating func readValue() throws(CronError) -> Int {
        let start = position
        if let number = try readNumber() {
            guard kind.range.contains(number) else {
                throw CronError(
                    offset: start,
                    message: "\(number) is no \(kind.name), which is \(kind.range.lowerBound) to "
                        + "\(kind.range.upperBound)")
            }
            return number
        }
        guard let letter = peek, isLetter(letter), !kind.names.isEmpty else { throw unexpected() }
        var word = ""
        while let next = peek, isLetter(next), word.utf8.count < 3 {
            word.unicodeScalars.append(Unicode.Scalar(next | 0x20))
            position += 1
        }
        guard let index = kind.names.firstIndex(of: word) else {
            throw CronError(
                offset: start, message: "no \(kind.name) is called \"\(word)\"",
                hint: "the names are \(kind.names.joined(separator: ", "))")
        }
        // Written out, "monday" would otherwise be read as mon and a rest that nobody understands.
        if let next = peek, isLetter(next), next | 0x20 != UInt8(ascii: "l") || kind != .dayOfWeek {
            throw CronError(
                offset: start, message: "names of a \(kind.name) have three letters", hint: "write \(word)")
        }
        return kind.range.lowerBound + index
    }

    private mutating func readNumber() throws(CronError) -> Int? {
        let start = position
        var value = 0
        while let next = peek, (0x30...0x39).contains(next) {
            value = value * 10 + Int(next) - 0x30
            position += 1
            guard value <= 9999 else { throw CronError(offset: start, message: "a number with too many digits") }
        }
        return position > start ? value : nil
    }

    private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) && byte > 0x40 }

    private func unexpected(wanted: String? = nil) -> CronError {
        let wanted = wanted ?? "a number\(kind.names.isEmpty ? "" : ", a name") or *"
        guard let next = peek else {
            return CronError(offset: position, message: "the \(kind.name) ends where \(wanted) is needed")
        }
        if next == UInt8(ascii: "?") {
            return CronError(
                offset: position, message: "? is of another dialect", hint: "write * for any \(kind.name)")
        }
        if next | 0x20 == UInt8(ascii: "w"), kind == .dayOfMonth {
            return CronError(offset: position, message: "the nearest weekday, W, is not read")
        }
        let isPlain = (0x21...0x7E).contains(next)
        let shown = isPlain ? "\"\(Unicode.Scalar(next))\"" : "this character"
        return CronError(offset: position, message: "\(shown) is not understood in the \(kind.name)")
    }
}
