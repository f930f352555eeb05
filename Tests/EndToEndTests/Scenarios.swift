import Testing

// The scenarios wait more than they compute: three rows of them beside each other take as long as the longest.

/// What becomes of the nodes of a cluster: who is a member, who is dead.
@Suite(.serialized) struct ClusterScenarioTests {}

/// What becomes of work when the daemon dies, and when people lend a hand.
@Suite(.serialized) struct DaemonScenarioTests {}

/// What becomes of runs in work when their policies change, and what steps do.
@Suite(.serialized) struct PolicyScenarioTests {}
