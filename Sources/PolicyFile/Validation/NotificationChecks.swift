import ModeCore
import Scheduling

extension PolicyValidator {
    func notification(_ draft: NotificationDraft, _ document: PolicyDocument) -> NotificationPolicy? {
        for cluster in draft.clusters ?? [] { _ = self.cluster(named: cluster) }
        let known = (names(of: .maintenanceWindow) + names(of: .rollout)).sorted()
        for policy in draft.policies ?? [] where !known.contains(policy.value) && !isIncomplete {
            findings.error(
                .unknownPolicy, "there is no maintenance window or rollout \"\(policy.value)\"", at: policy.location,
                hint: didYouMean(policy.value, among: known))
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
            guard case .notify(let notify) = step.value else { continue }
            checkDeclared(
                notify.notification, as: .notification, .unknownNotification,
                at: step.node.location(of: "notify", "notification"), none: "no file declares a Notification")
        }
    }
}
