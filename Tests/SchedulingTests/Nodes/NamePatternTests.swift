import Testing

@testable import Scheduling

/// Which names somebody may mean who has seen only a part.
struct NamePatternTests {
    private static let names = [
        "media-tokyo-zone-a-rack-00-slot-0001@10.20.30.11", "media-tokyo-zone-a-rack-01-slot-0001@10.20.30.12",
        "media-tokyo-zone-b-rack-00-slot-0001@10.20.30.13",
    ]

    @Test(arguments: [
        ("b-rack-00", [2]), ("a-rack", [0, 1]), ("30.12", [1]), ("…b-rack-00…", [2]), ("media-…-01-slot…", [1]),
        ("media-tokyo-zone-a-rack-00…", [0]), ("…30.13", [2]), ("media…13", [2]), ("…a-rack…01@…", [0, 1]),
        // Not in that order, not at that end, and not one piece for two.
        ("…rack-00…zone-b…", []), ("tokyo…", []), ("…rack", []),
        ("media-tokyo-zone-b-rack-00-slot-…-0001@10.20.30.13", []),
    ])
    func `a part, or pieces in their order, are enough`(text: String, places: [Int]) throws {
        let pattern = try #require(NamePattern(text))
        #expect(Self.names.indices.filter { pattern.matches(Self.names[$0]) } == places, "\(text)")
    }

    @Test(arguments: ["", "…", "……"]) func `what could be any name is none`(text: String) {
        #expect(NamePattern(text) == nil)
    }
}
