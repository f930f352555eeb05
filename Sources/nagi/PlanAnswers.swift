import Daemon
import Foundation
import Primitives
import Scheduling

/// The answer of `nagi plan --at T`, as a table and as JSON.
struct PlanAnswers {
    private struct Document: Encodable {
        struct Policy: Encodable {
            var policy: String
            var acts: Bool
            var reason: String
            @Nullable var next: String?
            @Nullable var until: String?
        }

        var at: String
        var policies: [Policy]
    }

    private let answers: [PolicyAnswer]
    private let instant: Timestamp
    private let zone: DisplayZone
    private let wording: PlanWording

    init(_ answers: [PolicyAnswer], at instant: Timestamp, set: PolicySet, zone: DisplayZone) {
        self.answers = answers
        self.instant = instant
        self.zone = zone
        wording = PlanWording(zones: set.zones)
    }

    var text: String {
        guard !answers.isEmpty else { return "no policy has windows" }
        let width = answers.map(\.policy.count).max() ?? 0
        return answers.map { answer in
            let name = answer.policy.padding(toLength: width, withPad: " ", startingAt: 0)
            return "\(name)   \(answer.acts ? "yes" : "no ")   \(wording.reason(answer))"
        }.joined(separator: "\n")
    }

    var json: String {
        PlanDocument.encoded(
            Document(
                at: zone.text(instant),
                policies: answers.map { answer in
                    .init(
                        policy: answer.policy, acts: answer.acts, reason: wording.reason(answer),
                        next: answer.next.map { text($0, answer.nextTimeZone) },
                        until: answer.until.map { text($0, answer.timeZone) })
                }))
    }

    private func text(_ instant: Timestamp, _ zone: String) -> String {
        DisplayZone(rules: wording.rules(zone)).text(instant)
    }
}
