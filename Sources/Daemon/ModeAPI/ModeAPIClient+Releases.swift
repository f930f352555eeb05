import NIOCore
import Primitives
import Scheduling

/// Calls that differ between releases of the media server.
extension ModeAPIClient {
    /// One answer of ListClusterNodes.
    struct NodeList {
        /// Nil where the node does not say.
        var members: [ClusterMember]?
        /// It was asked for with a body that names them.
        var isOfAllKnown: Bool
    }

    private static let allKnown = ByteBuffer(string: #"{"include_all_known_nodes":true}"#)

    /// The list as its release wants to be asked for it; without a body where the node refuses one and may be right to.
    func list(of node: NodeID, _ endpoint: ModeAPIEndpoint) async -> NodeList {
        func ask(_ body: ByteBuffer?) async -> CallAnswer? {
            try? await read(.listClusterNodes, body: body, endpoint, limit: Self.listLimit)
        }
        let now = now().uptime
        var isOfAllKnown = memory(of: node) { $0.asksForAllKnown(at: now) }
        var answer = await ask(isOfAllKnown ? Self.allKnown : nil)
        if isOfAllKnown, answer?.status == 400 {
            guard memory(of: node, { $0.noteRefusal(at: now) }) else {
                return NodeList(members: nil, isOfAllKnown: true)
            }
            isOfAllKnown = false
            answer = await ask(nil)
        } else if isOfAllKnown, answer?.status == 200 {
            memory(of: node) { $0.noteTakenBody() }
        }
        let rows = answer.flatMap { $0.status == 200 ? $0.decoded([MemberAnswer].self) : nil }
        return NodeList(
            members: rows.flatMap { MemberAnswer.members($0, endpoint.addresses) }, isOfAllKnown: isOfAllKnown)
    }

    /// What the node says of its own release: in its report, else in its own row.
    func note(_ report: StatsAnswer?, _ list: NodeList?, of node: NodeID, _ endpoint: ModeAPIEndpoint) {
        let own = list?.members?.first { $0.name.description == endpoint.name }?.version
        memory(of: node) { memory in
            if let report {
                memory.note(version: report.version.flatMap(NodeText.init(exactly:)), relays: report.load.relays)
            } else if let own {
                memory.note(version: own, relays: memory.relays)
            }
        }
    }

    /// What the node can do, by its report: the latest one, or one that is asked for. Nil: it did not say.
    func abilities(of node: NodeID, _ endpoint: ModeAPIEndpoint) async -> (release: Release?, relays: Bool?) {
        if !memory(of: node, { $0.hasReport }) {
            let report = await answer(.getStatsReport, StatsAnswer.self, endpoint, limit: Self.bodyLimit)
            note(report, nil, of: node, endpoint)
        }
        return memory(of: node) { ($0.release, $0.relays) }
    }
}
