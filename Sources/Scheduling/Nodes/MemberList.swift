import ModeCore

/// One list of a cluster's members, and how many of its nodes say just that.
struct MemberList: Sendable {
    struct Row: Sendable {
        /// The member's place in the roster.
        var place: Int
        let isConnected: Bool
        let isTemporary: Bool
        let mode: ObservedMode?
        let epoch: Int?
        let version: NodeText?
        let api: MemberAddress?

        init(_ member: ClusterMember, place: Int) {
            self.place = place
            isConnected = member.isConnected
            isTemporary = member.isTemporary
            mode = member.mode
            epoch = member.epoch
            version = member.version
            api = member.api
        }

        var isServing: Bool { isConnected && (mode == nil || mode == .known(.normal)) }

        /// Connected, in a mode that is neither normal nor `initial`.
        var isRestrained: Bool { isConnected && !isServing && mode != .known(.initial) }
    }

    /// As they were listed.
    let rows: [Row]
    /// By place: the member's first row, for a list that repeats a name has one voice all the same; -1: not listed.
    private let rowOf: [Int32]
    let count: Int
    let regularCount: Int
    /// Every place before it is listed as connected.
    let connectedBefore: Int
    /// Lists of the same members, temporary or not, are of one kind.
    var kind = 0
    /// Nodes that say it.
    var voices = 0
    /// Those of them whose word counts for a majority.
    var votes = 0

    init(_ rows: [Row]) {
        var rowOf = Array(repeating: Int32(-1), count: (rows.map(\.place).max() ?? -1) + 1)
        var (count, regularCount) = (0, 0)
        for (index, row) in rows.enumerated() where rowOf[row.place] < 0 {
            rowOf[row.place] = Int32(index)
            count += 1
            if !row.isTemporary { regularCount += 1 }
        }
        (self.rows, self.rowOf, self.count, self.regularCount) = (rows, rowOf, count, regularCount)
        connectedBefore = rowOf.firstIndex { $0 < 0 || !rows[Int($0)].isConnected } ?? rowOf.count
    }

    func row(_ place: Int) -> Row? {
        guard rowOf.indices.contains(place), rowOf[place] >= 0 else { return nil }
        return rows[Int(rowOf[place])]
    }

    func lists(_ place: Int) -> Bool { rowOf.indices.contains(place) && rowOf[place] >= 0 }

    func isConnected(_ place: Int) -> Bool { lists(place) && rows[Int(rowOf[place])].isConnected }

    /// Each member once.
    var members: some Sequence<Row> { rows.lazy.enumerated().filter { rowOf[$1.place] == $0 }.map(\.element) }

    func says(_ members: [ClusterMember], by names: [String]) -> Bool {
        // Field by field: to copy a row costs more than to compare it.
        rows.count == members.count
            && rows.indices.allSatisfy { index in
                rows[index].isConnected == members[index].isConnected
                    && rows[index].isTemporary == members[index].isTemporary
                    && rows[index].epoch == members[index].epoch && rows[index].mode == members[index].mode
                    && names[rows[index].place] == members[index].name.description
                    && rows[index].version == members[index].version && rows[index].api == members[index].api
            }
    }

    func isAboutSameMembers(as other: MemberList) -> Bool {
        count == other.count && regularCount == other.regularCount
            && members.allSatisfy { row in other.row(row.place).map { $0.isTemporary == row.isTemporary } ?? false }
    }
}
