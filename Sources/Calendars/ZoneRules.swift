import Primitives

/// The offsets of one time zone as data, so that calendars are computed without asking anybody.
public struct ZoneRules: Hashable, Sendable, Codable {
    public var name: String
    /// Seconds east of UTC before the first transition.
    public var initialOffset: Int
    /// In ascending order of `at`.
    public var transitions: [Transition]

    public struct Transition: Hashable, Sendable, Codable {
        public var at: Timestamp
        /// Seconds east of UTC from then on.
        public var offset: Int

        public init(at: Timestamp, offset: Int) {
            self.at = at
            self.offset = offset
        }
    }

    public init(name: String, initialOffset: Int, transitions: [Transition]) {
        self.name = name
        self.initialOffset = initialOffset
        self.transitions = transitions
    }

    public static let utc = ZoneRules(name: "UTC", initialOffset: 0, transitions: [])
}
