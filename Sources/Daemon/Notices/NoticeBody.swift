import Scheduling

/// The body of a webhook out in `format: json`. Fields may come, these stay; instants are RFC 3339 with offset. Nothing in it
/// is a link.
struct NoticeDocument: Codable, Hashable {
    /// The same in each attempt, also after a restart; it is the header `webhook-id` as well.
    var id: String
    /// A word of `on`, or `notify` for a step of that name.
    var occasion: String
    var at: String
    /// Since when it is so.
    var since: String
    /// `info`: for nobody to act on; `warn`: not as it should be, or a word is waited for; `error`: a person has to act.
    var severity: String
    /// A few words.
    var title: String
    var text: String
    /// What to do about it: a command, or a few.
    @Nullable var hint: String?
    /// Null: it is about the daemon as a whole.
    @Nullable var cluster: String?
    @Nullable var policy: String?
    @Nullable var run: String?
    /// `cluster/name`.
    @Nullable var node: String?
    /// The daemon only observes: what is told of runs is what it would do.
    var observing: Bool
}

/// What is sent to say a notice, as text of JSON. Names and texts come from nodes, policies and people: they are cut, steer no
/// terminal, and become neither link nor mention.
enum NoticeBody {
    /// Characters of a title, and of a text.
    static let titleLimit = 200
    static let textLimit = 4_000
    /// Bytes of a section in Slack: it takes 3,000 characters.
    static let sectionLimit = 2_900

    static func text(of notice: Notice, id: String, format: NotificationPolicy.Format, _ zone: DisplayZone) -> String {
        switch format {
        case .json: jsonText(document(of: notice, id: id, zone))
        case .slack: jsonText(message(of: notice))
        }
    }

    static func document(of notice: Notice, id: String, _ zone: DisplayZone) -> NoticeDocument {
        NoticeDocument(
            id: id, occasion: notice.word, at: zone.text(notice.at), since: zone.text(notice.since),
            severity: notice.severity.rawValue, title: title(notice), text: lines(notice.text),
            hint: notice.hint?.plain,
            cluster: notice.cluster?.plain, policy: notice.policy?.plain, run: notice.run?.text.plain,
            node: notice.node.map { "\($0.cluster)/\($0.name)".plain }, observing: notice.isObserving)
    }

    /// Whoever reads it on a telephone must not believe that something is done.
    private static func title(_ notice: Notice) -> String {
        cut((notice.isObserving ? "observe-only: " : "") + notice.title.plain, titleLimit)
    }

    /// Ends of lines stay where somebody wrote several.
    private static func lines(_ text: String) -> String {
        cut(text, textLimit).split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.replacing("\t", with: " ").plain }.joined(separator: "\n")
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > limit else { return text }
        return String(String.UnicodeScalarView(scalars.prefix(limit - 1))) + "…"
    }
}

extension NoticeBody {
    /// `text` is what notifications of a desktop show, and clients that know no blocks.
    fileprivate struct Message: Encodable {
        struct Text: Encodable {
            var type = "mrkdwn"
            var text: String
            /// Slack makes no links and mentions of its own out of what looks like one.
            var verbatim = true
        }

        struct Block: Encodable {
            var type = "section"
            var text: Text
        }

        var text: String
        var blocks: [Block]
    }

    fileprivate static func message(of notice: Notice) -> Message {
        let title = escaped(mark(notice.severity) + title(notice), sectionLimit)
        let words = [lines(notice.text), notice.hint.map { "→ " + $0.plain }].compactMap(\.self)
        let room = sectionLimit - title.utf8.count - 3
        return Message(
            text: title,
            blocks: [.init(text: .init(text: "*\(title)*\n" + escaped(words.joined(separator: "\n"), room)))])
    }

    private static func mark(_ severity: Severity) -> String {
        switch severity {
        case .info: ""
        case .warn: "⚠ "
        case .error: "‼ "
        }
    }

    /// As Slack wants it, in at most so many bytes: what begins a link, a mention or an entity there is plain text.
    static func escaped(_ text: String, _ limit: Int) -> String {
        var escaped = ""
        var bytes = 0
        for character in text {
            let next =
                switch character {
                case "&": "&amp;"
                case "<": "&lt;"
                case ">": "&gt;"
                default: String(character)
                }
            bytes += next.utf8.count
            guard bytes <= limit - 3 else { return escaped + "…" }
            escaped += next
        }
        return escaped
    }
}
