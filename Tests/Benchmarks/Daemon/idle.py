"""A thousand nodes and a hundred policies whose runs wait: idle.py CROWD NAGI SECONDS [CLUSTER-SIZE]"""

import sys
import time

from stage import Crowd, Daemon, cluster, row, until

crowd_program, nagi, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
size = int(sys.argv[4]) if len(sys.argv) > 4 else 1
NODES, POLICIES = 1_000, 100
PER_CLUSTER = size if size > 1 else 100
ANSWERING = NODES - NODES // PER_CLUSTER


def policies(nodes):
    """A policy for each ten nodes, in clusters of the given size, or in hundreds of nodes that stand alone. The first node
    of each hundred or cluster is not there, which uses the budget up: all runs wait."""
    nodes = [(name, f"http://127.255.0.1:{place + 1}/", ready) if place % PER_CLUSTER == 0 else (name, api, ready)
             for place, (name, api, ready) in enumerate(nodes)]
    texts = {}
    for number in range(0, NODES, PER_CLUSTER):
        name = f"c{number // PER_CLUSTER:03}"
        topology = "clustered" if size > 1 else "standalone"
        texts[f"cluster-{name}.yaml"] = cluster(name, nodes[number:number + PER_CLUSTER], topology=topology)
    share = NODES // POLICIES
    for number in range(POLICIES):
        first = number * share
        names = ", ".join(node for node, _, _ in nodes[first:first + share])
        texts[f"policy-{number:03}.yaml"] = (
            f"apiVersion: nagi/v1\nkind: Rollout\nmetadata: {{name: p{number:03}}}\nspec:\n"
            f"  cluster: c{first // PER_CLUSTER:03}\n  revision: '2'\n  selector: {{nodes: [{names}]}}\n"
            "  sequence: {steps: [drain: {}, block: {}, restore: {}]}\n")
    return texts


crowd = Crowd(crowd_program, NODES, size)
daemon = Daemon(nagi, policies(crowd.nodes))
try:
    kind = "that stand alone" if size == 1 else f"in clusters of {size}"
    started = until(lambda: len(crowd.counts()["observed"]) == ANSWERING, 30)
    observed = sorted(crowd.counts()["observed"])
    if not started:
        sys.exit(f"only {len(observed)} nodes were observed\n" + daemon.tail())
    first, last = ((at - daemon.started) / 1e6 for at in (observed[0], observed[-1]))
    time.sleep(10)
    status = daemon.status()
    active = sum(1 for run in status["runs"] if run["phase"] not in ("finished", "ended"))
    crowd.counts()
    begun, before = time.monotonic(), daemon.processor()
    time.sleep(seconds)
    counts = crowd.counts()
    took = time.monotonic() - begun
    share = (daemon.processor() - before) / took * 100
    resident, most = daemon.memory()
    print(f"{NODES} nodes {kind}, {len(status['policies'])} policies, {active} active runs, observed every 5 s")
    row("  resident", "≤ 64 MiB", f"{resident:.1f} MiB, at most {most:.1f} MiB", resident <= 64)
    row("  processor while nothing happens", "≤ 10 %", f"{share:.1f} % of a core over {took:.0f} s", share <= 10)
    row("  start to the first node observed", "≤ 100 ms", f"{first:.0f} ms", first <= 100)
    row("  start to all nodes observed", "≤ 1 s", f"{last:.0f} ms", last <= 1000)
    reads = counts["calls"].get("GetMode", 0)
    each = ", ".join(f"{count / reads:.2f} {call}" for call, count in sorted(counts["calls"].items()))
    row("  reads of a node", "", f"{reads / took:.0f}/s, each {each}", None)
    row("  connections", "", f"{counts['open']} open, {counts['connections'] / reads:.2f} new for each read", None)
    row("  threads", "", f"{daemon.threads()}", None)
finally:
    daemon.end()
    crowd.end()
