import Testing

@testable import Scheduling

/// What nodes and services say, as far as it is shown.
struct NodeTextTests {
    @Test(arguments: [
        ("no such package é", "no such package é"), ("バージョンがありません", "バージョンがありません"),
        ("a\u{1B}[2Jb\r\n\u{7}", "a?[2Jb???"), ("a\u{202E}b\u{2028}c\u{200B}d\u{A0}e", "a?b?c?d?e"), ("", ""),
    ])
    func `what can be seen is shown, and nothing steers a terminal or parts lines`(text: String, shown: String) {
        #expect(NodeText(cutting: text).description == shown)
    }

    @Test func `it is cut to 128 bytes, and no character in two`() {
        #expect(NodeText(cutting: String(repeating: "x", count: 200)).description.utf8.count == 128)
        #expect(NodeText(cutting: String(repeating: "版", count: 60)).description == String(repeating: "版", count: 42))
    }

    @Test func `a name or a version is visible ASCII`() {
        #expect(NodeText(exactly: "node-01@198.51.100.7")?.description == "node-01@198.51.100.7")
        for text in ["", "a b", "é", "a\n", String(repeating: "x", count: 129)] {
            #expect(NodeText(exactly: text) == nil, "\(text)")
        }
    }
}
