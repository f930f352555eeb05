/// One reading of both clocks: `wall` answers calendars, `uptime` measures durations.
public struct Moment: Hashable, Sendable, Codable {
    public var wall: Timestamp
    public var uptime: Uptime

    public init(wall: Timestamp, uptime: Uptime) {
        self.wall = wall
        self.uptime = uptime
    }

    /// Both clocks moved on by the same duration.
    public static func + (a: Moment, b: Duration) -> Moment {
        Moment(wall: a.wall + b, uptime: a.uptime + b)
    }
}
