/// Tells somebody, and does not wait for it.
package struct NotifyStep: Hashable, Sendable, Codable {
    /// The name of a Notification.
    package var notification: String
    /// With placeholders; in a record of what was told with what stands for them.
    package var text: String

    package init(notification: String, text: String) {
        self.notification = notification
        self.text = text
    }
}
