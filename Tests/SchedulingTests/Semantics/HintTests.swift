import ModeCore
import Primitives
import Testing

@testable import Scheduling

/// Webhooks bring reads forward, and do nothing else: whatever becomes of them on their way, the same is decided.
struct HintTests {
    enum Way: String, CaseIterable {
        case asSent, lost, doubled, reordered, forged, flooded
    }

    /// What was decided, in order, without the instants.
    struct Decisions: Hashable {
        var sends: [String: [String]]
        var order: [String]
        var commands: [String: Int]
        var phases: [String]
        var run: String?
    }

    /// An upgrade of three nodes whose calls end in their own time. In each second every node says something, or nobody does.
    private static func story(_ way: Way?) -> Decisions {
        let nodes = ["a", "b", "c"]
        var rig = Rig(RigPolicies(nodes, .rollout()))
        for node in nodes { rig.calls(node, whenOpen: 5, lasting: .seconds(40)) }
        var random = RandomStream(seed: 7, label: "hints")
        var late: [String] = []
        for second in 0..<600 {
            rig.advance(.seconds(1))
            for node in nodes {
                switch way {
                case nil: break
                case .asSent: rig.hint(node)
                case .lost: if random.chance(0.3) { rig.hint(node) }
                case .doubled: for _ in 0..<(1 + random.below(3)) { rig.hint(node) }
                case .reordered: late.append(node)
                case .forged: for name in ["nobody", "", "A", node] { rig.hint(name) }
                case .flooded: for _ in 0..<200 { rig.hint(node) }
                }
            }
            // Of some seconds ago, the latest first.
            if second % 5 == 4 {
                for node in late.reversed() { rig.hint(node) }
                late = []
            }
        }
        let begun = nodes.compactMap { node in rig.sends(node).first.map { (at: $0.at, node: node) } }
        return Decisions(
            sends: Dictionary(uniqueKeysWithValues: nodes.map { ($0, rig.sends($0).map(\.mode.rawValue)) }),
            order: begun.sorted { $0.at < $1.at }.map(\.node),
            commands: Dictionary(uniqueKeysWithValues: nodes.map { ($0, rig.commandsBegun($0)) }),
            phases: nodes.map { rig.phase($0) }, run: rig.runs.first?.word)
    }

    @Test(arguments: Way.allCases)
    func `a twin that hears no webhook decides the same`(way: Way) {
        let without = HintTests.story(nil)
        #expect(without.phases == ["done", "done", "done"] && without.order == ["a", "b", "c"])
        #expect(HintTests.story(way) == without)
    }
}
