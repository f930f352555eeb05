import ModeCore
import Primitives

/// What the nodes of one cluster say of each other: who is a member, connected, and in which mode.
///
/// Most nodes say the same. A list is kept once for all that say it, with how many they are, so that a list that says what
/// its node said before costs one comparison, and a question is one to each list that differs.
struct Roster: Sendable {
    /// Names by place: the configured nodes in their order, then others as they were heard of.
    private(set) var names: [String]
    private var places: [String: Int] = [:]
    /// Nodes whose lists are read.
    let read: Int
    /// Those of them that the policies name now: a majority of these says who is a member.
    private let configured: Int

    /// Every list that a node says now; those without a voice are free for the next one.
    private(set) var lists: [MemberList] = []
    /// The list that was heard last.
    private var latest = 0
    private var kinds = 0
    /// By column: its list in `lists`, and when its read began; `unsaid` where it did not say.
    private(set) var said: [Int]
    private(set) var begun: [Uptime]
    private(set) var isVoter: [Bool]
    /// When the oldest of the lists began.
    private(set) var oldest = Roster.unsaidBegun

    /// By place: how many lists have it, and how many as a temporary member.
    private var listed: [Int]
    private var temporary: [Int]
    private(set) var listCount = 0
    /// How many rows were compared with others so far.
    private(set) var compared = 0
    /// How many lists name others than their own node.
    private(set) var listsOfOthers = 0
    /// What a majority says of each place; nil: too few say anything.
    private var standings: [Standing]?
    /// What it said last; a place that is not there was never a member's.
    private var last: [Standing] = []
    private var isMembershipNew = false

    private enum Standing { case stranger, regular, temporary }

    /// What a list may have changed.
    enum Change: Hashable, Sendable {
        case nothing
        /// Who is connected, or in which mode.
        case voices
        /// Who is a member, too.
        case members
    }

    static let unsaid = -1
    private static let unsaidBegun = Uptime(nanoseconds: .max)
    /// With so many lists a new one is compared before it is kept for itself.
    private static let comparisonLimit = 8

    /// - Parameter left: how many of the names, the last ones, are not in the policies any more.
    /// - Parameter membership: what the majority said last.
    init(names: [String], left: Int = 0, after membership: Membership = Membership()) {
        self.names = names
        read = names.count
        configured = names.count - left
        said = Array(repeating: Roster.unsaid, count: names.count)
        begun = Array(repeating: Roster.unsaidBegun, count: names.count)
        isVoter = Array(repeating: true, count: names.count)
        listed = Array(repeating: 0, count: names.count)
        temporary = listed
        places.reserveCapacity(names.count)
        for (place, name) in names.enumerated() { places[name] = place }
        let members =
            membership.regular.map { ($0, Standing.regular) }
            + membership.temporary.map { ($0, Standing.temporary) }
        for (name, standing) in members {
            let place = learn(name)
            while last.count <= place { last.append(.stranger) }
            last[place] = standing
        }
    }

    func place(of name: String) -> Int? { places[name] }

    /// It is one of the nodes whose lists are read.
    func isRead(_ name: String) -> Bool { places[name].map { $0 < read } ?? false }

    /// Takes in what a configured node lists; nil: it did not say.
    mutating func take(_ members: [ClusterMember]?, from column: Int, begun: Moment) -> Change {
        let former = said[column]
        guard let members else {
            guard former != Roster.unsaid else { return .nothing }
            return say(Roster.unsaid, column, begun: Roster.unsaidBegun)
        }
        compared += members.count
        if former != Roster.unsaid, lists[former].says(members, by: names) {
            date(column, begun.uptime)
            return .nothing
        }
        return say(list(of: members), column, begun: begun.uptime)
    }

    /// Whose word counts for a majority: temporary nodes have none.
    mutating func setVoter(_ column: Int, _ isVoter: Bool) {
        guard self.isVoter[column] != isVoter else { return }
        self.isVoter[column] = isVoter
        if said[column] != Roster.unsaid { lists[said[column]].votes += isVoter ? 1 : -1 }
        noteStandings()
    }

    /// The place of the list among those that are kept.
    private mutating func list(of members: [ClusterMember]) -> Int {
        for known in candidates {
            compared += members.count
            if lists[known].says(members, by: names) { return known }
        }
        var rows: [MemberList.Row] = []
        rows.reserveCapacity(members.count)
        for member in members { rows.append(MemberList.Row(member, place: learn(member.name.description))) }
        return keep(MemberList(rows))
    }

    /// Lists that a new one may be equal to, the likeliest first.
    private var candidates: [Int] {
        let said = lists.indices.lazy.filter { lists[$0].voices > 0 && $0 != latest }.prefix(Roster.comparisonLimit)
        return (lists.indices.contains(latest) && lists[latest].voices > 0 ? [latest] : []) + said
    }

    private mutating func keep(_ list: MemberList) -> Int {
        var list = list
        compared += list.rows.count
        if let alike = candidates.first(where: { lists[$0].isAboutSameMembers(as: list) }) {
            list.kind = lists[alike].kind
        } else {
            kinds += 1
            list.kind = kinds
        }
        if let free = lists.firstIndex(where: { $0.voices == 0 }) {
            lists[free] = list
            return free
        }
        lists.append(list)
        return lists.count - 1
    }

