/// A recurrence rule of RFC 5545, section 3.3.10, of local times: what `rrule:` in policies and `RRULE` in calendar files
/// can say.
public struct RecurrenceRule: Hashable, Sendable, Codable {
    /// As written, for texts.
    public var text: String
    /// Where counting begins (`DTSTART`): intervals are counted from it, and nothing starts before it.
    public var start: LocalDateTime
    /// Nominal starts that do not happen (`EXDATE`), sorted.
    public var exceptions: [LocalDateTime]
}

/// Why a rule cannot be used.
public struct RecurrenceRuleError: Error, Hashable, Sendable {
    public var message: String
    public var hint: String?
    /// Bytes from the start of the text to the fault.
    public var offset: Int
}

extension RecurrenceRule {
    /// - Parameter start: nil where the policy gives no `startDate`; a rule that depends on it is refused then.
    public init(
        _ text: String, start: LocalDateTime?, exceptions: [LocalDateTime] = []
    ) throws(RecurrenceRuleError) {
        throw RecurrenceRuleError(message: "recurrence rules are not read yet", hint: nil, offset: 0)
    }
}
