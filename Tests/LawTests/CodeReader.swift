/// Takes out of Swift source what is no code: comments are left out, string literals are emptied except for the code that
/// is interpolated into them. Lines stay where they are. Regular expressions between slashes are not known to it.
struct CodeReader {
    /// Where something other than plain code may begin or end.
    private static let marks = Array("\"#/()".utf8)

    private let bytes: [UInt8]
    private var position = 0
    private var code: [UInt8] = []

    static func code(of text: String) -> String {
        var reader = CodeReader(bytes: Array(text.utf8))
        reader.readCode(isInterpolated: false)
        return String(decoding: reader.code, as: UTF8.self)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        text.withUTF8Buffer { bytes[min(bytes.count, position + offset)...].starts(with: $0) }
    }

    /// Up to the end, or up to the parenthesis that closes the interpolation.
    private mutating func readCode(isInterpolated: Bool) {
        var open = 0
        while position < bytes.count {
            guard CodeReader.marks.contains(bytes[position]) else {
                take()
                continue
            }
            let pounds = bytes[position...].prefix { $0 == UInt8(ascii: "#") }.count
            if starts(with: "\"", at: pounds) {
                readLiteral(pounds: pounds)
            } else if starts(with: "//") {
                while position < bytes.count, !starts(with: "\n") { position += 1 }
            } else if starts(with: "/*") {
                skipComment()
            } else {
                if starts(with: "(") { open += 1 }
                if starts(with: ")") {
                    if isInterpolated, open == 0 { return }
                    open -= 1
                }
                take()
            }
        }
    }

    private mutating func readLiteral(pounds: Int) {
        position += pounds
        let quotes = starts(with: "\"\"\"") ? 3 : 1
        position += quotes
        code.append(UInt8(ascii: "\""))
        while position < bytes.count {
            if starts(with: "\\"), hasPounds(pounds, at: 1) {
                position += 1 + pounds
                if starts(with: "(") {
                    take()
                    readCode(isInterpolated: true)
                    if position < bytes.count { take() }
                } else {
                    skip()
                }
            } else if quotes == 3 ? starts(with: "\"\"\"") : starts(with: "\""), hasPounds(pounds, at: quotes) {
                position += quotes + pounds
                break
            } else {
                skip()
            }
        }
        code.append(UInt8(ascii: "\""))
    }

    private func hasPounds(_ pounds: Int, at offset: Int) -> Bool {
        bytes[min(bytes.count, position + offset)...].prefix(pounds).elementsEqual(
            repeatElement(UInt8(ascii: "#"), count: pounds))
    }

    /// Comments between asterisks stand inside one another.
    private mutating func skipComment() {
        var open = 0
        repeat {
            if starts(with: "/*") {
                open += 1
                position += 2
            } else if starts(with: "*/") {
                open -= 1
                position += 2
            } else {
                skip()
            }
        } while open > 0 && position < bytes.count
    }

    private mutating func take() {
        code.append(bytes[position])
        position += 1
    }

    /// Leaves the byte out, unless it ends a line.
    private mutating func skip() {
        guard position < bytes.count else { return }
        if starts(with: "\n") { code.append(bytes[position]) }
        position += 1
    }
}
