/// The calendar files that the caller can read. The parser itself opens nothing.
public struct CalendarFiles: Sendable {
    /// Why a file cannot be had, in words: "there is no such file".
    public struct Unreadable: Error, Hashable, Sendable {
        public var message: String

        public init(_ message: String) {
            self.message = message
        }
    }

    /// The file of that name, relative to the directory of the policy file whose path (as in `PolicySource`) is the
    /// second argument. Answered with at most one byte more than `PolicyLimits.fileBytes`.
    public var read: @Sendable (_ name: String, _ policyFile: String) -> Result<PolicySource, Unreadable>

    public init(read: @escaping @Sendable (String, String) -> Result<PolicySource, Unreadable>) {
        self.read = read
    }

    /// No calendar file can be read.
    public static let none = CalendarFiles { _, _ in .failure(Unreadable("calendar files cannot be read here")) }
}
