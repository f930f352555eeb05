/// A name as somebody writes it who has not seen the whole: a part of it, or pieces with `…` between them, as a narrow
/// terminal shows it.
struct NamePattern: Sendable {
    private let head: Substring
    private let tail: Substring
    /// Between them, in that order.
    private let inner: [Substring]

    /// Nil: it could be any name.
    init?(_ text: String) {
        let pieces = text.split(separator: "…", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last, pieces.contains(where: { !$0.isEmpty }) else {
            return nil
        }
        let isPart = pieces.count == 1
        (head, tail) = isPart ? ("", "") : (first, last)
        inner = isPart ? pieces : pieces.dropFirst().dropLast().filter { !$0.isEmpty }
    }

    func matches(_ name: String) -> Bool {
        guard name.hasPrefix(head) else { return false }
        var rest = name.dropFirst(head.count)
        guard rest.hasSuffix(tail) else { return false }
        rest = rest.dropLast(tail.count)
        for piece in inner {
            guard let place = rest.firstRange(of: piece) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }
}
