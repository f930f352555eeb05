import Primitives

/// When one node of a run is where, counted from its start.
struct NodeCourse: Hashable {
    var total = Duration.zero
    /// When the first disruptive step starts: the window's end changes nothing from then on.
    var commitment: Duration?
    /// When it is given back.
    var restore: Duration?
    /// When it begins to wait for the window's end.
    var windowEnd: Duration?

    init(_ sequence: StepSequence, length: (Step) -> Duration) {
        for step in sequence.steps {
            if step.isDisruptive { commitment = commitment ?? total }
            if step == .restore { restore = restore ?? total }
            if step == .wait(.windowEnd) { windowEnd = windowEnd ?? total }
            total += length(step)
        }
    }

    /// Whether the node goes on, whatever `onWindowEnd` says, so long after its start.
    func isBound(after elapsed: Duration) -> Bool {
        if let commitment, commitment <= elapsed { return true }
        if let restore, restore <= elapsed { return true }
        return false
    }
}
