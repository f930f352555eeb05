import Calendars
import ModeCore
import Scheduling

/// The only place of a policy that reads a recurrence rule.
enum RuleText {
    /// The rule, counted from midnight of the span's `startDate`; faults are reported at the part that they are in.
    static func rule(
        _ written: Located<String>, from startDate: LocalDate?, _ findings: Findings
    ) -> RecurrenceRule? {
        let start = startDate.map { LocalDateTime(seconds: Int64($0.daysSinceEpoch) * 86400) }
        do throws(RecurrenceRuleError) {
            return try RecurrenceRule(written.value, start: start)
        } catch {
            findings.error(
                .invalidRule, error.message, at: written.node.place(ofByte: error.offset, upTo: 0x3B), hint: error.hint)
            return nil
        }
    }
}

extension ValueType where Value == String {
    /// `FREQ=MONTHLY;BYDAY=2SU`: what it means is read together with `startDate`.
    static let ruleText = ValueType(.text(pattern: "FREQ="), written: { $0 }) { node, findings in
        ValueType<String>.text.read(node, findings)
    }
}
