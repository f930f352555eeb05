import Scheduling

/// Here a cluster is what a policy describes, not what a mode server runs.
typealias Cluster = Scheduling.Cluster