    private mutating func say(_ list: Int, _ column: Int, begun: Uptime) -> Change {
        let former = said[column]
        let isOther = kind(of: former) != kind(of: list)
        count(former, column, by: -1, members: isOther)
        said[column] = list
        count(list, column, by: 1, members: isOther)
        if list != Roster.unsaid { latest = list }
        date(column, begun)
        guard isOther else { return .voices }
        noteStandings()
        return .members
    }

    private mutating func noteStandings() {
        let found = majorityStandings
        if let found { last = found }
        guard found != standings else { return }
        standings = found
        isMembershipNew = true
    }

    private func kind(of list: Int) -> Int { list == Roster.unsaid ? 0 : lists[list].kind }

    private mutating func date(_ column: Int, _ begun: Uptime) {
        let former = self.begun[column]
        self.begun[column] = begun
        oldest = former == oldest ? self.begun.min() ?? Roster.unsaidBegun : min(oldest, begun)
    }

    private mutating func learn(_ name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = names.count
        names.append(name)
        listed.append(0)
        temporary.append(0)
        return names.count - 1
    }

    private mutating func count(_ list: Int, _ column: Int, by change: Int, members isOther: Bool) {
        guard list != Roster.unsaid else { return }
        lists[list].voices += change
        if isVoter[column] { lists[list].votes += change }
        guard isOther else { return }
        listCount += change
        if lists[list].count > (lists[list].lists(column) ? 1 : 0) { listsOfOthers += change }
        for row in lists[list].members {
            listed[row.place] += change
            if row.isTemporary { temporary[row.place] += change }
        }
    }

    /// Enough nodes say who is in the cluster to know what a majority says.
    var isKnown: Bool { standings != nil }

    private var majorityStandings: [Standing]? {
        // Temporary nodes come and go: how many lists are enough does not hang on them.
        let (fewest, voters) = fewest
        guard listCount >= fewest else { return nil }
        // Nodes that left the policies have a voice as long as they are read.
        let needed = max(fewest, Quorum(total: listCount).majority)
        return names.indices.map { place in
            guard listed[place] >= needed else {
                // One list that differs, while another is away, makes nobody a stranger. Who says nothing himself has no say
                // in that.
                let isSilent = place < configured && isVoter[place] && said[place] == Roster.unsaid
                let enough = max(
                    Quorum(total: voters - (isSilent ? 1 : 0)).majority, Quorum(total: listCount).majority)
                let isMissed = listCount - listed[place] >= enough
                return isMissed || !last.indices.contains(place) ? .stranger : last[place]
            }
            return temporary[place] * 2 > listed[place] ? .temporary : .regular
        }
    }

    /// What the majority says, where that is something else than it was when this was last asked.
    mutating func takeNewMembership() -> Membership? {
        defer { isMembershipNew = false }
        return isMembershipNew ? membership : nil
    }

    /// The members by the word of a majority of the configured nodes' lists; nil where too few of them say anything.
    var membership: Membership? {
        standings.map { standings in
            func named(_ standing: Standing) -> [String] {
                standings.indices.filter { standings[$0] == standing }.map { names[$0] }.sorted()
            }
            return Membership(regular: named(.regular), temporary: named(.temporary))
        }
    }

    /// How many lists it takes before they say anything, of how many nodes.
    var fewest: (lists: Int, nodes: Int) {
        let voters = isVoter.prefix(configured).count { $0 }
        return (Quorum(total: voters).majority, voters)
    }

    /// It does not say who is in its cluster.
    func isSilent(_ column: Int) -> Bool { said[column] == Roster.unsaid }

    /// Every list began then or later.
    func hasBegun(since: Uptime) -> Bool { oldest >= since }

    /// Members other than itself that a node lists.
    func others(listedBy column: Int) -> Int? {
        guard said[column] != Roster.unsaid else { return nil }
        let list = lists[said[column]]
        return list.count - (list.lists(column) ? 1 : 0)
    }

    /// The columns whose lists are about other members than those.
    func columns(contradicting membership: Membership) -> [Int] {
        let places = membership.regular.map { self.places[$0] }
        let isOdd = lists.map { list in
            list.voices > 0
                && (list.regularCount != places.count
                    || !places.allSatisfy { $0.flatMap(list.row).map { !$0.isTemporary } ?? false })
        }
        guard isOdd.contains(true) else { return [] }
        return said.indices.filter { said[$0] != Roster.unsaid && isOdd[said[$0]] }
    }

    /// The same lists for another set of configured names.
    func moved(to names: [String], left: Int, after membership: Membership = Membership()) -> Roster {
        var roster = Roster(names: names, left: left, after: membership)
        let last = roster.last
        var kept: [Int: Int] = [:]
        for (column, name) in names.enumerated() {
            guard let former = places[name], former < read, said[former] != Roster.unsaid else { continue }
            let list = kept[said[former]] ?? roster.keep(renumbered(lists[said[former]], in: &roster))
            kept[said[former]] = list
            _ = roster.say(list, column, begun: begun[former])
        }
        // What the first of them said alone is no majority's word.
        roster.last = last
        roster.noteStandings()
        return roster
    }

    private func renumbered(_ list: MemberList, in roster: inout Roster) -> MemberList {
        MemberList(
            list.rows.map { row in
                var moved = row
                moved.place = roster.learn(names[row.place])
                return moved
            })
    }
}
