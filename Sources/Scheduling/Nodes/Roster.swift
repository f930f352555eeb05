import ModeCore
import Primitives

/// What the nodes of one cluster say of each other: who is a member, connected, and in which mode. The latest list of each
/// configured node, and how many lists say what, kept with every change.
struct Roster: Sendable {
    /// Names by place: the configured nodes in their order, then others as they were heard of.
    private(set) var names: [String]
    private var places: [String: Int] = [:]
    /// Nodes whose lists are read.
    private let read: Int
    /// Those of them that the policies name now: a majority of these says who is a member.
    private let configured: Int
    private var lists: [List?]
    private var listed: [Int]
    private var temporary: [Int]
    private(set) var listCount = 0

    private struct List: Sendable {
        var begun: Moment
        var rows: [Row]
        var members: [ClusterMember]
    }

    private struct Row: Sendable {
        var place: Int
        var isConnected: Bool
        var isTemporary: Bool
        var mode: ObservedMode?
    }

    /// - Parameter left: how many of the names, the last ones, are not in the policies any more.
    init(names: [String], left: Int = 0) {
        self.names = names
        read = names.count
        configured = names.count - left
        lists = Array(repeating: nil, count: names.count)
        listed = Array(repeating: 0, count: names.count)
        temporary = listed
        for (place, name) in names.enumerated() { places[name] = place }
    }

    func place(of name: String) -> Int? { places[name] }

    /// Takes in what a configured node lists; nil: it did not say.
    ///
    /// - Returns: whether anything about membership may have changed.
    mutating func take(_ members: [ClusterMember]?, from column: Int, begun: Moment) -> Bool {
        if let members, let former = lists[column], former.members == members {
            lists[column]?.begun = begun
            return false
        }
        guard members != nil || lists[column] != nil else { return false }
        count(lists[column], by: -1)
        lists[column] = members.map { members in
            var rows: [Row] = []
            var seen: Set<Int> = []
            // A list that repeats a name has one voice all the same.
            for member in members {
                let place = learn(member.name.description)
                guard seen.insert(place).inserted else { continue }
                rows.append(
                    Row(
                        place: place, isConnected: member.isConnected, isTemporary: member.isTemporary,
                        mode: member.mode))
            }
            return List(begun: begun, rows: rows, members: members)
        }
        count(lists[column], by: 1)
        return true
    }

    private mutating func learn(_ name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = names.count
        names.append(name)
        listed.append(0)
        temporary.append(0)
        return names.count - 1
    }

    private mutating func count(_ list: List?, by change: Int) {
        guard let list else { return }
        listCount += change
        for row in list.rows {
            listed[row.place] += change
            if row.isTemporary { temporary[row.place] += change }
        }
    }

    /// The members by the word of a majority of the configured nodes' lists; nil where too few of them say anything.
    var membership: Membership? {
        let fewest = Quorum(total: configured).majority
        guard listCount >= fewest else { return nil }
        // Nodes that left the policies have a voice as long as they are read.
        let needed = max(fewest, Quorum(total: listCount).majority)
        var membership = Membership()
        for place in names.indices where listed[place] >= needed {
            if temporary[place] * 2 > listed[place] {
                membership.temporary.append(names[place])
            } else {
                membership.regular.append(names[place])
            }
        }
        membership.regular.sort()
        membership.temporary.sort()
        return membership
    }

    /// How many of those nodes list the member as connected, by lists that are fresh and began no earlier than `since`.
    func votes(
        for place: Int, of voters: some Sequence<Int>, since: Uptime, at now: Moment, staleAfter: Duration
    ) -> Int {
        voters.reduce(0) { votes, column in
            guard let list = fresh(column, since: since, at: now, staleAfter: staleAfter),
                list.rows.contains(where: { $0.place == place && $0.isConnected })
            else { return votes }
            return votes + 1
        }
    }

    /// What the others' lists say of a member's mode.
    enum Sight: Hashable, Sendable {
        /// No list that counts.
        case unseen
        /// It is not listed as connected by any.
        case absent
        /// Connected, and the lists do not say in which mode.
        case connected
        case mode(ObservedMode)
    }

    /// The strictest that any list says which is fresh and began no earlier than `since`.
    func sight(of place: Int, since: Uptime, at now: Moment, staleAfter: Duration) -> Sight {
        var sight = Sight.unseen
        for column in lists.indices {
            guard let list = fresh(column, since: since, at: now, staleAfter: staleAfter) else { continue }
            guard let row = list.rows.first(where: { $0.place == place }), row.isConnected else {
                if sight == .unseen { sight = .absent }
                continue
            }
            guard let mode = row.mode else {
                if case .mode = sight { continue }
                sight = .connected
                continue
            }
            if case .mode(let former) = sight, !(mode.isStricter(than: former)) { continue }
            sight = .mode(mode)
        }
        return sight
    }

    /// How many fresh lists say that the member is connected and open to new connections.
    func servingVotes(for place: Int, at now: Moment, staleAfter: Duration) -> Int {
        lists.indices.reduce(0) { votes, column in
            guard let list = fresh(column, since: Uptime(nanoseconds: .min), at: now, staleAfter: staleAfter),
                let row = list.rows.first(where: { $0.place == place }), row.isConnected,
                row.mode == nil || row.mode == .known(.normal)
            else { return votes }
            return votes + 1
        }
    }

    /// Members other than itself that a node lists.
    func others(listedBy column: Int) -> Int? {
        lists[column].map { list in list.rows.count { $0.place != column } }
    }

    /// Whether a node's list is about other members than those.
    func contradicts(_ membership: Membership, column: Int) -> Bool {
        guard let list = lists[column] else { return false }
        let said = list.rows.filter { !$0.isTemporary }.map { names[$0.place] }.sorted()
        return said != membership.regular
    }

    private func fresh(_ column: Int, since: Uptime, at now: Moment, staleAfter: Duration) -> List? {
        guard let list = lists[column], list.begun.uptime >= since, now.uptime - list.begun.uptime <= staleAfter else {
            return nil
        }
        return list
    }

    /// The same lists for another set of configured names.
    func moved(to names: [String], left: Int) -> Roster {
        var roster = Roster(names: names, left: left)
        for (column, name) in names.enumerated() {
            guard let former = places[name], former < read, let list = lists[former] else { continue }
            _ = roster.take(list.members, from: column, begun: list.begun)
        }
        return roster
    }
}

extension ObservedMode {
    fileprivate func isStricter(than other: ObservedMode) -> Bool {
        guard let mode = requestable, let former = other.requestable else { return requestable != nil }
        return mode > former
    }
}
