/// The calendar files that the caller can read. The parser itself opens nothing.
package struct CalendarFiles: Sendable {
    /// Why a file cannot be had, in words: "there is no such file".
    package struct Unreadable: Error, Hashable, Sendable {
        package var message: String

        package init(_ message: String) {
            self.message = message
        }
    }

    /// The file of that name, relative to the directory of the policy file whose path (as in `PolicySource`) is the
    /// second argument. Answered with at most one byte more than `PolicyLimits.fileBytes`.
    package var read: @Sendable (_ name: String, _ policyFile: String) -> Result<PolicySource, Unreadable>

    package init(read: @escaping @Sendable (String, String) -> Result<PolicySource, Unreadable>) {
        self.read = read
    }

    /// No calendar file can be read.
    package static let none = CalendarFiles { _, _ in .failure(Unreadable("calendar files cannot be read here")) }
}
