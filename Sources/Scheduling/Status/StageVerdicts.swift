/// What the queued nodes of a run wait for by the order of its stages: said once per run, shown for each node.
struct StageVerdicts: Hashable, Sendable {
    /// The stage that is at work or comes next.
    var stage: RunStage
    /// For its nodes; nil: only for room.
    var current: Verdict?
    /// For the nodes of all later stages.
    var later: Verdict

    func verdict(for nodeRun: NodeRun) -> Verdict? { nodeRun.stage == stage ? current : later }
}
