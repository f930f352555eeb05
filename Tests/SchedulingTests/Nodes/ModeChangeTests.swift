import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// The read before the write: the last word on what may be sent.
struct ModeChangeTests {
    /// By target and by what nagi wrote last, for each mode that the read shows.
    static let claims = Row.table(
        """
        target      written     normal  session  connection  initial  draining
        normal      -           there   decline  decline     decline  decline
        normal      session     there   send     decline     decline  decline
        normal      connection  there   decline  send        decline  decline
        session     -           send    there    decline     decline  decline
        session     session     send    there    decline     decline  decline
        session     connection  send    there    send        decline  decline
        connection  -           send    send     there       decline  decline
        connection  session     send    send     there       decline  decline
        connection  connection  send    send     there       decline  decline
        """)

    /// A release only takes back what is nagi's own, and closes nothing.
    static let releases = Row.table(
        """
        target      written     normal   session  connection  initial  draining
        normal      -           there    decline  decline     decline  decline
        normal      session     there    send     decline     decline  decline
        normal      connection  there    decline  send        decline  decline
        session     -           decline  there    decline     decline  decline
        session     session     decline  there    decline     decline  decline
        session     connection  decline  there    send        decline  decline
        connection  -           decline  decline  there       decline  decline
        connection  session     decline  decline  there       decline  decline
        connection  connection  decline  decline  there       decline  decline
        """)

    @Test(arguments: claims, [ModeChange.Cause.claim, .restarted, .drift])
    func `what is claimed is never sent over somebody else's stricter mode`(row: Row, cause: ModeChange.Cause) throws {
        try Self.check(row, cause)
    }

    @Test(arguments: releases) func `a release takes back only what nagi wrote`(row: Row) throws {
        try Self.check(row, .release)
    }

    private static func check(_ row: Row, _ cause: ModeChange.Cause) throws {
        let change = ModeChange(
            id: 1, node: ReconcileTests.node, target: try #require(try row.mode("target")), cause: cause,
            written: try row.mode("written"), notAfter: .start)
        for shown in ["normal", "session", "connection", "initial", "draining"] {
            let word =
                switch change.permission(reading: Word.observed(shown)) {
                case .send: "send"
                case .alreadyThere: "there"
                case .decline: "decline"
                }
            #expect(word == (try row.text(shown)), "read: \(shown)")
        }
    }

    @Test func `the tables have every case`() throws {
        for table in [Self.claims, Self.releases] {
            let cases = try table.map { [try $0.mode("target").word, try $0.mode("written").word] }
            #expect(Set(cases).count == 9 && table.count == 9)
        }
    }
}
