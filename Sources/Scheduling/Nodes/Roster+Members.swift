import ModeCore
import Primitives

/// What the lists say of one member: whether it is connected, in which mode, and where.
extension Roster {
    /// How many voters list the member as connected, by lists that are fresh and began no earlier than `since`.
    @inline(__always)
    func votes(for place: Int, since: Uptime, at now: Moment, staleAfter: Duration) -> Int {
        let fewest = Roster.fewest(since: since, at: now, staleAfter: staleAfter)
        guard oldest < fewest else {
            var votes = 0
            for index in lists.indices where lists[index].votes > 0 && lists[index].isConnected(place) {
                votes += lists[index].votes
            }
            return votes
        }
        return votes(for: place, since: fewest)
    }

    /// At least so many list each of the nodes that are read as connected: one answer for all of them, where none is away.
    func votesForEach(at now: Moment, staleAfter: Duration) -> Int {
        guard oldest >= Roster.fewest(since: Uptime(nanoseconds: .min), at: now, staleAfter: staleAfter) else {
            return 0
        }
        var votes = 0
        for index in lists.indices where lists[index].connectedBefore >= read { votes += lists[index].votes }
        return votes
    }

    /// Where some lists are too old to count.
    private func votes(for place: Int, since fewest: Uptime) -> Int {
        said.indices.count { column in
            isVoter[column] && isSaid(column, since: fewest) && lists[said[column]].isConnected(place)
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

        fileprivate mutating func add(_ row: MemberList.Row?) {
            guard let row, row.isConnected else {
                if self == .unseen { self = .absent }
                return
            }
            guard let mode = row.mode else {
                if case .mode = self { return }
                self = .connected
                return
            }
            if case .mode(let former) = self, !mode.isStricter(than: former) { return }
            self = .mode(mode)
        }
    }

    /// The strictest that any list says which is fresh and began no earlier than `since`.
    func sight(of place: Int, since: Uptime, at now: Moment, staleAfter: Duration) -> Sight {
        let fewest = Roster.fewest(since: since, at: now, staleAfter: staleAfter)
        var sight = Sight.unseen
        for column in said.indices where isSaid(column, since: fewest) { sight.add(lists[said[column]].row(place)) }
        return sight
    }

    /// Whether any list, however old, has the member in a mode that is neither normal nor `initial`.
    @inline(__always)
    func isRestrained(_ place: Int) -> Bool {
        lists.contains { $0.voices > 0 && $0.row(place)?.isRestrained == true }
    }

    /// How many fresh lists say that the member is connected and open to new connections.
    func servingVotes(for place: Int, at now: Moment, staleAfter: Duration) -> Int {
        let fewest = Roster.fewest(since: Uptime(nanoseconds: .min), at: now, staleAfter: staleAfter)
        guard oldest < fewest else {
            return lists.reduce(0) { $0 + ($1.voices > 0 && $1.row(place)?.isServing == true ? $1.voices : 0) }
        }
        return said.indices.count { isSaid($0, since: fewest) && lists[said[$0]].row(place)?.isServing == true }
    }

    /// Where most of the lists that say anything of it say that the member is; nil: none does, or they do not agree.
    func address(of place: Int) -> MemberAddress? { address(of: place, besides: nil) }

    /// As most of the others' lists have it, which say that it is somewhere.
    func addressByOthers(of place: Int) -> MemberAddress? { address(of: place, besides: place) }

    private func address(of place: Int, besides column: Int?) -> MemberAddress? {
        let own = column.map { said[$0] }
        var voices: [MemberAddress: Int] = [:]
        for (index, list) in lists.enumerated() {
            let count = list.voices - (index == own ? 1 : 0)
            guard count > 0, let row = list.row(place), row.isConnected, let api = row.api else { continue }
            voices[api, default: 0] += count
        }
        let all = voices.values.reduce(0, +)
        return voices.first { $0.value * 2 > all }?.key
    }

    /// Why nobody knows where a member is that some list shows as connected; nil: none does.
    func obscurity(of place: Int) -> String? {
        let rows = lists.lazy.filter { $0.voices > 0 }.compactMap { $0.row(place) }.filter(\.isConnected)
        guard !rows.isEmpty else { return nil }
        return rows.contains { $0.api != nil } ? "the lists do not agree where it is" : "no list says where it is"
    }

    /// Whom most lists show at that address, other than that member.
    func occupant(of key: String, besides place: Int) -> Int? {
        names.indices.first { other in
            guard other != place, case .callable(let api)? = address(of: other) else { return false }
            return api.description.asAddressKey == key
        }
    }

    func isTaken(_ key: String, byOtherThan place: Int) -> Bool { occupant(of: key, besides: place) != nil }

    /// When a list must have begun to count.
    private static func fewest(since: Uptime, at now: Moment, staleAfter: Duration) -> Uptime {
        max(since, now.uptime + (.zero - staleAfter))
    }

    private func isSaid(_ column: Int, since: Uptime) -> Bool {
        said[column] != Roster.unsaid && begun[column] >= since
    }
}

extension ObservedMode {
    fileprivate func isStricter(than other: ObservedMode) -> Bool {
        guard let mode = requestable, let former = other.requestable else { return requestable != nil }
        return mode > former
    }
}
