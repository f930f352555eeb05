import Calendars
import Foundation
import HTTPTypes
import NIOCore
import PolicyFile
import Primitives
import Scheduling

/// The body of `POST /v1/reload`; nothing at all is all no.
package struct ReloadRequest: Codable, Hashable, Sendable {
    /// Also where it leaves no policy.
    package var confirm: Bool?
    /// Say what it would do, and do nothing.
    package var dryRun: Bool?

    package init(confirm: Bool = false, dryRun: Bool = false) {
        self.confirm = confirm
        self.dryRun = dryRun
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case confirm, dryRun
    }

    init(json: ByteBuffer) throws(APIError) {
        guard json.readableBytes > 0 else {
            self.init()
            return
        }
        let data = Data(json.readableBytesView)
        let known = CodingKeys.allCases.map(\.stringValue)
        guard let fields = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            fields.keys.allSatisfy({ known.contains($0) }),
            let request = try? JSONDecoder().decode(ReloadRequest.self, from: data)
        else {
            throw APIError(
                .badRequest, "invalid-body", "the body is no reload",
                hint: #"nothing, or {"confirm":true,"dryRun":true}"#)
        }
        self = request
    }
}

/// What reading the policies again came to.
package enum ReloadOutcome: Sendable {
    /// What was in force before, and what is in force now, or would be.
    package struct Change: Sendable {
        package var before: PolicySet?
        package var after: PolicySet
        /// Nil where what was in force was not read from files by this process.
        package var writtenBefore: WrittenPolicies?
        package var writtenAfter: WrittenPolicies?

        package init(
            before: PolicySet?, after: PolicySet, writtenBefore: WrittenPolicies? = nil,
            writtenAfter: WrittenPolicies? = nil
        ) {
            self.before = before
            self.after = after
            self.writtenBefore = writtenBefore
            self.writtenAfter = writtenAfter
        }
    }

    case taken(Change, CallSettings.News)
    case wouldBeTaken(Change, CallSettings.News)
    /// The policies; the files that they name may be others.
    case unchanged(digest: String, CallSettings.News)
    /// Nothing has changed. `look` says more of it, typed on the daemon's host; nil: the reasons say all.
    case refused(reasons: [String], look: String?)
    /// No policy would be left: somebody has to mean it.
    case unconfirmed(reasons: [String])
}

/// The answer of `POST /v1/reload`. Fields may come, these stay.
package struct ReloadDocument: Codable, Hashable, Sendable {
    /// There are no faults.
    package var ok: Bool
    /// `taken`, `unchanged`, or `would-be-taken`.
    package var outcome: String
    /// The digests of the sets in force.
    @Nullable package var before: String?
    package var after: String
    /// What it changes over the next days, as `nagi diff` says it, for people.
    package var text: [String]
    /// Files and secrets that the policies name and that cannot be used. What was read of them before stays in use.
    package var faults: [String]?
}

/// The same, with the difference as `nagi diff --format json` has it.
struct ReloadAnswer: Encodable {
    var ok: Bool
    var outcome: String
    @Nullable var before: String?
    var after: String
    var text: [String]
    var faults: [String]
    /// Not there where nothing changes, or nothing was in force.
    var difference: DiffDocument?
}

extension ReloadAnswer {
    /// What is compared.
    private static let horizon = Duration.days(14)
    /// Lines for people; the difference itself has all of it.
    private static let lineLimit = 200

    init(_ outcome: ReloadOutcome, now: Timestamp) throws(APIError) {
        switch outcome {
        case .taken(let change, let news): self.init("taken", change, news, now)
        case .wouldBeTaken(let change, let news): self.init("would-be-taken", change, news, now)
        case .unchanged(let digest, let news):
            self.init(
                ok: news.faults.isEmpty, outcome: "unchanged", before: digest, after: digest, text: news.changes,
                faults: news.faults,
                difference: nil)
        case .refused(let reasons, let look):
            throw APIError(
                .conflict, "policies-refused",
                (["the policies in force stay"] + reasons).joined(separator: "\n"),
                hint: look.map { "\($0) says all of it" })
        case .unconfirmed(let reasons):
            throw APIError(.conflict, "unconfirmed", reasons.joined(separator: "; "), hint: "nagi reload --confirm")
        }
    }

    private init(_ word: String, _ change: ReloadOutcome.Change, _ news: CallSettings.News, _ now: Timestamp) {
        let after = change.after
        outcome = word
        self.after = after.digest
        (ok, faults) = (news.faults.isEmpty, news.faults)
        guard let before = change.before else {
            (self.before, text, difference) = (nil, news.changes, nil)
            return
        }
        var written: (old: WrittenPolicies, new: WrittenPolicies)?
        if let old = change.writtenBefore, let new = change.writtenAfter { written = (old, new) }
        let found = SetDifference(
            old: before, new: after, written: written, from: now, to: now + Self.horizon,
            reachesTo: now + SetDifference.reach)
        let zones = before.zones.merging(after.zones) { _, new in new }
        self.before = before.digest
        let lines = DiffText(found, zones: zones).lines + news.changes
        let left = lines.count - Self.lineLimit
        text = lines.prefix(Self.lineLimit) + (left > 0 ? ["… and \(left) lines more: nagi diff OLD NEW"] : [])
        difference = DiffDocument(found, zones: zones, zone: DisplayZone(of: [before, after]))
    }
}
