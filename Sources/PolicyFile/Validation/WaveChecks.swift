import Calendars
import ModeCore
import Primitives
import Scheduling

extension PolicyValidator {
    /// A wave is never larger than the cluster's budget, whatever the policy says.
    func checkWaves(_ strategy: Strategy, _ selected: Int, _ cluster: CheckedCluster, _ spec: YAMLNode) {
        guard spec["strategy"]?.hasKey("maxUnavailable") == true, selected > 0, !cluster.isOpen else { return }
        let count = cluster.draft.nodes.count
        let budget = cluster.draft.budget
        var most = budget.maxUnavailable.asMaxUnavailable(of: count)
        var key = "maxUnavailable"
        if let least = budget.minAvailable, count - least.asMinAvailable(of: count) < most {
            most = count - least.asMinAvailable(of: count)
            key = "minAvailable"
        }
        let wanted = min(selected, strategy.maxUnavailable.asMaxUnavailable(of: selected))
        guard most > 0, wanted > most else { return }
        let isDefault = key == "maxUnavailable" && cluster.spec["budget"]?.hasKey(key) != true
        findings.warning(
            .waveOverBudget,
            "\(wanted) nodes at once are never taken: the budget of the cluster lets \(most) be out of service",
            at: spec.location(of: "strategy", "maxUnavailable"),
            hint: isDefault ? "budget: {maxUnavailable: \(wanted)} in the cluster; without it, it is 1" : nil,
            related: [.init(message: "the budget", location: cluster.spec.location(of: "budget", key))])
    }

    /// A span that recurs between two dates of which none matches: wrong whatever the time.
    func checkDatesMatch(_ window: Window, _ node: YAMLNode) {
        guard let first = window.startDate, let last = window.endDate, first <= last else { return }
        switch window.recurrence {
        case .at, .weekly: return
        case .cron, .rule: break
        }
        var probe = window
        probe.length = .elapsed(.seconds(1))
        guard
            let start = ZoneRules.utc.resolve(LocalDateTime(seconds: Int64(first.daysSinceEpoch) * 86400), DSTRule())
        else { return }
        let calendar = WindowCalendar(window: probe, zone: .utc)
        let days = last.daysSinceEpoch - first.daysSinceEpoch + 1
        guard calendar.nextSpan(after: start - .nanoseconds(1), horizonDays: days) == nil else { return }
        findings.error(
            .windowNeverOpens, "no start of \"\(window.name)\" is between \(first) and \(last)",
            at: node.location(of: node.hasKey("rrule") ? "rrule" : "schedule"))
    }
}
