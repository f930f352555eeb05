import ModeCore

/// Who has set what on one node, the latest on top: a stricter mode lies over what others had set before.
struct Ownership: Sendable {
    enum Setter: String, Sendable {
        case nagi, person, fault
        /// Nobody can tell: somebody set the very mode that nagi was about to set, or a write came twice.
        case unclear
    }

    struct Layer: Sendable {
        let id: Int
        let setter: Setter
        var mode: RequestableMode
        /// A read showed it to a process that lived on.
        var isSeen = false

        var isSomebodys: Bool { setter == .person || setter == .fault }
    }

    private(set) var layers: [Layer] = []
    /// Grows with every change of its mode that nagi did not make.
    private(set) var foreignChanges = 0
    /// Lives of the process.
    private(set) var life = 0
    private var lastID = 0

    var top: Layer? { layers.last }
    /// It is blocked, and by nagi alone as far as anybody can tell.
    var isNagis: Bool { layers.last?.setter == .nagi }

    private mutating func push(_ setter: Setter, _ mode: RequestableMode) {
        lastID += 1
        layers.append(Layer(id: lastID, setter: setter, mode: mode))
    }

    mutating func restarted() {
        layers = []
        life += 1
        foreignChanges += 1
    }

    /// Somebody sets it by hand, or the node blocks itself.
    mutating func set(_ mode: RequestableMode, by setter: Setter, from current: RequestableMode) {
        guard mode != current else { return }
        foreignChanges += 1
        if mode > current {
            push(setter, mode)
        } else {
            // Whoever loosens it takes it over; what is left is theirs, or nobody's.
            layers = []
            if mode > .normal { push(.unclear, mode) }
        }
    }

    /// The machine has changed places with another: nobody can tell by asking it.
    mutating func blur() {
        layers = layers.map { Layer(id: $0.id, setter: .unclear, mode: $0.mode, isSeen: $0.isSeen) }
    }

    mutating func noteSeen(_ layer: Int?) {
        guard let place = layers.firstIndex(where: { $0.id == layer }) else { return }
        layers[place].isSeen = true
    }

    /// nagi's write is done.
    ///
    /// - Parameters:
    ///   - foreignChanges: as they were when the read before the write was answered.
    ///   - isRepeat: it comes for the second time, or was meant for another node that had this address before: nobody can
    ///     tell whose it is then.
    /// - Returns: what is wrong with it.
    mutating func write(
        _ target: RequestableMode, from current: RequestableMode, foreignChanges known: Int, isRepeat: Bool
    ) -> String? {
        guard target != current else { return nil }
        if target > current {
            layers.removeAll { $0.setter == .nagi }
            push(isRepeat ? .unclear : .nagi, target)
            return nil
        }
        // What somebody else did between the read and the write nobody can know.
        let wrong = known == foreignChanges && !isRepeat ? objection(toLoosening: target) : nil
        layers.removeAll { $0.mode > target || $0.setter == .nagi }
        if target > (layers.last?.mode ?? .normal) { push(isRepeat ? .unclear : .nagi, target) }
        return wrong
    }

    private func objection(toLoosening target: RequestableMode) -> String? {
        if let top, top.isSomebodys {
            return "\(top.mode.rawValue), set by a \(top.setter.rawValue), is loosened to \(target.rawValue)"
        }
        guard let below = layers.last(where: { $0.isSomebodys && $0.isSeen && $0.mode > target }) else { return nil }
        let owner = "\(below.mode.rawValue), set by a \(below.setter.rawValue)"
        return "it is loosened to \(target.rawValue), below \(owner)"
    }
}
