import ModeCore
import Scheduling

extension PolicyValidator {
    func notification(_ draft: NotificationDraft, _ document: PolicyDocument) -> NotificationPolicy? {
        for cluster in draft.clusters ?? [] { _ = self.cluster(named: cluster) }
        let known = (names(of: .maintenanceWindow) + names(of: .rollout)).sorted()
        for policy in draft.policies ?? [] where !known.contains(policy.value) && !isIncomplete {
            findings.error(
                .unknownPolicy, "there is no maintenance window or rollout \"\(policy.value)\"", at: policy.location,
                hint: nearest(to: policy.value, among: known).map { "did you mean \($0)?" })
        }
        guard let url = draft.url else { return nil }
        return NotificationPolicy(
            name: document.name.value, url: url, format: draft.format,
            on: NotificationPolicy.Occasion.allCases.filter(draft.on.contains),
            policies: draft.policies.map { Set($0.map(\.value)).sorted() },
            clusters: draft.clusters.map { Set($0.map(\.value)).sorted() }, timeout: draft.timeout,
            retries: draft.retries)
    }

    /// Steps name notifications wherever they are written.
    func checkNotifySteps(_ steps: [Located<Step>]) {
        for step in steps {
            guard case .notify(let notify) = step.value, !declares(notify.notification, as: .notification),
                !isIncomplete
            else { continue }
            let known = names(of: .notification)
            findings.error(
                .unknownNotification, "there is no notification \"\(notify.notification)\"",
                at: step.node.location(of: "notify", "notification"),
                hint: nearest(to: notify.notification, among: known).map { "did you mean \($0)?" }
                    ?? (known.isEmpty ? "no file declares a Notification" : nil))
        }
    }
}
