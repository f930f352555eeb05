/// The words of a file's code, and the types among them.
struct Words {
    /// Types that the other files of the target can name.
    private(set) var declared: Set<String> = []
    /// Types that the file declares anywhere, those that nobody else can name included.
    private(set) var own: Set<String> = []
    /// What the file names, members of something else left out.
    private(set) var used: Set<String> = []

    private static let declarations: Set = ["struct", "enum", "class", "actor", "protocol", "typealias"]

    init(_ code: String) {
        var depth = 0
        var isPrivate = false
        var isDeclaration = false
        var isMember = false
        var word: [UInt8] = []
        func isPart(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
                true
            default: false
            }
        }
        for byte in Array(code.utf8) + [UInt8(ascii: "\n")] {
            if isPart(byte) {
                word.append(byte)
                continue
            }
            if !word.isEmpty {
                let text = String(decoding: word, as: UTF8.self)
                word = []
                if isDeclaration {
                    own.insert(text)
                    if depth == 0, !isPrivate { declared.insert(text) }
                } else if !isMember {
                    used.insert(text)
                }
                isDeclaration = Words.declarations.contains(text) && !isMember
                if text == "private" || text == "fileprivate" {
                    isPrivate = true
                } else if !isDeclaration, text != "final", text != "indirect" {
                    isPrivate = false
                }
                isMember = false
            }
            switch byte {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: "."): isMember = true
            case UInt8(ascii: " "), UInt8(ascii: "\n"): break
            default: isMember = false
            }
        }
    }
}
