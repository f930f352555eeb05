/// The candidate that was probably meant: the same in another case, one that starts or ends with the word, or the one
/// with the fewest typing slips, at most a third of the word. Ties go to the first in sorted order.
package func nearest(to word: String, among candidates: some Swift.Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().unicodeScalars)
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    let limit = max(1, wanted.count / 3)
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let lowered = Array(candidate.lowercased().unicodeScalars)
        var distance = slips(wanted, lowered, limit: limit)
        if distance > limit, wanted.count >= 4, lowered.starts(with: wanted) { distance = limit }
        guard distance <= limit else { continue }
        if let best, (best.distance, best.name) <= (distance, candidate) { continue }
        best = (distance, candidate)
    }
    return best?.name
}

/// The hint for a name that nothing has.
func didYouMean(_ word: String, among candidates: some Swift.Sequence<String>) -> String? {
    nearest(to: word, among: candidates).map { "did you mean \($0)?" }
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other; more than `limit` is
/// as good as infinite.
private func slips(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], limit: Int) -> Int {
    guard abs(a.count - b.count) <= limit else { return limit + 1 }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        row.reserveCapacity(b.count + 1)
        for j in b.indices {
            var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
            row.append(cost)
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}

/// "`a`, `b` or `c`" for messages.
func listed(_ words: [String], conjunction: String = "or") -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}
