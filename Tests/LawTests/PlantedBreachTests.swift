import Testing

/// The laws notice what breaks them: small sources that somebody could have written.
struct PlantedBreachTests {
    private static func files(_ texts: KeyValuePairs<String, String>) -> [SourceFile] {
        texts.map { SourceFile(path: "Sources/House/\($0.key)", text: $0.value) }
    }

    private static func circles(_ texts: KeyValuePairs<String, String>) -> [String] {
        FolderLaw(files(texts)).breaches()
    }

    @Test(arguments: [
        "import Foundation", "public import Foundation", "@testable import Daemon", "import struct Foundation.Date",
        "@preconcurrency internal import Glibc",
    ]) func `a forbidden import`(_ line: String) {
        let law = ImportLaw(allowed: ["ModeCore"])
        #expect(law.breaches(in: Self.files(["A.swift": "import ModeCore\n\(line)\n"])).count == 1)
    }

    @Test func `an import is excused in its folder only`() {
        let law = ImportLaw(allowed: [], exceptions: ["Sources/House/Gate/": ["Synchronization"]])
        let files = Self.files(["Gate/A.swift": "import Synchronization", "Hall/A.swift": "import Synchronization"])
        #expect(law.breaches(in: files) == ["Sources/House/Hall/A.swift:1: import Synchronization"])
    }

    @Test func `an import in a comment is none`() {
        let text =
            "// import Foundation\n/* import Foundation\nimport Glibc */\nlet a = \"\"\"\n    import Foundation\n    \"\"\""
        #expect(ImportLaw(allowed: []).breaches(in: Self.files(["A.swift": text])).isEmpty)
    }

    @Test(arguments: [
        "let now = Date()", "ContinuousClock.now", "x.shuffled()", "Task { }", "static var count = 0",
        "func a() async {}", "actor A {}", #"let text = "at \(Date())""#, "let id = UUID()", "print(1)",
        ##"let text = #"at \#(getenv("HOME"))"#"##,
    ]) func `a forbidden call`(_ line: String) throws {
        let text = "/// A house.\nstruct House {\n    \(line)\n}\n"
        let breaches = try CallLaw().breaches(in: Self.files(["A.swift": text]))
        #expect(breaches.count == 1)
        #expect(breaches.first?.hasPrefix("Sources/House/A.swift:3: ") == true)
    }

    @Test(arguments: [
        "// let now = Date()", #"let text = "Task { } \n \"print(1)""#, ##"let text = #""Date()" \(UUID())"#"##,
        "let a = 1 /* print(1) /* Date() */ await */", "static var count: Int { 0 }",
    ]) func `what is no call`(_ line: String) throws {
        #expect(try CallLaw().breaches(in: Self.files(["A.swift": line])).isEmpty)
    }

    @Test func `two folders in a circle`() {
        let found = Self.circles([
            "Hall/Door.swift": "struct Door { var room: Room? }",
            "Room/Room.swift": "final class Room { let door: Door }",
            "Cellar/Cellar.swift": "enum Cellar { case below(Door) }",
        ])
        #expect(found == ["Hall → Room: Room; Room → Hall: Door"])
    }

    @Test func `three folders in a circle`() {
        let found = Self.circles([
            "A/One.swift": "struct One { var two: Two }", "B/Two.swift": "struct Two { var three: Three }",
            "C/Three.swift": "extension One {}\nprotocol Three {}",
        ])
        #expect(found == ["A → B: Two; B → C: Three; C → A: One"])
    }

    @Test func `two circles are two`() {
        let found = Self.circles([
            "A/A.swift": "struct A { var b: B }", "B/B.swift": "struct B { var a: A }",
            "C/C.swift": "struct C { var d: D, a: A }", "D/D.swift": "struct D { var c: C }",
        ])
        #expect(found == ["A → B: B; B → A: A", "C → D: D; D → C: C"])
    }

    @Test func `the root is a folder`() {
        let found = Self.circles([
            "House.swift": "struct House { var door: Door }",
            "Hall/Door.swift": #"let text = "\(House.self)"; struct Door {}"#,
        ])
        #expect(found == [". → Hall: Door; Hall → .: House"])
    }

    static let directed: [(String, KeyValuePairs<String, String>)] = [
        ("one direction", ["A/A.swift": "struct A { var b: B }", "B/B.swift": "struct B {}"]),
        (
            "comments and strings",
            ["A/A.swift": "struct A { var b: B }", "B/B.swift": "/// As in A.\nstruct B { let text = \"A\" }"]
        ),
        (
            "a type of its own with the same name",
            ["A/A.swift": "struct A { var b: B }", "B/B.swift": "struct B { struct A {} \n var a: A }"]
        ),
        (
            "a member with the same name",
            ["A/A.swift": "struct A { var b: B }", "B/B.swift": "struct B { var a: Other.A }"]
        ),
        (
            "a type that nobody else sees",
            ["A/A.swift": "private struct A {}\nstruct C { var b: B }", "B/B.swift": "struct B { var a: A }"]
        ),
        (
            "a name that is declared twice",
            [
                "A/A.swift": "struct A { var b: B }", "B/B.swift": "struct B { var a: A }",
                "C/A.swift": "struct A {}",
            ]
        ),
    ]

    @Test func `what is no circle`() {
        for (what, texts) in Self.directed { #expect(Self.circles(texts).isEmpty, "\(what)") }
    }
}
