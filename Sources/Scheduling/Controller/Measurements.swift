import Primitives

/// One measurement of a gate about a node. It changes nothing, so nobody has to know of it later: one that is lost is made again.
package struct Measurement: Hashable, Sendable {
    /// Counted from 1 in each process.
    package var id: Int
    package var node: NodeID
    /// With the node's facts put in.
    package var probe: HealthGate.Probe
    /// Facts for a program.
    package var environment: [String: String]
    /// It is unknown what has not answered by then.
    package var limit: Duration
}

/// Which gates are being measured.
struct Measurements: Sendable {
    struct Place: Hashable, Sendable {
        /// Not its slot, which another run may have when the answer comes.
        var run: RunID
        /// The part's place in the run.
        var part: Int
        /// Of a step: when that was entered; nil: a gate of the policy, before the part starts.
        var step: Moment?
        /// Which of the policy's gates.
        var gate = 0
    }

    struct Pending: Sendable {
        var place: Place
        var node: NodeID
        var begun: Moment
        /// It is not heard of any more after that.
        var due: Uptime
    }

    private var last = 0
    private var pending: [Int: Pending] = [:]
    private var ids: [Place: Int] = [:]

    /// The measurement that is under way there, and until when it is heard of.
    func underWay(_ place: Place) -> (id: Int, due: Uptime)? {
        ids[place].flatMap { id in pending[id].map { (id, $0.due) } }
    }

    mutating func begin(_ place: Place, of node: NodeID, within limit: Duration, at now: Moment) -> Int {
        last += 1
        pending[last] = Pending(place: place, node: node, begun: now, due: now.uptime + limit)
        ids[place] = last
        return last
    }

    /// The run is over: what is heard of its measurements says nothing.
    mutating func forget(_ run: RunID) {
        pending = pending.filter { $0.value.place.run != run }
        ids = ids.filter { $0.key.run != run }
    }

    mutating func end(_ id: Int) -> Pending? {
        guard let entry = pending.removeValue(forKey: id) else { return nil }
        if ids[entry.place] == id { ids[entry.place] = nil }
        return entry
    }
}
