import Primitives
import Testing

@testable import Scheduling

/// When two reads prove that nobody is on a node.
struct DrainEvidenceTests {
    /// Reads of one node, in the order in which they were handled: when each began and was handled, whether it showed the
    /// claimed mode, and how many sessions and connections were left (`-`: it did not say). The thresholds are 0 and 0.
    static let stories = Row.stories(
        """
        begun  handled  confirmed  left  complete
        0      0        yes        0 0   no
        500ms  500ms    yes        0 0   no
        2s     2s       yes        0 0   no
        2.4s   2.4s     yes        0 0   no
        2.5s   2.5s     yes        0 0   yes
        9s     9s       yes        0 0   yes

        0      0        yes        0 0   no
        1s     1s       yes        0 0   no
        1s     1s       yes        0 0   no
        1s     1s       yes        0 0   no

        0      3s       yes        0 0   no
        2s     3s       yes        0 0   no
        2.9s   4s       yes        0 0   no
        3s     4s       yes        0 0   no
        4.9s   5s       yes        0 0   no
        5s     5s       yes        0 0   yes

        0      0        yes        1 1   no
        1s     1s       yes        0 0   no
        2s     2s       yes        1 1   no
        3s     3s       yes        0 0   no
        4.9s   5s       yes        0 0   no
        5s     5s       yes        0 0   yes
        6s     6s       yes        0 1   no
        7s     7s       yes        0 0   no
        9s     9s       yes        0 0   yes

        0      0        yes        0 0   no
        1s     1s       yes        0 0   no
        2s     2s       yes        -     no
        3s     3s       yes        0 0   no
        4s     4s       yes        0 0   no
        5s     5s       yes        0 0   yes

        0      0        yes        0 0   no
        1s     1s       yes        0 0   no
        3s     3s       yes        0 0   yes
        4s     4s       no         0 0   no
        5s     5s       yes        0 0   no
        6s     6s       yes        0 0   no
        7s     7s       yes        0 0   no
        8s     8s       yes        0 0   yes

        0      0        no         0 0   no
        1s     1s       no         0 0   no
        3s     3s       no         0 0   no
        """)

    @Test(arguments: stories) func `two empty reads, two seconds apart, both begun after the mode was seen`(
        story: [Row]
    ) throws {
        var evidence = DrainEvidence()
        for row in story {
            let begun = try #require(try row.moment("begun"))
            let left = try row.words("left").compactMap { Int($0) }
            let counts =
                left.count == 2 ? DrainEvidence.Counts(begun: begun, sessions: left[0], connections: left[1]) : nil
            evidence.note(
                counts, begun: begun.uptime, at: try #require(try row.moment("handled")).uptime,
                isConfirmed: try row.flag("confirmed") ?? false, isEmpty: left == [0, 0])
            #expect(evidence.isComplete(since: Uptime(nanoseconds: .min)) == (try row.flag("complete")), "\(row)")
        }
    }

    /// Complete, with a latest read that began at 10 s.
    static let expiry = Row.table(
        """
        since   complete
        0       yes
        9.999s  yes
        10s     yes
        10.1s   no
        """)

    @Test(arguments: expiry) func `the latest read must be recent enough`(row: Row) throws {
        var evidence = DrainEvidence()
        for second in [0, 1, 10] {
            let begun = Moment.start + .seconds(second)
            evidence.note(
                DrainEvidence.Counts(begun: begun, sessions: 0, connections: 0), begun: begun.uptime,
                at: begun.uptime, isConfirmed: true, isEmpty: true)
        }
        let since = try #require(try row.moment("since")).uptime
        #expect(evidence.isComplete(since: since) == (try row.flag("complete")))
        evidence.void()
        #expect(!evidence.isComplete(since: Uptime(nanoseconds: .min)))
        #expect(evidence.confirmedAt == nil)
    }

    @Test func `there are two seconds between`() { #expect(DrainEvidence.spacing >= .seconds(2)) }
}
