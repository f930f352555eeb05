import Scheduling

extension ValueType where Value == CronSchedule {
    /// Five-field cron. The only place that reads one.
    static let schedule = ValueType(.text(pattern: "^\\S+( +\\S+){4}$"), written: { $0.text }) { node, findings in
        guard let scalar = findings.scalar(node, "a five-field cron expression") else { return nil }
        findings.error(
            .notYetSupported, "`schedule: \(scalar.text)` is not supported yet", at: node.location,
            hint: "use `weekly` or `at`")
        return nil
    }
}
