import Primitives

/// Why bytes are not the rules of a zone.
public enum TZifError: Error, Hashable, Sendable {
    /// The bytes do not start like a TZif file, or are of a version that is not known.
    case notTZif
    /// The bytes end before what their header announces.
    case truncated
    /// More than the stated limits of this reader, or a number outside those of RFC 8536.
    case malformed(String)
    /// The rule for the years after the last transition cannot be read.
    case footer(String)
    /// The file counts leap seconds (`right/…`), which instants here do not.
    case leapSeconds
}

extension ZoneRules {
    /// The last year for which the rule at the end of a file is written out as transitions.
    public static let lastRuleYear = 2100
    /// RFC 8536 sets no limit; real files have fewer than 300.
    public static let largestTransitionCount = 20_000

    /// The rules in a compiled zone file: TZif, RFC 8536, versions 1 to 4.
    ///
    /// The rule for the far future becomes transitions up to the year `lastRuleYear`; afterwards the last offset stays.
    /// Transitions that leave the offset as it is (only the name or the season changes) are left out, and so are those
    /// outside the range of `Timestamp`.
    public init(name: String, tzif bytes: [UInt8]) throws(TZifError) {
        var reader = TZifReader(bytes)
        var header = try reader.header()
        var timeSize = 4
        if header.version >= 2 {
            try reader.skip(header.size(timeSize: 4))
            header = try reader.header()
            guard header.version >= 2 else { throw .malformed("the second header is of version 1") }
            timeSize = 8
        }
        let block = try reader.block(header, timeSize: timeSize)
        var rule: FutureRule?
        if timeSize == 8 {
            let footer = try reader.footer()
            // An empty one: nothing is known about the time after the last transition.
            if !footer.isEmpty {
                do { rule = try FutureRule(footer) } catch { throw .footer(error.message) }
            }
        }
        var initialOffset = block.initialOffset
        var all = block.transitions
        if let rule {
            if all.isEmpty { initialOffset = rule.standardOffset }
            let last = all.last?.seconds
            all += rule.transitions(after: last, through: ZoneRules.lastRuleYear)
        }
        var transitions: [Transition] = []
        var offset = initialOffset
        for transition in all {
            guard let at = Timestamp(exactlySeconds: transition.seconds) else {
                // Before the range the offset is in force from the start; after it nobody asks.
                guard transition.seconds < 0 else { break }
                initialOffset = transition.offset
                offset = transition.offset
                continue
            }
            guard transition.offset != offset else { continue }
            transitions.append(Transition(at: at, offset: transition.offset))
            offset = transition.offset
        }
        self.init(name: name, initialOffset: initialOffset, transitions: transitions)
    }
}

/// A change of offset whose instant may lie outside the range of `Timestamp`.
struct RawTransition {
    var seconds: Int64
    var offset: Int
}

/// Reads the parts of a TZif file in order, never past its end.
private struct TZifReader {
    struct Header {
        var version: Int
        var isUTCount: Int
        var isStandardCount: Int
        var leapCount: Int
        var transitionCount: Int
        var typeCount: Int
        var nameBytes: Int

        /// Bytes of the data block behind the header.
        func size(timeSize: Int) -> Int {
            transitionCount * (timeSize + 1) + typeCount * 6 + nameBytes + leapCount * (timeSize + 4) + isStandardCount
                + isUTCount
        }
    }

    struct Block {
        var initialOffset: Int
        var transitions: [RawTransition]
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func skip(_ count: Int) throws(TZifError) {
        guard count >= 0, count <= bytes.count - position else { throw .truncated }
        position += count
    }

    private mutating func take(_ count: Int) throws(TZifError) -> ArraySlice<UInt8> {
        let start = position
        try skip(count)
        return bytes[start..<position]
    }

    /// Big-endian.
    private mutating func unsigned(_ size: Int) throws(TZifError) -> UInt64 {
        try take(size).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func signed(_ size: Int) throws(TZifError) -> Int64 {
        let value = try unsigned(size)
        return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }

    mutating func header() throws(TZifError) -> Header {
        guard bytes.count - position >= 4, Array(bytes[position..<position + 4]) == Array("TZif".utf8) else {
            throw .notTZif
        }
        try skip(4)
        let version: Int
        switch try unsigned(1) {
        case 0: version = 1
        case 0x32...0x34: version = 2
        default: throw .notTZif
        }
        try skip(15)
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try unsigned(4))) }
        let header = Header(
            version: version, isUTCount: counts[0], isStandardCount: counts[1], leapCount: counts[2],
            transitionCount: counts[3], typeCount: counts[4], nameBytes: counts[5])
        guard header.transitionCount <= ZoneRules.largestTransitionCount else {
            throw .malformed("too many transitions")
        }
        return header
    }

    mutating func block(_ header: Header, timeSize: Int) throws(TZifError) -> Block {
        guard header.leapCount == 0 else { throw .leapSeconds }
        guard (1...256).contains(header.typeCount) else { throw .malformed("no local time type, or more than 256") }
        guard header.size(timeSize: timeSize) <= bytes.count - position else { throw .truncated }
        var times: [Int64] = []
        for _ in 0..<header.transitionCount {
            let time = try signed(timeSize)
            if let last = times.last, time <= last { throw .malformed("transitions are not in order") }
            times.append(time)
        }
        let types = try take(header.transitionCount)
        var offsets: [Int] = []
        for _ in 0..<header.typeCount {
            let offset = Int(try signed(4))
            guard abs(offset) <= Int(largestOffsetSeconds) else { throw .malformed("an offset of more than 26 hours") }
            offsets.append(offset)
            // Whether it is daylight saving, and the name: not needed.
            try skip(2)
        }
        try skip(header.nameBytes + header.isStandardCount + header.isUTCount)
        var transitions: [RawTransition] = []
        for (time, type) in zip(times, types) {
            guard Int(type) < offsets.count else { throw .malformed("a transition to an unknown local time type") }
            transitions.append(RawTransition(seconds: time, offset: offsets[Int(type)]))
        }
        return Block(initialOffset: offsets[0], transitions: transitions)
    }

    /// The text between two line feeds.
    mutating func footer() throws(TZifError) -> [UInt8] {
        guard try unsigned(1) == 0x0A else { throw .footer("it does not start on a new line") }
        var text: [UInt8] = []
        while true {
            let byte = UInt8(truncatingIfNeeded: try unsigned(1))
            if byte == 0x0A { return text }
            text.append(byte)
        }
    }
}
